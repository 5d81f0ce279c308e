internal import AWS

/// The tasks of a cluster.
extension ECS {
    private static let listTasks = Operation<ListTasksRequest, ListTasksResponse>("ListTasks", of: service, .reads)

    /// The ARNs of all tasks that fit, all pages.
    package func listTasks(_ request: ListTasksRequest) async throws -> [String] {
        var arns: [String] = []
        let pages = client.pages(
            Self.listTasks, request, on: request.cluster, output: { $0.nextToken }, input: { $0.nextToken = $1 })
        for try await page in pages { arns += page.taskArns ?? [] }
        return arns
    }

    package struct ListTasksRequest: Codable, Sendable {
        package var cluster: String?
        package var family: String?
        /// Admits no other filter than `desiredStatus`.
        package var startedBy: String?
        package var serviceName: String?
        /// RUNNING (the default: tasks that run, or are to run) or STOPPED.
        package var desiredStatus: String?
        package var nextToken: String?
        package init(cluster: String) { self.cluster = cluster }
    }

    package struct ListTasksResponse: Codable, Sendable {
        package let taskArns: [String]?
        package let nextToken: String?
    }
}
