import AWS
import AWSServices
import Support
import Synchronization
import TestSupport
import Testing

@testable import Stacks

/// Updating a stack against a CloudFormation from a script.
struct StackUpdaterTests {
    private static let template = StubAWS.Answer(
        "<R><GetTemplateResult><TemplateBody>\(Samples.body)</TemplateBody></GetTemplateResult></R>")
    private static let before = StubAWS.Answer.events([("s0", "CREATE_COMPLETE", "")])
    private static let after = StubAWS.Answer.events([
        ("s2", "UPDATE_COMPLETE", ""), ("s1", "UPDATE_IN_PROGRESS", "User Initiated"), ("s0", "CREATE_COMPLETE", ""),
    ])

    private static let good: [String: [StubAWS.Answer]] = [
        "DescribeStacks": [.stack("CREATE_COMPLETE"), .stack("UPDATE_COMPLETE")], "GetTemplate": [template],
        "CreateChangeSet": [.changeSet], "DescribeChangeSet": [.changeSet("CREATE_COMPLETE", changes: ["Topic"])],
        "DescribeStackEvents": [before, after], "ExecuteChangeSet": [.done], "DeleteChangeSet": [.done],
        "ListStackResources": [.resources([("Bucket", "UPDATE_FAILED")])], "ContinueUpdateRollback": [.done],
        "RollbackStack": [.done],
    ]

    private static func script(_ changes: [String: [StubAWS.Answer]]) -> StubAWS {
        StubAWS(good.merging(changes) { $1 })
    }

    private func update(
        _ aws: StubAWS, _ request: StackRequest? = nil, agrees: Bool = true,
        options: StackUpdater.Options = .init()
    ) async throws -> (outcome: Result<StackUpdater.Outcome, any Error>, asked: [String]) {
        let asked = Mutex<[String]>([])
        let updater = StackUpdater(
            client: aws.client, upload: TemplateUpload(client: aws.client, bucket: nil, owner: nil, prefix: "n"),
            options: options, show: { _ in },
            confirm: { question in
                asked.withLock { $0.append(question) }
                guard agrees else { throw Failure(.usage, question) }
            }, sleep: { _ in try Task.checkCancellation() })
        let wanted = try request ?? Samples.request(parameters: ["Cpu": "512"])
        do {
            let outcome = try await updater.update(
                wanted, found: try await CloudFormation(aws.client).describeStack(wanted.name))
            return (.success(outcome), asked.withLock { $0 })
        } catch {
            return (.failure(error), asked.withLock { $0 })
        }
    }

    @Test func changesThroughAChangeSet() async throws {
        let aws = Self.script([:])
        guard case .success(.updated(let stack)) = try await update(aws).outcome else {
            Issue.record("not updated")
            return
        }
        #expect(stack.stackStatus == .updateComplete)
        #expect(
            aws.operations == [
                "DescribeStacks", "GetTemplate", "CreateChangeSet", "DescribeChangeSet", "DescribeStackEvents",
                "ExecuteChangeSet", "DescribeStackEvents", "DescribeStacks",
            ])
        #expect(aws.bodies("CreateChangeSet").first?.contains("ChangeSetType=UPDATE") == true)
        #expect(aws.bodies("ExecuteChangeSet").first?.contains("DisableRollback") == false)
    }

    @Test func noDifferenceIsFoundWithoutAChangeSet() async throws {
        let aws = Self.script([:])
        guard case .success(.alreadyAsAsked) = try await update(aws, try Samples.request()).outcome else {
            Issue.record("not left alone")
            return
        }
        #expect(aws.operations == ["DescribeStacks", "GetTemplate"])
    }

    @Test(arguments: [
        "The submitted information didn't contain changes. Submit different information to create a change set.",
        "No updates are to be performed.",
    ])
    func anEmptyChangeSetIsSuccess(_ reason: String) async throws {
        let aws = Self.script(["DescribeChangeSet": [.changeSet("FAILED", reason: reason)]])
        guard case .success(.alreadyAsAsked) = try await update(aws).outcome else {
            Issue.record("no success")
            return
        }
        #expect(aws.operations.last == "DeleteChangeSet")
    }

    @Test func aPlanThatCameTooLateIsMadeAnew() async throws {
        let obsolete = StubAWS.Answer(
            """
            <R><DescribeChangeSetResult><Status>CREATE_COMPLETE</Status><ExecutionStatus>OBSOLETE</ExecutionStatus>
            </DescribeChangeSetResult></R>
            """)
        let ready = StubAWS.Answer.changeSet("CREATE_COMPLETE", changes: ["Topic"])
        let aws = Self.script([
            "DescribeStacks": [.stack("CREATE_COMPLETE"), .stack("CREATE_COMPLETE"), .stack("UPDATE_COMPLETE")],
            "DescribeChangeSet": [ready, obsolete, ready],
            "DescribeStackEvents": [Self.before, Self.before, Self.after],
            "ExecuteChangeSet": [.error("InvalidChangeSetStatus", "it is OBSOLETE"), .done],
        ])
        guard case .success(.updated) = try await update(aws).outcome else {
            Issue.record("not updated")
            return
        }
        let steps = aws.operations.filter { $0.hasSuffix("ChangeSet") && $0 != "DescribeChangeSet" }
        #expect(
            steps == ["CreateChangeSet", "ExecuteChangeSet", "DeleteChangeSet", "CreateChangeSet", "ExecuteChangeSet"])
    }

    @Test func plansAreNotMadeForEver() async throws {
        let obsolete = StubAWS.Answer(
            "<R><DescribeChangeSetResult><Status>CREATE_COMPLETE</Status><ExecutionStatus>OBSOLETE</ExecutionStatus>"
                + "</DescribeChangeSetResult></R>")
        let aws = Self.script([
            "DescribeStacks": [.stack("CREATE_COMPLETE")], "DescribeChangeSet": [obsolete],
            "DescribeStackEvents": [Self.before], "ExecuteChangeSet": [.error("InvalidChangeSetStatus", "OBSOLETE")],
        ])
        guard case .failure(let error as Failure) = try await update(aws).outcome else {
            Issue.record("it should have given up")
            return
        }
        #expect(error.kind == .superseded)
        #expect(aws.bodies("CreateChangeSet").count == 3)
    }

    @Test func aStuckRollbackIsContinuedThenUpdated() async throws {
        let rolledBack = StubAWS.Answer.events([
            ("s4", "UPDATE_ROLLBACK_COMPLETE", ""), ("s3", "UPDATE_ROLLBACK_FAILED", ""),
        ])
        var options = StackUpdater.Options()
        options.skipped = ["Bucket"]
        let aws = Self.script([
            "DescribeStacks": [
                .stack("UPDATE_ROLLBACK_FAILED"), .stack("UPDATE_ROLLBACK_COMPLETE"),
                .stack("UPDATE_ROLLBACK_COMPLETE"),
                .stack("UPDATE_COMPLETE"),
            ],
            "DescribeStackEvents": [
                .events([("s3", "UPDATE_ROLLBACK_FAILED", "")]), rolledBack, rolledBack,
                .events([("s5", "UPDATE_COMPLETE", ""), ("s4", "UPDATE_ROLLBACK_COMPLETE", "")]),
            ],
        ])
        let run = try await update(aws, options: options)
        guard case .success(.updated) = run.outcome else {
            Issue.record("\(run.outcome)")
            return
        }
        #expect(
            run.asked == [
                "Stack nightly is UPDATE_ROLLBACK_FAILED, stuck on Bucket. Continue its rollback, giving up on Bucket?"
            ])
        #expect(aws.bodies("ContinueUpdateRollback").first?.contains("ResourcesToSkip.member.1=Bucket") == true)
    }

    @Test(arguments: ["UPDATE_ROLLBACK_FAILED", "UPDATE_FAILED"]) func nothingHappensWithoutAYes(_ status: String)
        async throws
    {
        let aws = Self.script(["DescribeStacks": [.stack(status)]])
        let run = try await update(aws, agrees: false)
        guard case .failure(let error as Failure) = run.outcome else {
            Issue.record("\(run.outcome)")
            return
        }
        #expect(error.kind == .usage)
        #expect(run.asked.count == 1)
        #expect(Set(aws.operations).isSubset(of: ["DescribeStacks", "ListStackResources", "GetTemplate"]))
    }

    @Test func onlyWhatIsStuckCanBeSkipped() async throws {
        var options = StackUpdater.Options()
        options.skipped = ["Other"]
        let aws = Self.script(["DescribeStacks": [.stack("UPDATE_ROLLBACK_FAILED")]])
        guard case .failure(let error as Failure) = try await update(aws, options: options).outcome else {
            Issue.record("it should have been refused")
            return
        }
        #expect(error.message == "--skip Other: the rollback is not stuck on that")
        #expect(error.hint == "it is stuck on Bucket")
    }

    @Test func withoutRollbackNothingIsReplaced() async throws {
        var options = StackUpdater.Options()
        options.wishes.noRollback = true
        let replaced = StubAWS.Answer(
            """
            <R><DescribeChangeSetResult><Status>CREATE_COMPLETE</Status><Changes><member><ResourceChange>
            <Action>Modify</Action><LogicalResourceId>TaskDefinition</LogicalResourceId>
            <ResourceType>AWS::ECS::TaskDefinition</ResourceType><Replacement>True</Replacement></ResourceChange></member>
            </Changes></DescribeChangeSetResult></R>
            """)
        let aws = Self.script(["DescribeChangeSet": [replaced]])
        guard case .failure(let error as Failure) = try await update(aws, options: options).outcome else {
            Issue.record("it should have been refused")
            return
        }
        #expect(error.message.contains("TaskDefinition would be replaced"))
        #expect(aws.operations.last == "DeleteChangeSet")
        // With rollback a new revision is no question.
        let run = try await update(Self.script(["DescribeChangeSet": [replaced]]))
        #expect(run.asked.isEmpty)
    }
}
