internal import AWS

/// Getting a stack out of a state in which an operation was left, and the list of all stacks.
extension CloudFormation {
    private static let continueUpdateRollback = Operation<ContinueUpdateRollbackRequest, Nothing>(
        "ContinueUpdateRollback", of: service, .mutates, idempotent: .byToken("clientRequestToken"))
    private static let rollbackStack = Operation<RollbackStackRequest, Nothing>(
        "RollbackStack", of: service, .mutates, idempotent: .byToken("clientRequestToken"))
    private static let cancelUpdateStack = Operation<RollbackStackRequest, Nothing>(
        "CancelUpdateStack", of: service, .mutates, idempotent: .byToken("clientRequestToken"))
    private static let describeAllStacks = Operation<DescribeStacksRequest, DescribeStacksResponse>(
        "DescribeStacks", of: service, .reads)

    /// Tries the rollback of an update again; only in UPDATE_ROLLBACK_FAILED.
    package func continueUpdateRollback(_ request: ContinueUpdateRollbackRequest) async throws {
        _ = try await client.send(Self.continueUpdateRollback, request, on: request.stackName)
    }

    /// Rolls back what an operation without rollback left; only in CREATE_FAILED and UPDATE_FAILED.
    package func rollbackStack(_ request: RollbackStackRequest) async throws {
        _ = try await client.send(Self.rollbackStack, request, on: request.stackName)
    }

    /// Ends an update that is under way by rolling it back; only in UPDATE_IN_PROGRESS.
    ///
    /// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CancelUpdateStack.html
    package func cancelUpdateStack(_ request: RollbackStackRequest) async throws {
        _ = try await client.send(Self.cancelUpdateStack, request, on: request.stackName)
    }

    /// All stacks of the account and region that are not deleted.
    package func allStacks() async throws -> [Stack] {
        var found: [Stack] = []
        let pages = client.pages(
            Self.describeAllStacks, DescribeStacksRequest(stackName: nil), on: "all stacks",
            output: { $0.nextToken }, input: { $0.nextToken = $1 })
        for try await page in pages { found += page.stacks }
        return found
    }

    package struct ContinueUpdateRollbackRequest: Codable, Sendable {
        package var stackName: String
        /// Logical ids of resources that are given up; those of nested stacks as `NESTED.ID`.
        package var resourcesToSkip: [String]?
        package var clientRequestToken: String
        package init(stackName: String, resourcesToSkip: [String]?, clientRequestToken: String) {
            self.stackName = stackName
            self.resourcesToSkip = resourcesToSkip
            self.clientRequestToken = clientRequestToken
        }
    }

    /// Of CancelUpdateStack as well.
    package struct RollbackStackRequest: Codable, Sendable {
        package var stackName: String
        package var clientRequestToken: String
        package init(stackName: String, clientRequestToken: String) {
            self.stackName = stackName
            self.clientRequestToken = clientRequestToken
        }
    }
}
