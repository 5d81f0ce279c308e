package import FoundationEssentials
package import Support

/// What a command with `--run-id` does, by what is written down about the run.
package enum RunDecision: Sendable {
    /// Nothing was started under this id: resolve, write down, send.
    case launch
    /// Sent without a known answer, and ECS still knows the token: sending it again starts nothing twice.
    case resend
    /// Sent without a known answer, too long ago for the token: look for its tasks.
    case search
    /// Its tasks are known.
    case attach
    /// It ended; the recorded verdict stands.
    case finished(RunRecord.Result)
    case refuse(Failure)
}

extension RunDecision {
    /// How long after sending a resend is surely recognised. A token holds for the lower of 24 h and the tasks' lifetime plus
    /// one hour; a task may have ended at once, and clocks differ.
    ///
    /// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html
    package static let tokenWindow: TimeInterval = 50 * 60

    /// - Parameters:
    ///   - record: `nil` when there is none.
    ///   - asked: what the user asks for now.
    package static func decide(_ record: RunRecord?, asked: [String: String], now: Date) -> RunDecision {
        guard let record else { return .launch }
        // Nothing came of it: it may be asked for in other words.
        if record.state == .notStarted { return .launch }
        let others = Set(asked.keys).union(record.asked.keys).filter { asked[$0] != record.asked[$0] }.sorted()
        guard others.isEmpty else {
            return .refuse(
                Failure(
                    .usage,
                    "--run-id \(record.id): this run was launched with other values of \(others.joined(separator: ", "))",
                    hint: "one id is one launch: repeat it as it was, or take another id"))
        }
        switch record.state {
        case .finished:
            if let result = record.result { return .finished(result) }
            return record.tasks.isEmpty ? .search : .attach
        case .started: return .attach
        case .notStarted: return .launch
        case .sent:
            let age = now.timeIntervalSince(record.sentAt)
            return age >= -tokenWindow && age < tokenWindow ? .resend : .search
        }
    }

    /// A launch of which nothing is known; the user decides.
    package static func unknown(_ record: RunRecord, place: String) -> Failure {
        Failure(
            .failed,
            "--run-id \(record.id): sent at \(record.sentAt.formatted(.iso8601)), never answered, and too long ago to ask "
                + "ECS again: whether a task ran is unknown (\(place))",
            hint: "say '--adopt ARN' when you know its task, or '--relaunch' when it did not run or may run twice")
    }
}
