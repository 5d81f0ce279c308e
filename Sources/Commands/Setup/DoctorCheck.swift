internal import AWS
internal import AWSServices
internal import Support

/// One thing that `doctor` looks at. A new check is a new member of `all`.
struct DoctorCheck: Sendable {
    let name: String
    /// Whether it asks anybody: left out under `--offline`.
    let isOnline: Bool
    /// Gives what was found, in one line; throws what is wrong.
    let run: @Sendable (Session) async throws -> String

    /// What a check found.
    struct Result: Encodable, Sendable {
        enum Status: String, Encodable, Sendable {
            case ok, failed
            /// Not to be known without asking.
            case unknown
        }
        let check: String
        let status: Status
        let detail: String
        /// What to do about it.
        let advice: String?
        /// The exit code that the failure stands for; 0 when there is none.
        let exitCode: Int32

        enum CodingKeys: CodingKey { case check, status, detail, advice }
    }

    /// All checks, in the order in which one is the ground of the next.
    static let all = [
        DoctorCheck(name: "identity", isOnline: true) { session in
            let caller = try await STS(session.client).getCallerIdentity()
            return "\(caller.arn), account \(caller.account)"
        }
    ]

    func result(_ session: Session) async throws -> Result {
        do {
            return .ok(name, try await run(session))
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return .failed(name, error)
        }
    }
}

extension DoctorCheck.Result {
    static func ok(_ check: String, _ detail: String) -> Self {
        .init(check: check, status: .ok, detail: detail, advice: nil, exitCode: ExitStatus.done)
    }

    static func unknown(_ check: String, _ detail: String) -> Self {
        .init(check: check, status: .unknown, detail: detail, advice: nil, exitCode: ExitStatus.done)
    }

    static func failed(_ check: String, _ error: any Error) -> Self {
        let failure = error as? Failure
        return .init(
            check: check, status: .failed,
            detail: failure?.message ?? "\(error)".split(separator: "\n").joined(separator: "; "),
            advice: failure?.hint, exitCode: ExitStatus.code(for: error, signal: nil, passesCodeThrough: false))
    }
}
