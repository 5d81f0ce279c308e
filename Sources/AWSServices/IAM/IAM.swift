package import AWS

/// AWS Identity and Access Management: what a principal may do.
package struct IAM: Sendable {
    package static let service = Service(.iam, apiVersion: "2010-05-08", wire: .query, memberNames: .pascalCase())

    private static let simulatePrincipalPolicy = Operation<
        SimulatePrincipalPolicyRequest, SimulatePrincipalPolicyResponse
    >("SimulatePrincipalPolicy", of: service, .reads)
    private static let getRole = Operation<GetRoleRequest, GetRoleResponse>("GetRole", of: service, .reads)

    private let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    /// What the policies of a principal say to each action on each resource; all pages. Nothing is done.
    ///
    /// https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
    package func simulatePrincipalPolicy(_ request: SimulatePrincipalPolicyRequest) async throws -> [EvaluationResult] {
        let pages = client.pages(
            Self.simulatePrincipalPolicy, request, on: request.policySourceArn,
            output: { $0.isTruncated == true ? $0.marker : nil }, input: { $0.marker = $1 })
        var results: [EvaluationResult] = []
        for try await page in pages { results += page.evaluationResults ?? [] }
        return results
    }

    /// The ARN of a role, with the path that the ARN of its sessions leaves out.
    package func roleARN(_ name: String) async throws -> String {
        try await client.send(Self.getRole, GetRoleRequest(roleName: name), on: name).role.arn
    }
}

extension IAM {
    package struct SimulatePrincipalPolicyRequest: Codable, Sendable {
        /// A user, group or role.
        package var policySourceArn: String
        /// Full names without wildcards.
        package var actionNames: [String]
        package var resourceArns: [String]
        /// Left out when empty.
        package var contextEntries: [ContextEntry]?
        package var marker: String?

        package init(
            policySourceArn: String, actionNames: [String], resourceArns: [String], contextEntries: [ContextEntry]
        ) {
            self.policySourceArn = policySourceArn
            self.actionNames = actionNames
            self.resourceArns = resourceArns
            self.contextEntries = contextEntries.isEmpty ? nil : contextEntries
        }
    }

    /// The value of a condition key.
    package struct ContextEntry: Codable, Sendable {
        package var contextKeyName: String
        package var contextKeyValues: [String]
        package var contextKeyType: String

        package init(_ name: String, _ value: String) {
            contextKeyName = name
            contextKeyValues = [value]
            contextKeyType = "string"
        }
    }

    package struct SimulatePrincipalPolicyResponse: Codable, Sendable {
        package let evaluationResults: [EvaluationResult]?
        package let isTruncated: Bool?
        package let marker: String?
    }

    /// The answer for one action, on one resource or (in `resourceSpecificResults`) on several.
    package struct EvaluationResult: Codable, Sendable {
        package let evalActionName: String
        package let evalResourceName: String?
        /// `allowed`, `explicitDeny` or `implicitDeny`.
        package let evalDecision: String
        /// Condition keys that the policies ask about and the request does not tell.
        package let missingContextValues: [String]?
        package let resourceSpecificResults: [ResourceResult]?
    }

    package struct ResourceResult: Codable, Sendable {
        package let evalResourceName: String
        package let evalResourceDecision: String
        package let missingContextValues: [String]?
    }

    package struct GetRoleRequest: Codable, Sendable {
        package var roleName: String
    }

    package struct GetRoleResponse: Codable, Sendable {
        package let role: Role
    }

    package struct Role: Codable, Sendable {
        package let arn: String
    }
}
