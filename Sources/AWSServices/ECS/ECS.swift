package import AWS

/// Amazon Elastic Container Service: tasks and their definitions.
package struct ECS: Sendable {
    package static let service = AWS.Service(
        .ecs, apiVersion: "2014-11-13",
        wire: .json(version: "1.1", targetPrefix: "AmazonEC2ContainerServiceV20141113"))

    let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    /// Starts up to ten tasks. The answer can carry `failures` with HTTP 200.
    package func runTask(_ request: RunTaskRequest) async throws -> RunTaskResponse {
        try await client.send(Self.runTask, request, on: request.taskDefinition)
    }

    /// Tasks by ARN, at most 100 a call; those unknown come back as failures with reason MISSING.
    package func describeTasks(cluster: String, tasks: [String]) async throws -> DescribeTasksResponse {
        try await client.send(Self.describeTasks, DescribeTasksRequest(cluster: cluster, tasks: tasks), on: cluster)
    }

    /// Asks ECS to stop a task: SIGTERM, then SIGKILL after the stop timeout.
    package func stopTask(cluster: String, task: String, reason: String) async throws -> Task? {
        try await client.send(Self.stopTask, StopTaskRequest(cluster: cluster, task: task, reason: reason), on: task)
            .task
    }

    /// A task definition by family (its latest active revision), `family:revision` or ARN.
    package func describeTaskDefinition(_ name: String) async throws -> TaskDefinition {
        try await client.send(
            Self.describeTaskDefinition, DescribeTaskDefinitionRequest(taskDefinition: name), on: name
        ).taskDefinition
    }
}

extension ECS {
    private static let runTask = Operation<RunTaskRequest, RunTaskResponse>(
        "RunTask", of: service, .mutates, idempotent: .byToken("clientToken"))
    private static let describeTasks = Operation<DescribeTasksRequest, DescribeTasksResponse>(
        "DescribeTasks", of: service, .reads)
    private static let stopTask = Operation<StopTaskRequest, StopTaskResponse>(
        "StopTask", of: service, .mutates, idempotent: .byNature)
    private static let describeTaskDefinition = Operation<
        DescribeTaskDefinitionRequest, DescribeTaskDefinitionResponse
    >("DescribeTaskDefinition", of: service, .reads)
}
