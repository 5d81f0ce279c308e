package import AWSServices
package import FoundationEssentials
internal import Support
package import Watch

/// What is written down about a launch before it is sent, so that a crash never starts a second task.
package struct RunRecord: Codable, Sendable {
    /// How far the launch has come, as far as this record knows.
    package enum State: String, Codable, Sendable {
        /// About to be sent, or sent without an answer that was written down.
        case sent
        /// ECS named the tasks.
        case started
        /// ECS refused it or had no capacity: nothing was started, it may be made anew.
        case notStarted
        /// All its tasks have ended.
        case finished
    }

    /// How a run ended.
    package struct Result: Codable, Sendable {
        package let exitCode: Int32
        package let tasks: [TaskVerdict]
        package init(exitCode: Int32, tasks: [TaskVerdict]) {
            self.exitCode = exitCode
            self.tasks = tasks
        }
    }

    package var version = 1
    package let id: String
    package let stack: String
    package let region: String
    package let account: String
    /// What the user asked for, by flag, without what fgctl resolved from the stack: the same id with other words is refused.
    package var asked: [String: String]
    /// The request, resolved completely; every resend is made from it, token included.
    package var request: ECS.RunTaskRequest
    package var state: State
    /// When it was (about to be) sent first with this token.
    package var sentAt: Date
    package var tasks: [String] = []
    /// Why others of the same launch were not started.
    package var failures: [String] = []
    package var result: Result?

    package init(
        id: String, stack: String, region: String, account: String, asked: [String: String],
        request: ECS.RunTaskRequest, sentAt: Date
    ) {
        self.id = id
        self.stack = stack
        self.region = region
        self.account = account
        self.asked = asked
        self.request = request
        self.sentAt = sentAt
        state = .sent
    }

    /// Ids that are names of files and keys everywhere, and part of `startedBy`.
    ///
    /// - Throws: `Failure` of kind `usage`.
    package static func check(id: String) throws {
        let isPlain = id.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
        guard (1...64).contains(id.utf8.count), isPlain, !id.hasPrefix(".") else {
            throw Failure(
                .usage, "--run-id '\(id)' can't name a run",
                hint: "1 to 64 letters, digits, '-', '_' and '.', not beginning with '.'")
        }
    }

    /// What finds the tasks of a launch in ListTasks: made of its token, so that no two launches share it.
    package static func startedBy(token: String) -> String { "fgctl/" + token }
}

extension RunRecord {
    static let sizeLimit = 1 << 20

    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        encoder.dateEncodingStrategy = .iso8601
        return Array(try encoder.encode(self))
    }

    /// - Parameter place: for messages.
    static func decoded(_ bytes: [UInt8], place: String) throws -> RunRecord {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        let record: RunRecord
        do {
            record = try decoder.decode(RunRecord.self, from: Data(bytes))
        } catch {
            throw Failure(
                .badInput, "\(place): is no record of a run: \(error)",
                hint: "look at it; without it nobody knows whether the run was started")
        }
        guard record.version == 1 else {
            throw Failure(.badInput, "\(place): was written by a newer fgctl (form \(record.version))")
        }
        return record
    }
}
