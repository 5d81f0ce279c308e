internal import AWSServices

extension TaskVerdict {
    /// A container that others wait for and that failed them, so that they never started; its JSON form is stable.
    ///
    /// ECS shows it at the wrong place: a container that waited has exit code 143 and "CannotStartContainerError:
    /// dependency graph", though it never ran.
    /// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html
    package struct FailedDependency: Codable, Sendable, Hashable {
        package let container: String
        /// The container that waited for it.
        package let dependent: String
        /// What that waited for: `START`, `COMPLETE`, `SUCCESS` or `HEALTHY`.
        package let condition: String
        package let exitCode: Int?
        package let reason: String?
        /// Whether it was given up after its `startTimeout`.
        package let timedOut: Bool
        /// What it wrote last, at most 20 lines; empty where its log was not read.
        package internal(set) var lastLines: [String] = []
    }
}

extension TaskVerdict.FailedDependency {
    static let mostLines = 20

    /// The container at the root of it that a container did not start; `nil` when that did start, or failed by itself.
    ///
    /// - Parameter dependent: an essential container that did not end with 0.
    init?(
        of dependent: TaskVerdict.Container, in containers: [TaskVerdict.Container], task: ECS.Task,
        definition: ECS.TaskDefinition
    ) {
        var waiting = dependent
        var found: Self?
        var visited: Set<String> = []
        while Self.neverRan(waiting, task), visited.insert(waiting.name).inserted {
            let defined = definition.containerDefinitions?.first { $0.name == waiting.name }
            let failed = (defined?.dependsOn ?? []).lazy.compactMap { dependency in
                containers.first { $0.name == dependency.containerName }.map { (dependency.condition ?? "START", $0) }
            }.first { Self.failed($1, condition: $0, of: waiting, task) }
            guard let (condition, other) = failed else { break }
            found = Self(
                container: other.name, dependent: waiting.name, condition: condition, exitCode: other.exitCode,
                reason: other.reason, timedOut: waiting.reason?.contains("has timed out") == true)
            waiting = other
        }
        guard let found else { return nil }
        self = found
    }

    /// Whether a container never got to run because of what it waited for.
    static func neverRan(_ container: TaskVerdict.Container, _ task: ECS.Task) -> Bool {
        if container.reason?.contains("dependency graph") == true { return true }
        return task.startedAt == nil && container.exitCode == nil && container.reason == nil
    }

    private static func failed(
        _ container: TaskVerdict.Container, condition: String, of dependent: TaskVerdict.Container, _ task: ECS.Task
    ) -> Bool {
        // ECS names the dependency: [NAME(IMAGE) (STATE) …] for target […].
        let isNamed = dependent.reason?.contains("dependency [\(container.name)(") == true
        switch condition {
        case "SUCCESS": return container.exitCode != 0 || isNamed
        case "COMPLETE": return container.exitCode == nil || isNamed
        case "HEALTHY": return isNamed || container.exitCode != nil || container.reason != nil
        default: return isNamed || neverRan(container, task) || container.exitCode == nil && container.reason != nil
        }
    }

    /// In one line: what became of it, and its last words.
    var text: String {
        let waits = "container \(container), which \(dependent) waits for (\(condition)),"
        // Programs say more about a message in lines that they indent, and Python what led to it.
        let words = lastLines.last { $0.first?.isWhitespace == false } ?? lastLines.last
        let last = words.map { ": \($0)" } ?? ""
        if timedOut { return "\(waits) was not done within its start timeout\(last)" }
        if let exitCode, condition != "HEALTHY" || exitCode != 0 {
            return "\(waits) ended with \(exitCode)" + (last.isEmpty ? reason.map { ": \($0)" } ?? "" : last)
        }
        if condition == "HEALTHY", reason == nil { return "\(waits) did not become healthy\(last)" }
        return "\(waits) never started: \(reason ?? "ECS gives no reason")"
    }
}

extension TaskVerdict {
    /// Adds what the container wrote last that kept the others from starting; its last message becomes part of the cause.
    package mutating func quote(_ lines: [String], of container: String) {
        guard failedDependency?.container == container else { return }
        let written = lines.filter { $0.contains { !$0.isWhitespace } }
        failedDependency?.lastLines = Array(written.suffix(FailedDependency.mostLines))
        if [.failed, .failedToStart].contains(outcome) { cause = failedDependency?.text }
    }
}
