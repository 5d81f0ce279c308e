package import AWS

/// Amazon EventBridge rules: the older of the two schedule engines. All on the default bus: only there may rules
/// have a schedule.
package struct EventBridge: Sendable {
    package static let service = Service(
        .events, apiVersion: "2015-10-07",
        wire: .json(version: "1.1", targetPrefix: "AWSEvents"),
        memberNames: .pascalCase(
            except: [
                "awsvpcConfiguration", "capacityProvider", "weight", "base", "type", "expression", "field",
            ]))

    private static let describeRule = Operation<DescribeRuleRequest, DescribeRuleResponse>(
        "DescribeRule", of: service, .reads)

    let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    /// The rule of that name on the default bus; `nil` when there is none.
    package func describeRule(_ name: String) async throws -> DescribeRuleResponse? {
        do {
            return try await client.send(Self.describeRule, DescribeRuleRequest(name: name), on: name)
        } catch let error as AWSError where error.code == "ResourceNotFoundException" {
            return nil
        }
    }
}

extension EventBridge {
    package struct DescribeRuleRequest: Codable, Sendable {
        package var name: String
    }

    package struct DescribeRuleResponse: Codable, Sendable {
        package let name: String?
        package let arn: String?
        package let scheduleExpression: String?
        package let eventPattern: String?
        /// ENABLED or DISABLED.
        package let state: String?
        package let description: String?
        package let roleArn: String?
        /// The AWS service that owns the rule; nobody else may change it.
        package let managedBy: String?
    }
}
