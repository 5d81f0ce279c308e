package import FoundationEssentials
package import Watch

/// What is known of why a stack, or the tasks in it, failed; its JSON form is stable.
package struct Diagnosis: Codable, Sendable {
    /// A resource that failed by itself.
    package struct Cause: Codable, Sendable, Hashable {
        /// The logical ids from the outermost stack down to the resource.
        package let path: [String]
        package let type: String?
        package internal(set) var physicalID: String?
        package let status: String
        package let reason: String
        package let at: Date

        /// `Nested/Service (AWS::ECS::Service): reason`
        package var text: String { "\(path.joined(separator: "/"))\(type.map { " (\($0))" } ?? ""): \(reason)" }
    }

    package let stack: String
    package let status: String
    /// The first failure in time that is nobody's echo.
    package var cause: Cause?
    /// The further ones, in time, at most five.
    package var others: [Cause] = []
    package var tasks: [FailedTask] = []
    /// What is missing or refused, read out of all these texts.
    package var findings: [Finding] = []
    /// What could not be looked at, and what the reader should know of that.
    package var notes: [String] = []
    /// Logical ids of resources that stand in the way of an operation.
    package var stuck: [String] = []

    package init(stack: String, status: String) {
        self.stack = stack
        self.status = status
    }

    /// The cause in one line, with the first task's own reason where the resource is a service.
    package var causeText: String? {
        guard let cause else { return tasks.first?.verdict.cause }
        guard let own = tasks.first?.verdict.cause, !cause.reason.contains(own) else { return cause.text }
        return "\(cause.text); \(own)"
    }

    /// Whether something is wrong: with the stack, or with tasks in it.
    package var foundFailure: Bool { cause != nil || !tasks.isEmpty || !findings.isEmpty || !stuck.isEmpty }

    /// What to do next.
    package var hint: String? { findings.first?.advice ?? notes.first }

    /// Everything but the cause, for people.
    ///
    /// - Parameter told: ARNs of tasks that were told already, with what they lack.
    package func detailLines(knowing told: Set<String> = []) -> [String] {
        var lines = others.map { "  also failed: \($0.text)" }
        let news = tasks.filter { !told.contains($0.verdict.taskArn) }
        lines += news.flatMap(\.lines)
        if tasks.isEmpty || !news.isEmpty { lines += findings.flatMap(\.lines).map { "  \($0)" } }
        lines += notes.map { "  note: \($0)" }
        return lines
    }

    /// The whole report for people.
    package var lines: [String] {
        var lines = ["\(stack)  \(status)"]
        if let causeText { lines.append("  cause: \(causeText)") }
        lines += detailLines()
        if causeText == nil, findings.isEmpty, tasks.isEmpty { lines.append("  nothing failed that is still known") }
        if let advice = findings.first?.advice { lines.append("  next: \(advice)") }
        return lines
    }
}
