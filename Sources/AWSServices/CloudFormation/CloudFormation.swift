package import AWS

/// AWS CloudFormation: stacks, change sets, events.
package struct CloudFormation: Sendable {
    package static let service = Service(
        .cloudFormation, apiVersion: "2010-05-15", wire: .query,
        memberNames: .pascalCase())

    let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    /// The stack of that name or id; `nil` when there is none.
    ///
    /// CloudFormation answers ValidationError "Stack with id … does not exist" where other services say not found.
    package func describeStack(_ name: String) async throws -> Stack? {
        do {
            let request = DescribeStacksRequest(stackName: name)
            return try await client.send(Self.describeStacks, request, on: name).stacks.first
        } catch let error as AWSError where error.code == "ValidationError" && error.message.contains("does not exist")
        {
            return nil
        }
    }

    /// One page of a stack's events, newest first.
    package func describeStackEvents(_ request: DescribeStackEventsRequest) async throws -> DescribeStackEventsResponse
    {
        try await client.send(Self.describeStackEvents, request, on: request.stackName)
    }

    /// What pre-deployment checks and others found wrong in a stack's operation or change set, in time; the first page.
    ///
    /// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeEvents.html
    package func describeFailedEvents(stack: String, changeSet: String? = nil) async throws -> [OperationEvent] {
        let request = DescribeEventsRequest(
            stackName: changeSet == nil ? stack : nil, changeSetName: changeSet, filters: .init(failedEvents: true))
        return try await client.send(Self.describeEvents, request, on: stack).operationEvents ?? []
    }

    /// All resources of a stack, page by page.
    package func listStackResources(_ name: String) async throws -> [StackResourceSummary] {
        var found: [StackResourceSummary] = []
        let pages = client.pages(
            Self.listStackResources, ListStackResourcesRequest(stackName: name), on: name,
            output: { $0.nextToken }, input: { $0.nextToken = $1 })
        for try await page in pages { found += page.stackResourceSummaries }
        return found
    }

    package func createChangeSet(_ request: CreateChangeSetRequest) async throws -> CreateChangeSetResponse {
        try await client.send(Self.createChangeSet, request, on: request.stackName)
    }

    package func describeChangeSet(_ request: DescribeChangeSetRequest) async throws -> DescribeChangeSetResponse {
        try await client.send(Self.describeChangeSet, request, on: request.stackName ?? request.changeSetName)
    }

    package func executeChangeSet(_ request: ExecuteChangeSetRequest) async throws {
        _ = try await client.send(Self.executeChangeSet, request, on: request.stackName ?? request.changeSetName)
    }

    package func deleteChangeSet(_ request: DeleteChangeSetRequest) async throws {
        _ = try await client.send(Self.deleteChangeSet, request, on: request.stackName ?? request.changeSetName)
    }

    package func deleteStack(_ request: DeleteStackRequest) async throws {
        _ = try await client.send(Self.deleteStack, request, on: request.stackName)
    }

    /// The template that a stack was last created or updated with, as it was submitted.
    package func getTemplate(_ name: String) async throws -> String {
        let request = GetTemplateRequest(stackName: name, templateStage: "Original")
        return try await client.send(Self.getTemplate, request, on: name).templateBody ?? ""
    }
}

extension CloudFormation {
    private static let describeStacks = Operation<DescribeStacksRequest, DescribeStacksResponse>(
        "DescribeStacks", of: service, .reads)
    private static let describeStackEvents = Operation<DescribeStackEventsRequest, DescribeStackEventsResponse>(
        "DescribeStackEvents", of: service, .reads)
    private static let describeEvents = Operation<DescribeEventsRequest, DescribeEventsResponse>(
        "DescribeEvents", of: service, .reads)
    private static let listStackResources = Operation<ListStackResourcesRequest, ListStackResourcesResponse>(
        "ListStackResources", of: service, .reads)
    private static let createChangeSet = Operation<CreateChangeSetRequest, CreateChangeSetResponse>(
        "CreateChangeSet", of: service, .mutates, idempotent: .byToken("clientToken"))
    private static let describeChangeSet = Operation<DescribeChangeSetRequest, DescribeChangeSetResponse>(
        "DescribeChangeSet", of: service, .reads)
    private static let executeChangeSet = Operation<ExecuteChangeSetRequest, Nothing>(
        "ExecuteChangeSet", of: service, .mutates, idempotent: .byToken("clientRequestToken"))
    private static let deleteChangeSet = Operation<DeleteChangeSetRequest, Nothing>(
        "DeleteChangeSet", of: service, .mutates, idempotent: .byNature)
    private static let deleteStack = Operation<DeleteStackRequest, Nothing>(
        "DeleteStack", of: service, .mutates, idempotent: .byToken("clientRequestToken"))
    private static let getTemplate = Operation<GetTemplateRequest, GetTemplateResponse>(
        "GetTemplate", of: service, .reads)
}
