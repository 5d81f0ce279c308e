package import AWS
package import AWSServices
internal import Schedules
internal import Stacks
internal import Support
internal import Watch

/// Takes a task stack down in the order that loses nothing: schedules disabled, tasks stopped, stack deleted, logs deleted.
package struct StackRemoval: Sendable {
    /// What would go, and what stays; its JSON form is stable.
    package struct Plan: Codable, Sendable {
        package let stack: String
        /// `NOT_CREATED` when there is no stack (any more).
        package let status: String
        package let schedules: [String]
        /// Schedules of the older engine, by TARGET_ID.
        package let rules: [String]
        /// ARNs of the tasks that run now; those of services go with their service.
        package let tasks: [String]
        /// The log group that is deleted after the stack; `nil` when it is kept or not there.
        package let logGroup: String?
        /// The log groups of services, deleted likewise; `nil` where there are none.
        package let serviceLogGroups: [String]?
        /// What stays behind.
        package let kept: [String]
        /// The stack that services stand on, deleted last; `nil` where there is none, or it stays.
        package var base: Base?

        package var isNothing: Bool {
            status == "NOT_CREATED" && logGroups.isEmpty && rules.isEmpty && base == nil
        }

        var logGroups: [String] { (logGroup.map { [$0] } ?? []) + (serviceLogGroups ?? []) }

        package var lines: [String] {
            var lines = ["stack \(stack): \(status)"]
            lines += schedules.map { "- schedule \($0) is disabled and deleted" }
            lines += rules.map { "- rule \(stack)-\($0) is disabled and deleted" }
            lines += tasks.map { "- task \($0) is stopped" }
            if status != "NOT_CREATED" { lines.append("- stack \(stack) is deleted") }
            lines += logGroups.map { "- log group \($0) is deleted with all it holds" }
            lines += kept.map { "  \($0) is kept" }
            return lines + (base?.lines ?? [])
        }
    }

    /// What becomes of a base stack; its JSON form is stable.
    package struct Base: Codable, Sendable {
        package let stack: String
        package let status: String
        /// What it made that stays.
        package let kept: [String]

        /// Reads off a stack what it would leave behind.
        ///
        /// - Parameter registry: as images are named, where that is not ECR's own host.
        /// - Throws: `Failure` when its database is protected against deletion: CloudFormation would get stuck on it.
        package init(_ stack: CloudFormation.Stack, registry: String?) throws {
            self.stack = stack.stackName
            status = stack.stackStatus.rawValue
            let hasDatabase = stack.parameter("CreateDatabase") == "true"
            if hasDatabase, stack.parameter("DatabaseDeletionProtection") == "true" {
                throw Failure(
                    .failed, "delete stack \(stack.stackName): its database is protected against deletion",
                    hint:
                        "lift that with 'fgctl cf-update-stack --parameter DatabaseDeletionProtection=false', or delete "
                        + "the services alone: 'fgctl cf-delete-stack --keep-base'")
            }
            var kept = ["Webserver", "Daemon", "Usercode", "Fgctl"].compactMap { part in
                stack.output("\(part)RepositoryUri").map { uri in
                    let name = uri.drop { $0 != "/" }
                    return "repository " + (registry.map { "\($0)\(name)" } ?? uri)
                }
            }
            if let bucket = stack.output("BucketName") { kept.append("bucket \(bucket)") }
            if hasDatabase { kept.append("a last snapshot of the database") }
            self.kept = kept
        }

        var lines: [String] { ["- stack \(stack) is deleted last"] + kept.map { "  \($0) is kept" } }
    }

    /// How long tasks that were asked to stop are waited for: Fargate's longest stop timeout and some.
    private static let stopPatience = Duration.seconds(150)

    private let client: AWSClient
    private let cloudFormation: CloudFormation
    private let schedules: ScheduleService
    private let rules: RuleService
    private let ecs: ECS
    private let show: @Sendable (String) -> Void
    private let sleep: @Sendable (Duration) async throws -> Void

    package init(
        client: AWSClient, show: @escaping @Sendable (String) -> Void,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.client = client
        cloudFormation = CloudFormation(client)
        schedules = ScheduleService(client, pauses: .init(sleep: sleep))
        rules = RuleService(client)
        ecs = ECS(client)
        self.show = show
        self.sleep = sleep
    }

    /// Looks at what is there; changes nothing.
    ///
    /// - Parameters:
    ///   - serviceLogGroups: those of the stack's services.
    ///   - bucket: the project's bucket, which always stays.
    package func plan(
        _ name: String, cluster: String, group: String, logGroup: String, serviceLogGroups: [String] = [],
        keepLogs: Bool, bucket: String?
    ) async throws -> (plan: Plan, stack: CloudFormation.Stack?) {
        let stack = try await cloudFormation.describeStack(name)
        let logs = CloudWatchLogs(client)
        let hasLogs = try await logs.hasLogGroup(logGroup)
        var more: [String] = []
        for group in serviceLogGroups where try await logs.hasLogGroup(group) { more.append(group) }
        var kept = bucket.map { ["bucket \($0)"] } ?? []
        if keepLogs { kept += ((hasLogs ? [logGroup] : []) + more).map { "log group \($0)" } }
        let plan = Plan(
            stack: name, status: stack?.stackStatus.rawValue ?? "NOT_CREATED",
            schedules: stack == nil ? [] : try await schedules.names(group: group),
            rules: try await rules.list(stack: name, family: name).map(\.targetID),
            tasks: stack == nil ? [] : try await runningTasks(cluster), logGroup: hasLogs && !keepLogs ? logGroup : nil,
            serviceLogGroups: keepLogs || more.isEmpty ? nil : more, kept: kept)
        return (plan, stack)
    }

    /// Does what the plan says.
    package func remove(
        _ plan: Plan, stack: CloudFormation.Stack?, cluster: String, group: String, retaining: [String]
    ) async throws {
        for target in plan.rules {
            _ = try await rules.set(.disabled, of: target, group: group, stack: plan.stack)
            show("rule \(plan.stack)-\(target) disabled")
        }
        if let stack {
            for name in try await schedules.disableAll(group: group) { show("schedule \(group)/\(name) disabled") }
            try await stopTasks(cluster, plan.stack)
            try await StackDeleter(client: client, show: show, sleep: sleep).delete(stack, retaining: retaining)
            show("stack \(plan.stack) deleted")
        }
        // Rules belong to no stack.
        for target in plan.rules {
            try await rules.remove(target, stack: plan.stack, family: plan.stack)
            show("rule \(plan.stack)-\(target) deleted")
        }
        for group in plan.logGroups {
            try Task.checkCancellation()
            try await CloudWatchLogs(client).deleteLogGroup(group)
            show("log group \(group) deleted")
        }
        for thing in plan.kept { show("\(thing) is kept") }
    }

    /// Tasks that nobody starts again: a service's tasks go with the service.
    private func runningTasks(_ cluster: String) async throws -> [String] {
        do {
            let arns = try await ecs.listTasks(ECS.ListTasksRequest(cluster: cluster))
            var found: [String] = []
            var rest = arns[...]
            while !rest.isEmpty {
                let tasks = try await ecs.describeTasks(cluster: cluster, tasks: Array(rest.prefix(100))).tasks ?? []
                found += tasks.filter { $0.group?.hasPrefix("service:") != true && $0.lastStatus != "STOPPED" }
                    .map(\.taskArn)
                rest = rest.dropFirst(100)
            }
            return found
        } catch let error as AWSError where error.code == "ClusterNotFoundException" || error.isNotFound {
            return []
        }
    }

    /// Stops what runs now, and looks again: a schedule may have fired just before it was disabled.
    private func stopTasks(_ cluster: String, _ stack: String) async throws {
        let waiter = Waiter<[String]>(
            what: "the tasks of cluster \(cluster) to stop", interval: .every(.seconds(2)), deadline: Self.stopPatience,
            sleep: sleep)
        var asked: Set<String> = []
        _ = try await waiter.wait {
            let running = try await runningTasks(cluster)
            for arn in running where !asked.contains(arn) {
                show("stopping task \(TaskWatch.id(arn))")
                _ = try await ecs.stopTask(cluster: cluster, task: arn, reason: "stack \(stack) is deleted by fgctl")
                asked.insert(arn)
            }
            return running
        } accept: { running in
            running.isEmpty ? .done : .again("\(running.count) still run")
        }
    }
}
