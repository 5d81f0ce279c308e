package import AWS

/// AWS Security Token Service: who the credentials belong to.
package struct STS: Sendable {
    package static let service = Service(
        name: "sts", sdkID: "STS", endpointPrefix: "sts", signingName: "sts", apiVersion: "2011-06-15", wire: .query,
        memberNames: .pascalCase())

    private static let getCallerIdentity = Operation<Nothing, GetCallerIdentityResponse>(
        "GetCallerIdentity", of: service, .reads)

    private let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    /// Account, ARN and user id behind the credentials in use. Needs no permission.
    package func getCallerIdentity() async throws -> GetCallerIdentityResponse {
        try await client.send(Self.getCallerIdentity, Nothing())
    }
}

extension STS {
    package struct GetCallerIdentityResponse: Codable, Sendable {
        package let userId: String
        package let account: String
        package let arn: String
    }
}
