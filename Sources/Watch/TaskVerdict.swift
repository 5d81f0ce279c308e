package import AWSServices
package import FoundationEssentials

/// What became of a task, judged from its last description; its JSON form is stable.
package struct TaskVerdict: Codable, Sendable {
    /// The class of an ending.
    package enum Outcome: String, Codable, Sendable {
        /// Every essential container ended with 0.
        case succeeded
        /// An essential container ended with another code, or with none.
        case failed
        /// No essential container ever ran.
        case failedToStart
        /// Somebody asked ECS to stop it.
        case stopped
        /// Taken away by AWS: spot capacity was reclaimed, or the platform is being retired.
        case interrupted
    }

    /// One container of the task, in the order of the task definition.
    package struct Container: Codable, Sendable {
        package let name: String
        package let essential: Bool
        package let exitCode: Int?
        package let reason: String?
        package let imageDigest: String?
        /// Where its lines are; `nil` without awslogs.
        package let log: LogLocation?
    }

    /// How long each part took, in seconds; `nil` where ECS does not say.
    package struct Durations: Codable, Sendable, Hashable {
        /// Pulling images.
        package let pull: Double?
        /// From its creation to its start, pulling included.
        package let start: Double?
        /// From its start to the end of its containers.
        package let run: Double?
        /// From there, or from the request to stop, until all was taken down.
        package let stop: Double?
    }

    package let taskArn: String
    package let clusterArn: String?
    package let taskDefinitionArn: String?
    package let outcome: Outcome
    /// The code that stands for the task: the container picked by the caller, else the first essential one, in definition
    /// order, that did not end with 0. `nil` when no such code is known.
    package let exitCode: Int?
    package let containers: [Container]
    package let stopCode: String?
    package let stoppedReason: String?
    /// Why, in one line; `nil` when it succeeded and there is nothing to say.
    package internal(set) var cause: String?
    /// The container that kept essential ones from starting; `nil` in all other cases.
    package internal(set) var failedDependency: FailedDependency?
    package let createdAt: Date?
    package let startedAt: Date?
    package let stoppedAt: Date?
    package let durations: Durations
}

extension TaskVerdict {
    /// Judges a task that has stopped.
    ///
    /// - Parameters:
    ///   - task: with lastStatus STOPPED.
    ///   - definition: what it was started from; gives order and essential containers.
    ///   - picked: the container whose code counts, when the user named one.
    package init(_ task: ECS.Task, definition: ECS.TaskDefinition, picked: String? = nil) {
        let running = task.containers ?? []
        let defined = definition.containerDefinitions ?? []
        let logs = LogLocation.all(of: definition, taskID: TaskWatch.id(task.taskArn))
        containers = defined.compactMap { defined in
            guard let name = defined.name else { return nil }
            let container = running.first { $0.name == name }
            return Container(
                name: name, essential: defined.essential ?? true, exitCode: container?.exitCode,
                reason: container?.reason, imageDigest: container?.imageDigest,
                log: logs.first { $0.container == name })
        }
        let counted = containers.filter { picked == nil ? $0.essential : $0.name == picked }
        let failed = counted.first { $0.exitCode != 0 }
        taskArn = task.taskArn
        clusterArn = task.clusterArn
        taskDefinitionArn = task.taskDefinitionArn ?? definition.taskDefinitionArn
        durations = Durations(task)
        stopCode = task.stopCode
        stoppedReason = task.stoppedReason
        createdAt = task.createdAt
        startedAt = task.startedAt
        stoppedAt = task.stoppedAt
        let all = containers
        // What keeps any essential container from starting takes the task down, so it goes before what the others show then.
        let dependency = containers.lazy.filter { $0.essential && $0.exitCode != 0 }.compactMap {
            FailedDependency(of: $0, in: all, task: task, definition: definition)
        }.first
        let ran = counted.filter { $0.exitCode != nil && (dependency == nil || !FailedDependency.neverRan($0, task)) }
        (outcome, exitCode) = Self.judge(task, counted: counted, ran: ran, failed: failed)
        failedDependency = [.failed, .failedToStart].contains(outcome) ? dependency : nil
        cause =
            failedDependency?.text
            ?? Self.cause(task, outcome: outcome, failed: failed, others: containers, definition: definition)
    }

    private static func judge(
        _ task: ECS.Task, counted: [Container], ran: [Container], failed: Container?
    ) -> (Outcome, Int?) {
        switch task.stopCode {
        case "TaskFailedToStart" where ran.isEmpty: return (.failedToStart, nil)
        case "UserInitiated":
            // A job that was stopped is not done, even when it ended itself with 0 on the signal.
            let code = failed?.exitCode ?? 0
            return (.stopped, code == 0 ? nil : code)
        case "SpotInterruption", "TerminationNotice": return (.interrupted, failed?.exitCode)
        default: break
        }
        guard let failed else { return counted.isEmpty ? (.failed, nil) : (.succeeded, 0) }
        if ran.isEmpty && task.startedAt == nil { return (.failedToStart, nil) }
        // The code of a container that never ran says nothing.
        let code = ran.contains { $0.name == failed.name } ? failed.exitCode : ran.first { $0.exitCode != 0 }?.exitCode
        return (.failed, failed.exitCode == nil ? nil : code)
    }

    private static func cause(
        _ task: ECS.Task, outcome: Outcome, failed: Container?, others: [Container], definition: ECS.TaskDefinition
    ) -> String? {
        let stopped = task.stoppedReason ?? task.stopCode ?? "ECS gives no reason"
        switch outcome {
        case .succeeded:
            guard let odd = others.first(where: { ($0.exitCode ?? 0) != 0 }) else { return nil }
            return "container \(odd.name), not essential, ended with \(odd.exitCode ?? 0)" + note(odd)
        case .failedToStart:
            return "the task never started: \(failed?.reason ?? stopped)"
        case .stopped:
            return "the task was stopped: \(stopped)"
        case .interrupted:
            return "AWS took the task away: \(stopped)"
        case .failed:
            guard let failed else { return stopped }
            guard let code = failed.exitCode else {
                return "container \(failed.name) has no exit code: \(failed.reason ?? stopped)"
            }
            return "container \(failed.name) ended with \(code)" + meaning(code, failed, definition) + note(failed)
        }
    }

    private static func note(_ container: Container) -> String {
        container.reason.map { ": \($0)" } ?? ""
    }

    /// What a code above 128 says: the signal, and for an out-of-memory kill the limit that was too small.
    private static func meaning(_ code: Int, _ container: Container, _ definition: ECS.TaskDefinition) -> String {
        let signals = [130: "SIGINT", 134: "SIGABRT", 137: "SIGKILL", 139: "SIGSEGV", 143: "SIGTERM"]
        guard let signal = signals[code] else { return "" }
        if container.reason?.hasPrefix("OutOfMemory") == true {
            let own = definition.containerDefinitions?.first { $0.name == container.name }?.memory.map(String.init)
            let limit = own ?? definition.memory ?? "?"
            return " (\(signal), out of memory: its limit is \(limit) MiB; give it more with --memory or key MEMORY)"
        }
        return " (\(signal))"
    }
}

extension TaskVerdict.Durations {
    init(_ task: ECS.Task) {
        func seconds(_ from: Date?, _ to: Date?) -> Double? {
            guard let from, let to else { return nil }
            // Milliseconds are what ECS gives; clocks of different parts may disagree by some.
            return max(0, (to.timeIntervalSince(from) * 1000).rounded() / 1000)
        }
        let ended = task.executionStoppedAt ?? task.stoppingAt ?? task.stoppedAt
        pull = seconds(task.pullStartedAt, task.pullStoppedAt)
        start = seconds(task.createdAt, task.startedAt)
        run = seconds(task.startedAt, ended)
        stop = seconds(task.stoppingAt ?? task.executionStoppedAt, task.stoppedAt)
    }
}
