import AWS
import Support
import Synchronization
import TestSupport
import Testing

@testable import Setup

struct PermissionCheckTests {
    private static let caller = "arn:aws:iam::111122223333:user/ops/me"
    static let names = PolicyNames(
        values: [
            "AWS_ACCOUNT_ID": "111122223333", "AWS_REGION": "eu-west-1", "STACK_NAME": "nightly",
            "PARENT_STACK_NAME": "net", "S3_BUCKET": "bkt", "IMAGE_NAME": "img",
        ], cluster: nil, partition: "aws")

    /// What was asked, read back from the form.
    private struct Asked {
        var source = ""
        var actions: [String] = []
        var resources: [String] = []

        init(_ form: String) {
            for pair in form.split(separator: "&") {
                let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
                let value = parts.count > 1 ? Self.decoded(parts[1]) : ""
                if parts[0] == "PolicySourceArn" { source = value }
                if parts[0].hasPrefix("ActionNames.member.") { actions.append(value) }
                if parts[0].hasPrefix("ResourceArns.member.") { resources.append(value) }
            }
        }

        private static func decoded(_ text: String) -> String {
            var bytes: [UInt8] = []
            var rest = text.utf8[...]
            while let byte = rest.popFirst() {
                guard byte == UInt8(ascii: "%") else {
                    bytes.append(byte)
                    continue
                }
                bytes.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0)
                rest = rest.dropFirst(2)
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    private static func page(_ asked: Asked, _ decide: (String, String) -> String, tail: String = "") -> StubAWS.Answer
    {
        let members = asked.actions.flatMap { action in
            asked.resources.map { resource in
                "<member><EvalActionName>\(action)</EvalActionName><EvalResourceName>\(resource)</EvalResourceName>"
                    + "<EvalDecision>\(decide(action, resource))</EvalDecision></member>"
            }
        }
        return .init(
            "<R><SimulatePrincipalPolicyResult><EvaluationResults>\(members.joined())</EvaluationResults>\(tail)"
                + "</SimulatePrincipalPolicyResult></R>")
    }

    private static func error(_ code: String, _ status: Int) -> StubAWS.Answer {
        .init("<ErrorResponse><Error><Code>\(code)</Code><Message>m</Message></Error></ErrorResponse>", status: status)
    }

    private func results(
        _ aws: StubAWS, caller: String = caller, names: PolicyNames = names, within limit: Duration = .seconds(600)
    ) async throws -> [CheckResult] {
        try await PermissionCheck(aws.client, names, within: limit).results(Principal(caller: caller))
    }

    @Test func whatIsDeniedIsListedByGroup() async throws {
        let aws = StubAWS { _, request in
            Self.page(Asked(request.bodyText)) { action, _ in action == "ecs:RunTask" ? "implicitDeny" : "allowed" }
        }
        let found = try await results(aws)
        #expect(
            found.map(\.check) == [
                "permissions images", "permissions network", "permissions stacks", "permissions tasks",
                "permissions schedules", "permissions services", "permissions config-push", "permissions config-pull",
                "permissions setup", "permissions dagster", "permissions deploy-role",
            ])
        for result in found {
            let needsIt = ["permissions tasks", "permissions schedules"].contains(result.check)
            #expect(result.status == (needsIt ? .warn : .ok), "\(result)")
            if needsIt { #expect(result.detail == "denied: ecs:RunTask") }
        }
        #expect(
            found[3].denied == [
                .init(action: "ecs:RunTask", resource: "arn:aws:ecs:eu-west-1:111122223333:task-definition/nightly:*")
            ])
        #expect(found.allSatisfy { $0.kind == nil })
    }

    @Test func answersWithResourcesInsideAndMissingContext() async throws {
        let aws = StubAWS { _, request in
            let asked = Asked(request.bodyText)
            let members = asked.actions.map { action in
                let inner = asked.resources.map { resource in
                    let denied = action == "ecr:PutImage"
                    return "<member><EvalResourceName>\(resource)</EvalResourceName><EvalResourceDecision>"
                        + "\(denied ? "implicitDeny" : "allowed")</EvalResourceDecision>"
                        + (denied ? "<MissingContextValues><member>aws:SourceIp</member></MissingContextValues>" : "")
                        + "</member>"
                }
                return "<member><EvalActionName>\(action)</EvalActionName><EvalDecision>implicitDeny</EvalDecision>"
                    + "<ResourceSpecificResults>\(inner.joined())</ResourceSpecificResults></member>"
            }
            return .init(
                "<R><SimulatePrincipalPolicyResult><EvaluationResults>\(members.joined())</EvaluationResults>"
                    + "</SimulatePrincipalPolicyResult></R>")
        }
        let found = try await results(aws)
        #expect(found[0].status == .unknown)
        #expect(found[0].detail == "not known: ecr:PutImage: the policies ask for aws:SourceIp")
        #expect(found[1].status == .ok)
    }

    @Test func allPagesAreRead() async throws {
        let aws = StubAWS { _, request in
            let asked = Asked(request.bodyText)
            guard !request.bodyText.contains("&Marker=more") else { return Self.page(asked) { _, _ in "allowed" } }
            return .init(
                "<R><SimulatePrincipalPolicyResult><EvaluationResults/><IsTruncated>true</IsTruncated>"
                    + "<Marker>more</Marker></SimulatePrincipalPolicyResult></R>")
        }
        #expect(try await results(aws).allSatisfy { $0.status == .ok })
    }

    @Test func actionsThatDoNotGoTogetherAreAskedForAlone() async throws {
        let aws = StubAWS { _, request in
            let asked = Asked(request.bodyText)
            guard asked.actions.count == 1, asked.resources.count == 1 else { return Self.error("InvalidInput", 400) }
            guard asked.actions != ["ecr:PutImage"] else { return Self.error("InvalidInput", 400) }
            return Self.page(asked) { _, _ in "allowed" }
        }
        let found = try await results(aws)
        #expect(found[0].detail == "not known: ecr:PutImage: InvalidInput: m")
        #expect(found.dropFirst().allSatisfy { $0.status == .ok })
    }

    @Test func whoMayNotAskIsToldWhatToAllow() async throws {
        let aws = StubAWS { _, _ in Self.error("AccessDenied", 403) }
        let found = try await results(aws)
        #expect(found.map(\.check) == ["permissions"])
        #expect(found[0].status == .unknown)
        #expect(found[0].advice?.contains("allow iam:SimulatePrincipalPolicy on \(Self.caller)") == true)
        #expect(found[0].advice?.contains("docs/permissions.md") == true)
        #expect(aws.operations == ["SimulatePrincipalPolicy"])
    }

    @Test func aRoleWithAPathIsLookedUp() async throws {
        let whole = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/Ops"
        let aws = StubAWS { operation, request in
            if operation == "GetRole" {
                return .init("<R><GetRoleResult><Role><Arn>\(whole)</Arn></Role></GetRoleResult></R>")
            }
            let asked = Asked(request.bodyText)
            return asked.source == whole
                ? Self.page(asked) { _, _ in "allowed" } : Self.error("NoSuchEntity", 404)
        }
        let found = try await results(aws, caller: "arn:aws:sts::111122223333:assumed-role/Ops/me@x")
        #expect(found.count == 11)
        #expect(found.allSatisfy { $0.status == .ok })
        #expect(aws.requests("GetRole").count == 1)
    }

    @Test func aSlowIAMLeavesTheRestUnknown() async throws {
        let transport = StubTransport { request, index in
            if index > 0 { try await Task.sleep(for: .seconds(60)) }
            return .text(200, Self.page(Asked(request.bodyText)) { _, _ in "allowed" }.body)
        }
        let values = ["AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s"]
        let layer = SettingLayer(
            name: "test", values: values.mapValues { SettingLayer.Setting(value: $0, origin: "test") })
        let client = AWSClient(settings: AWSSettings(layers: [layer], home: nil) { _ in nil }, transport: transport)
        let found = try await PermissionCheck(client, Self.names, within: .milliseconds(200))
            .results(Principal(caller: Self.caller))
        #expect(found.count == 11)
        #expect(found.contains { $0.status == .unknown && $0.detail.contains("timed out after") })
    }

    @Test func nobodyIsAskedAboutRootAndFederatedUsers() async throws {
        let aws = StubAWS([:])
        let root = try await results(aws, caller: "arn:aws:iam::111122223333:root")
        #expect(root.map(\.status) == [.ok])
        let other = try await results(aws, caller: "arn:aws:sts::111122223333:federated-user/bob")
        #expect(other.map(\.status) == [.unknown])
        #expect(aws.operations.isEmpty)
    }

    @Test func namesThatAreNotSetAreSaid() async throws {
        let aws = StubAWS { _, request in Self.page(Asked(request.bodyText)) { _, _ in "allowed" } }
        let few = PolicyNames(
            values: ["AWS_ACCOUNT_ID": "111122223333", "AWS_REGION": "eu-west-1", "STACK_NAME": "nightly"],
            cluster: nil,
            partition: "aws")
        let found = try await results(aws, names: few)
        #expect(found[0].detail == "all 1 actions allowed; not looked at: what needs IMAGE_NAME")
        #expect(found[3].status == .ok)
        let none = PolicyNames(values: ["AWS_ACCOUNT_ID": "111122223333"], cluster: nil, partition: "aws")
        let setup = try #require(try await results(aws, names: none).first { $0.check == "permissions setup" })
        #expect((setup.status, setup.detail) == (.unknown, "STACK_NAME not set"))
    }
}
