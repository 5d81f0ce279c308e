package import AWS
package import FoundationEssentials
package import Support

/// AWS Security Token Service: who the credentials belong to, and keys of roles.
package struct STS: Sendable {
    package static let service = Service(
        .sts, apiVersion: "2011-06-15", wire: .query,
        memberNames: .pascalCase())

    private static let getCallerIdentity = Operation<Nothing, GetCallerIdentityResponse>(
        "GetCallerIdentity", of: service, .reads)

    // It makes keys and changes nothing that was there.
    private static let assumeRole = Operation<AssumeRoleRequest, AssumeRoleResponse>("AssumeRole", of: service, .reads)

    private let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    /// Account, ARN and user id behind the credentials in use. Needs no permission.
    package func getCallerIdentity() async throws -> GetCallerIdentityResponse {
        try await client.send(Self.getCallerIdentity, Nothing())
    }

    /// Keys that act as a role, for a time.
    ///
    /// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    package func assumeRole(_ request: AssumeRoleRequest) async throws -> AssumeRoleResponse {
        try await client.send(Self.assumeRole, request, on: request.roleArn)
    }
}

extension STS {
    package struct GetCallerIdentityResponse: Codable, Sendable {
        package let userId: String
        package let account: String
        package let arn: String
    }
    package struct AssumeRoleRequest: Codable, Sendable {
        package var roleArn: String
        /// 2 to 64 letters, digits and `_+=,.@-`; it shows in CloudTrail.
        package var roleSessionName: String
        /// 900 to 43,200, and at most what the role allows.
        package var durationSeconds: Int
        package var externalId: String?
        /// The MFA device, and the code that it shows now.
        package var serialNumber: String?
        package var tokenCode: String?

        package init(roleArn: String, roleSessionName: String, durationSeconds: Int, externalId: String?) {
            self.roleArn = roleArn
            self.roleSessionName = roleSessionName
            self.durationSeconds = durationSeconds
            self.externalId = externalId
        }
    }

    package struct AssumeRoleResponse: Decodable, Sendable {
        package let credentials: RoleCredentials?
        package let assumedRoleUser: AssumedRoleUser?
    }

    package struct AssumedRoleUser: Decodable, Sendable {
        package let arn: String
    }

    package struct RoleCredentials: Decodable, Sendable {
        package let accessKeyId: String
        package let secretAccessKey: Secret
        package let sessionToken: Secret
        package let expiration: Date
    }
}
