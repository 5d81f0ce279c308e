internal import AWS

extension CloudWatchLogs {
    private static let deleteLogGroup = Operation<DeleteLogGroupRequest, Nothing>(
        "DeleteLogGroup", of: service, .mutates, idempotent: .byNature)

    /// Deletes a log group with all its events. One that is gone already is what was asked for.
    package func deleteLogGroup(_ name: String) async throws {
        do {
            _ = try await client.send(Self.deleteLogGroup, DeleteLogGroupRequest(logGroupName: name), on: name)
        } catch let error as AWSError where error.code == "ResourceNotFoundException" {
            return
        }
    }

    package struct DeleteLogGroupRequest: Codable, Sendable {
        package var logGroupName: String
    }
}
