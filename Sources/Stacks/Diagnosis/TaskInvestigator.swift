package import AWS
package import AWSServices
internal import FoundationEssentials
internal import Support
internal import Watch

/// Looks at tasks that failed: reasons, exit codes, last log lines, and the routes of their subnets.
package struct TaskInvestigator: Sendable {
    /// How many tasks are looked at closely, the newest ones.
    private static let mostTasks = 3
    private static let mostLines = 50

    private let ecs: ECS
    private let logs: CloudWatchLogs
    private let ec2: EC2

    package init(client: AWSClient) {
        ecs = ECS(client)
        logs = CloudWatchLogs(client)
        ec2 = EC2(client)
    }

    /// The newest stopped tasks of a service that did not end well.
    ///
    /// - Parameter service: its ARN: `arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/NAME`.
    package func failedTasks(ofService service: String) async throws -> [Diagnosis.FailedTask] {
        let parts = service.split(separator: "/").map(String.init)
        guard parts.count >= 2, let name = parts.last else { return [] }
        var request = ECS.ListTasksRequest(cluster: parts.count > 2 ? parts[parts.count - 2] : "default")
        request.serviceName = name
        return try await failedTasks(request)
    }

    /// The newest stopped tasks of a cluster that did not end well.
    package func failedTasks(cluster: String) async throws -> [Diagnosis.FailedTask] {
        try await failedTasks(ECS.ListTasksRequest(cluster: cluster))
    }

    private func failedTasks(_ request: ECS.ListTasksRequest) async throws -> [Diagnosis.FailedTask] {
        var request = request
        request.desiredStatus = "STOPPED"
        let cluster = request.cluster ?? "default"
        let arns = try await ecs.listTasks(request)
        guard !arns.isEmpty else { return [] }
        let described = try await ecs.describeTasks(cluster: cluster, tasks: Array(arns.prefix(100))).tasks ?? []
        let stopped = described.filter { $0.lastStatus == "STOPPED" && $0.stopCode != "ServiceSchedulerInitiated" }
            .sorted { ($0.stoppedAt ?? .distantPast) > ($1.stoppedAt ?? .distantPast) }
        var found: [Diagnosis.FailedTask] = []
        for task in stopped where found.count < Self.mostTasks {
            guard let name = task.taskDefinitionArn else { continue }
            let definition = try await ecs.describeTaskDefinition(name)
            let verdict = TaskVerdict(task, definition: definition)
            guard verdict.outcome != .succeeded, verdict.outcome != .stopped else { continue }
            found.append(
                Diagnosis.FailedTask(
                    verdict: verdict, taskDefinition: name, logs: await lastLines(verdict, definition),
                    subnets: task.subnets))
        }
        return found
    }

    /// The last lines of the containers that did not end with 0; a stream that can't be read has none.
    private func lastLines(_ verdict: TaskVerdict, _ definition: ECS.TaskDefinition) async -> [Diagnosis.Log] {
        let bad = Set(verdict.containers.filter { $0.exitCode != 0 }.map(\.name))
        let id = TaskWatch.id(verdict.taskArn)
        var found: [Diagnosis.Log] = []
        for place in LogLocation.all(of: definition, taskID: id) where bad.contains(place.container) {
            var request = CloudWatchLogs.GetLogEventsRequest(logGroupName: place.group, logStreamName: place.stream)
            request.limit = Self.mostLines
            request.startFromHead = false
            // A container that never started has no stream.
            guard let page = try? await logs.getLogEvents(request) else { continue }
            found.append(
                Diagnosis.Log(
                    container: place.container, group: place.group, stream: place.stream,
                    lines: (page.events ?? []).map { $0.message ?? "" }))
        }
        return found
    }

    // MARK: Routes

    func subnets(of tasks: [Diagnosis.FailedTask]) -> [String] {
        tasks.flatMap(\.subnets).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// One line for each subnet: where its traffic to the internet goes.
    func routes(of subnets: [String]) async -> [String] {
        var lines: [String] = []
        for subnet in subnets {
            do {
                var tables = try await ec2.describeRouteTables([.init("association.subnet-id", subnet)])
                if tables.isEmpty, let vpc = try await ec2.describeSubnets([subnet]).first?.vpcId {
                    // A subnet without a table of its own has the VPC's main one.
                    tables = try await ec2.describeRouteTables([
                        .init("vpc-id", vpc), .init("association.main", "true"),
                    ])
                }
                lines.append(RouteText.line(subnet, tables.first))
            } catch {
                lines.append("the routes of \(subnet) could not be looked at: \(error)")
            }
        }
        return lines
    }
}

/// What a route table means for a task; pure.
package enum RouteText {
    package static func line(_ subnet: String, _ table: EC2.RouteTable?) -> String {
        guard let table else { return "\(subnet) has no route table" }
        let name = table.routeTableId ?? "its route table"
        guard let route = (table.routeSet ?? []).first(where: { $0.destinationCidrBlock == "0.0.0.0/0" }) else {
            return "\(subnet) has no route out: \(name) holds none for 0.0.0.0/0, so only VPC endpoints can be reached"
        }
        if route.state == "blackhole" { return "\(subnet): the route out in \(name) leads to something that is gone" }
        if let gateway = route.gatewayId, gateway.hasPrefix("igw-") {
            return "\(subnet) routes out by internet gateway \(gateway), which serves only tasks with a public address"
        }
        let target = route.natGatewayId ?? route.transitGatewayId ?? route.gatewayId ?? "another device"
        return "\(subnet) routes out by \(target); check its state and the security group's egress"
    }
}

extension ECS.Task {
    /// The subnets of its network interfaces.
    var subnets: [String] {
        (attachments ?? []).flatMap { $0.details ?? [] }.filter { $0.name == "subnetId" }.compactMap(\.value)
    }
}
