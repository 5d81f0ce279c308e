package import AWS
package import AWSServices
internal import FoundationEssentials
internal import Support
package import Watch

/// Finds tasks that somebody else started.
package struct TaskFinder: Sendable {
    /// Tasks that one cluster holds, and what they were started from.
    package struct Found: Sendable {
        package let cluster: String
        package let subjects: [TaskWatch.Subject]
    }

    private let ecs: ECS
    private let patience: Duration
    private let onWait: @Sendable (String) -> Void
    private let sleep: @Sendable (Duration) async throws -> Void

    /// - Parameters:
    ///   - patience: how long a task that was just started may be unknown.
    ///   - onWait: told once, when a task is still unknown at the second look.
    package init(
        _ client: AWSClient, patience: Duration = .seconds(60),
        onWait: @escaping @Sendable (String) -> Void = { _ in },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        ecs = ECS(client)
        self.patience = patience
        self.onWait = onWait
        self.sleep = sleep
    }

    /// The cluster that all the tasks are in, and the tasks as ECS takes them.
    ///
    /// - Parameters:
    ///   - words: ARNs or ids.
    ///   - fallback: the cluster of those that don't name one.
    /// - Throws: `Failure` of kind `usage` for words that name no task, and for tasks of several clusters.
    package static func cluster(of words: [String], fallback: () throws -> String) throws -> String {
        var clusters: [String] = []
        for word in words {
            if word.hasPrefix("arn:") {
                guard let task = ARN(word)?.ecsTask else {
                    throw Failure(.usage, "'\(word)' is no ARN of a task", hint: "arn:aws:ecs:…:task/CLUSTER/ID")
                }
                clusters.append(try task.cluster ?? fallback())
            } else {
                guard isID(word) else {
                    // What is no beginning of an id either may be meant for ENV.
                    let isBeginning = word.count >= 8 && word.allSatisfy { $0.isHexDigit || $0 == "-" }
                    throw Failure(
                        .usage, "'\(word)' names no task",
                        hint: "give its ARN or its whole id (32 hexadecimal digits); 'fgctl ecs-list-tasks' lists them"
                            + (isBeginning ? "" : "; for another ENV say -e \(ShellWords.join([word]))"))
                }
                clusters.append(try fallback())
            }
        }
        guard let first = clusters.first else { throw Failure(.usage, "no task is named") }
        guard clusters.allSatisfy({ $0 == first }) else {
            throw Failure(
                .usage, "the tasks are in several clusters: \(Set(clusters).sorted().joined(separator: ", "))",
                hint: "give those of one cluster at a time")
        }
        return first
    }

    /// 32 hexadecimal digits; older ids, and those of emulators of AWS, have dashes between.
    private static func isID(_ word: String) -> Bool {
        let digits = word.filter { $0 != "-" }
        return digits.count == 32 && digits.allSatisfy { $0.isASCII && $0.isHexDigit } && [32, 36].contains(word.count)
    }

    /// The tasks with their definitions, in the order of the words.
    ///
    /// - Throws: `Failure` of kind `failed` when ECS does not know one of them.
    package func find(_ words: [String], cluster: String) async throws -> Found {
        let tasks = try await tasks(words, cluster: cluster)
        var definitions: [String: ECS.TaskDefinition] = [:]
        var subjects: [TaskWatch.Subject] = []
        for task in tasks {
            guard let name = task.taskDefinitionArn else {
                throw Failure(.failed, "task \(TaskWatch.id(task.taskArn)): ECS names no task definition for it")
            }
            if definitions[name] == nil { definitions[name] = try await ecs.describeTaskDefinition(name) }
            if let definition = definitions[name] { subjects.append(.init(arn: task.taskArn, definition: definition)) }
        }
        return Found(cluster: cluster, subjects: subjects)
    }

    /// The tasks, in the order of the words. One that was just started becomes visible with a delay; one that is unknown
    /// because it stopped long ago costs that delay.
    package func tasks(_ words: [String], cluster: String) async throws -> [ECS.Task] {
        let waiter = Waiter<(found: [ECS.Task], missing: [String])>(
            what: "the task", interval: PollInterval(first: .seconds(1), longest: .seconds(5), factor: 2),
            deadline: patience, sleep: sleep)
        var looks = 0
        do {
            return try await waiter.wait {
                let answer = try await ecs.describeTasks(cluster: cluster, tasks: words)
                let byID = Dictionary(
                    (answer.tasks ?? []).map { (TaskWatch.id($0.taskArn), $0) }, uniquingKeysWith: { $1 })
                return (
                    words.compactMap { byID[TaskWatch.id($0)] }, words.filter { byID[TaskWatch.id($0)] == nil }
                )
            } accept: { look in
                if look.missing.isEmpty { return .done }
                let names = look.missing.map(TaskWatch.id).joined(separator: ", ")
                looks += 1
                if looks == 2 {
                    onWait(
                        "waiting for ECS to know task \(names) in cluster \(cluster) (up to \(DurationText.format(patience)))"
                    )
                }
                return .again(names)
            }.found
        } catch let failure as Failure where failure.kind == .timedOut {
            throw Failure(
                .failed,
                "task \(words.map(TaskWatch.id).joined(separator: ", ")): cluster \(cluster) does not know "
                    + (words.count == 1 ? "it" : "all of them"),
                hint:
                    "ECS forgets stopped tasks after about an hour; 'fgctl ecs-logs --task ID' may still show its lines",
                cause: failure)
        }
    }

    /// The tasks of a family, running and stopped (ECS keeps those for about an hour), the newest first.
    package func list(family: String, cluster: String) async throws -> [ECS.Task] {
        var request = ECS.ListTasksRequest(cluster: cluster)
        request.family = family
        var arns = try await ecs.listTasks(request)
        request.desiredStatus = "STOPPED"
        for arn in try await ecs.listTasks(request) where !arns.contains(arn) { arns.append(arn) }
        var tasks: [ECS.Task] = []
        // DescribeTasks takes a hundred at a time.
        for start in stride(from: 0, to: arns.count, by: 100) {
            let part = Array(arns[start..<min(start + 100, arns.count)])
            tasks += try await ecs.describeTasks(cluster: cluster, tasks: part).tasks ?? []
        }
        return tasks.sorted { ($0.createdAt ?? .distantPast) > ($1.createdAt ?? .distantPast) }
    }
}
