import Testing

@testable import Setup

struct SimulationPlanTests {
    @Test func everyRightIsAskedForOnceAndNothingElse() throws {
        let rights = try PolicyGroup.all().reduce(into: Set<Right>()) {
            $0.formUnion(try $1.rights(PermissionCheckTests.names).rights)
        }
        let questions = SimulationPlan.questions(rights)
        let asked = questions.flatMap(\.rights)
        #expect(rights.count > 200)
        #expect(asked.count == rights.count)
        #expect(Set(asked) == rights)
        #expect(questions.count < 60, "\(questions.count)")
        for question in questions {
            #expect(Set(question.actions.map { $0.prefix { $0 != ":" } }).count == 1)
            #expect(question.actions.allSatisfy { !$0.contains("*") })
            #expect((question.actions + question.resources).allSatisfy { !$0.contains("{") })
        }
    }

    @Test func halvesAskTheSame() throws {
        let question = SimulationPlan.Question(
            context: ["k": "v"], actions: ["a:b", "a:c", "a:d"], resources: ["1", "2"])
        let (one, other) = try #require(question.halves)
        #expect(Set(one.rights + other.rights) == Set(question.rights))
        #expect(SimulationPlan.Question(context: [:], actions: ["a:b"], resources: ["1"]).halves == nil)
    }

    @Test func namesAreFilledIn() throws {
        let names = PolicyNames(
            values: ["AWS_ACCOUNT_ID": "1", "STACK_NAME": "s"], cluster: "shared", partition: "aws-cn")
        #expect(
            try names.fill("arn:aws:ecs:r:{AWS_ACCOUNT_ID}:task/{STACK_NAME}/*") == "arn:aws-cn:ecs:r:1:task/shared/*")
        #expect(
            try names.fill("arn:aws:ecs:r:1:task-definition/{STACK_NAME}:*") == "arn:aws-cn:ecs:r:1:task-definition/s:*"
        )
        #expect(try names.fill("RunTask") == "RunTask")
        #expect(throws: PolicyNames.Missing.self) { try names.fill("arn:aws:s3:::{S3_BUCKET}") }
    }

    @Test(arguments: [
        ("arn:aws:iam::111122223333:root", Principal.root),
        ("arn:aws:iam::111122223333:user/ops/me", .user(arn: "arn:aws:iam::111122223333:user/ops/me")),
        (
            "arn:aws-cn:sts::111122223333:assumed-role/deploy/session",
            .role(arn: "arn:aws-cn:iam::111122223333:role/deploy", name: "deploy")
        ),
    ])
    func principals(caller: String, expected: Principal) { #expect(Principal(caller: caller) == expected) }

    @Test(arguments: ["arn:aws:sts::111122223333:federated-user/bob", "arn:aws:sts::111122223333:x/y", "nobody"])
    func whoCanNotBeSimulated(caller: String) throws {
        guard case .other = Principal(caller: caller) else {
            Issue.record("\(caller) is no other")
            return
        }
    }
}
