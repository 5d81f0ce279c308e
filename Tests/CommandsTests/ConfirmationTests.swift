import Support
import TestSupport
import Testing

@testable import Commands

/// Questions before something is lost.
struct ConfirmationTests {
    private static let stack = StubAWS.Answer(
        """
        <R><DescribeStacksResult><Stacks><member><StackName>demo-network</StackName><StackId>arn:net</StackId>
        <CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus></member></Stacks>
        </DescribeStacksResult></R>
        """)
    private static let resources = StubAWS.Answer(
        "<R><ListStackResourcesResult><StackResourceSummaries/></ListStackResourcesResult></R>")

    private func delete(
        answer: String?, canAsk: Bool = true, _ arguments: String...
    ) async -> (code: Int32, world: World) {
        let world = World(
            ["GetCallerIdentity": [.caller()], "DescribeStacks": [Self.stack], "ListStackResources": [Self.resources]],
            ask: canAsk ? { @Sendable _ in answer } : nil)
        return (await Application.run(["cf-delete-vpc"] + arguments, context: world.context), world)
    }

    @Test(arguments: ["n", "", "no", "yess"]) func anyOtherAnswerThanYesChangesNothing(_ answer: String) async {
        let (code, world) = await delete(answer: answer)
        #expect(code == 1)
        #expect(world.err.contains("fgctl: not done: the answer was not yes"))
        #expect(!world.aws.operations.contains("DeleteStack"))
    }

    @Test(arguments: [false, true]) func whereNobodyCanBeAskedYesIsNeeded(canAsk: Bool) async {
        // The end of input is no answer either.
        let (code, world) = await delete(answer: nil, canAsk: canAsk)
        #expect(code == 64)
        #expect(world.err.last == "  say --yes to go on")
        #expect(!world.aws.operations.contains("DeleteStack"))
    }

    @Test(arguments: ["y", "Y", "yes"]) func yesGoesOn(_ answer: String) async {
        let (code, world) = await delete(answer: answer)
        #expect(code != 0)
        // What comes next is not in the script.
        #expect(world.aws.operations.last == "DescribeStackEvents")
    }

    @Test func theFlagAnswers() async {
        let (_, world) = await delete(answer: "n", "--yes")
        #expect(world.aws.operations.last == "DescribeStackEvents")
    }
}
