internal import AWS

extension EventBridge {
    /// Makes a rule or replaces it whole: what is left out is emptied.
    package func putRule(_ request: PutRuleRequest) async throws {
        _ = try await client.send(Self.putRule, request, on: request.name)
    }

    /// Adds targets, or replaces those of the same id. The answer can carry failures with HTTP 200.
    package func putTargets(_ targets: [Target], rule: String) async throws -> [FailedEntry] {
        let answer = try await client.send(Self.putTargets, PutTargetsRequest(rule: rule, targets: targets), on: rule)
        return answer.failures
    }

    /// Takes targets away. The answer can carry failures with HTTP 200.
    package func removeTargets(_ ids: [String], rule: String) async throws -> [FailedEntry] {
        let answer = try await client.send(Self.removeTargets, RemoveTargetsRequest(rule: rule, ids: ids), on: rule)
        return answer.failures
    }

    /// Deletes a rule that has no targets; no error when there is none.
    package func deleteRule(_ name: String) async throws {
        _ = try await client.send(Self.deleteRule, DescribeRuleRequest(name: name), on: name)
    }

    package func enableRule(_ name: String) async throws {
        _ = try await client.send(Self.enableRule, DescribeRuleRequest(name: name), on: name)
    }

    package func disableRule(_ name: String) async throws {
        _ = try await client.send(Self.disableRule, DescribeRuleRequest(name: name), on: name)
    }

    /// All rules whose names begin so.
    package func listRules(prefix: String) async throws -> [DescribeRuleResponse] {
        var found: [DescribeRuleResponse] = []
        let pages = client.pages(
            Self.listRules, ListRulesRequest(namePrefix: prefix), on: prefix, output: { $0.nextToken },
            input: { $0.nextToken = $1 })
        for try await page in pages { found += page.rules ?? [] }
        return found
    }

    /// All targets of a rule.
    package func listTargets(rule: String) async throws -> [Target] {
        var found: [Target] = []
        let pages = client.pages(
            Self.listTargets, ListTargetsRequest(rule: rule), on: rule, output: { $0.nextToken },
            input: { $0.nextToken = $1 })
        for try await page in pages { found += page.targets ?? [] }
        return found
    }
}

extension EventBridge {
    private static let putRule = Operation<PutRuleRequest, PutRuleResponse>(
        "PutRule", of: service, .mutates, idempotent: .byNature)
    private static let putTargets = Operation<PutTargetsRequest, FailuresResponse>(
        "PutTargets", of: service, .mutates, idempotent: .byNature)
    private static let removeTargets = Operation<RemoveTargetsRequest, FailuresResponse>(
        "RemoveTargets", of: service, .mutates, idempotent: .byNature)
    private static let deleteRule = Operation<DescribeRuleRequest, Nothing>(
        "DeleteRule", of: service, .mutates, idempotent: .byNature)
    private static let enableRule = Operation<DescribeRuleRequest, Nothing>(
        "EnableRule", of: service, .mutates, idempotent: .byNature)
    private static let disableRule = Operation<DescribeRuleRequest, Nothing>(
        "DisableRule", of: service, .mutates, idempotent: .byNature)
    private static let listRules = Operation<ListRulesRequest, ListRulesResponse>("ListRules", of: service, .reads)
    private static let listTargets = Operation<ListTargetsRequest, ListTargetsResponse>(
        "ListTargetsByRule", of: service, .reads)
}

extension EventBridge {
    // What a target says of an ECS task is the same as Scheduler has it, member for member.
    package typealias EcsParameters = Scheduler.EcsParameters
    package typealias RetryPolicy = Scheduler.RetryPolicy
    package typealias DeadLetterConfig = Scheduler.DeadLetterConfig

    package struct PutRuleRequest: Codable, Sendable, Hashable {
        package var name: String
        package var scheduleExpression: String?
        package var eventPattern: String?
        package var state: String?
        /// At most 512 characters.
        package var description: String?
        package var roleArn: String?
        package init(name: String) { self.name = name }
    }

    package struct PutRuleResponse: Codable, Sendable {
        package let ruleArn: String?
    }

    package struct InputTransformer: Codable, Sendable, Hashable {
        package var inputPathsMap: [String: String]?
        package var inputTemplate: String
    }

    /// A target that starts an ECS task, whole; of other kinds only what is common to all.
    package struct Target: Codable, Sendable, Hashable {
        package var id: String
        package var arn: String
        package var roleArn: String?
        /// For ECS targets: the JSON text of a TaskOverride.
        package var input: String?
        package var inputPath: String?
        package var inputTransformer: InputTransformer?
        package var ecsParameters: EcsParameters?
        package var deadLetterConfig: DeadLetterConfig?
        package var retryPolicy: RetryPolicy?
        package init(id: String, arn: String) {
            self.id = id
            self.arn = arn
        }
    }

    package struct PutTargetsRequest: Codable, Sendable {
        package var rule: String
        package var targets: [Target]
    }

    package struct RemoveTargetsRequest: Codable, Sendable {
        package var rule: String
        package var ids: [String]
    }

    package struct FailedEntry: Codable, Sendable {
        package let targetId: String?
        package let errorCode: String?
        package let errorMessage: String?
    }

    package struct FailuresResponse: Codable, Sendable {
        package let failedEntryCount: Int?
        package let failedEntries: [FailedEntry]?

        /// Those that failed; one without a name where only their number is known.
        var failures: [FailedEntry] {
            let named = failedEntries ?? []
            guard named.isEmpty, (failedEntryCount ?? 0) > 0 else { return named }
            return [FailedEntry(targetId: nil, errorCode: nil, errorMessage: nil)]
        }
    }

    package struct ListRulesRequest: Codable, Sendable {
        package var namePrefix: String
        package var nextToken: String?
        package init(namePrefix: String) { self.namePrefix = namePrefix }
    }

    package struct ListRulesResponse: Codable, Sendable {
        package let rules: [DescribeRuleResponse]?
        package let nextToken: String?
    }

    package struct ListTargetsRequest: Codable, Sendable {
        package var rule: String
        package var nextToken: String?
        package init(rule: String) { self.rule = rule }
    }

    package struct ListTargetsResponse: Codable, Sendable {
        package let targets: [Target]?
        package let nextToken: String?
    }
}
