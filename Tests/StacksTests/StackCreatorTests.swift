import AWS
import AWSServices
import HTTP
import Support
import Synchronization
import Templates
import TestSupport
import Testing

@testable import Stacks

/// Creating a stack against a CloudFormation from a script.
struct StackCreatorTests {
    /// What a creation that goes well calls, in order; polls beyond the first are not named.
    private static let good: [String: [StubAWS.Answer]] = [
        "DescribeStacks": [.noStack, .stack("CREATE_COMPLETE")],
        "CreateChangeSet": [.changeSet],
        "DescribeChangeSet": [
            .changeSet("CREATE_IN_PROGRESS"), .changeSet("CREATE_COMPLETE", changes: ["Topic"], next: "p2"),
            .changeSet("CREATE_COMPLETE", changes: ["Queue"]),
        ],
        "DescribeStackEvents": [
            .events([("s0", "REVIEW_IN_PROGRESS", "")]),
            .events([("1", "CREATE_IN_PROGRESS", ""), ("s0", "REVIEW_IN_PROGRESS", "")]),
            .events([
                ("s3", "CREATE_COMPLETE", ""), ("2", "CREATE_COMPLETE", ""), ("1", "CREATE_IN_PROGRESS", ""),
                ("s0", "REVIEW_IN_PROGRESS", ""),
            ]),
        ],
        "ExecuteChangeSet": [.done], "DeleteChangeSet": [.done], "DeleteStack": [.done],
    ]

    private struct Run {
        let result: Result<StackCreator.Outcome, any Error>
        let shown: [String]

        var failure: Failure? { if case .failure(let error) = result { error as? Failure } else { nil } }
    }

    private func create(
        _ aws: StubAWS, _ request: StackRequest? = nil, bucket: String? = nil, dryRun: Bool = false
    ) async throws -> Run {
        let shown = Mutex<[String]>([])
        let client = aws.client(dryRun: dryRun)
        let creator = StackCreator(
            client: client,
            upload: TemplateUpload(client: client, bucket: bucket, owner: "000000000000", prefix: "nightly"),
            show: { line in shown.withLock { $0.append(line) } }, sleep: { _ in try Task.checkCancellation() })
        let request = try request ?? Samples.request(parameters: ["Cpu": "512"], tags: [("team", "data")])
        do {
            let outcome = try await creator.create(
                request, found: try await CloudFormation(aws.client).describeStack(request.name))
            return Run(result: .success(outcome), shown: shown.withLock { $0 })
        } catch {
            return Run(result: .failure(error), shown: shown.withLock { $0 })
        }
    }

    private static func script(_ changes: [String: [StubAWS.Answer]]) -> StubAWS {
        StubAWS(good.merging(changes) { $1 })
    }

    @Test func goesThroughAChangeSetAndShowsWhatHappens() async throws {
        let aws = Self.script([:])
        let run = try await create(aws)
        guard case .success(.created(let stack)) = run.result else {
            Issue.record("\(run.result)")
            return
        }
        #expect(stack.stackStatus == .createComplete)
        #expect(
            aws.operations == [
                "DescribeStacks", "CreateChangeSet", "DescribeChangeSet", "DescribeChangeSet", "DescribeChangeSet",
                "DescribeStackEvents", "ExecuteChangeSet", "DescribeStackEvents", "DescribeStackEvents",
                "DescribeStacks",
            ])
        #expect(
            run.shown == [
                "stack nightly: preparing a change set from template task", "  + Topic (AWS::SNS::Topic)",
                "  + Queue (AWS::SNS::Topic)", "  07:50:31 CREATE_IN_PROGRESS AWS::SNS::Topic Topic",
                "  07:50:31 CREATE_COMPLETE AWS::SNS::Topic Topic",
                "  07:50:31 CREATE_COMPLETE AWS::CloudFormation::Stack nightly",
            ])
        let body = try #require(aws.bodies("CreateChangeSet").first)
        for part in ["ChangeSetType=CREATE", "TemplateBody=Parameters", "Tags.member.1.Key=team"] {
            #expect(body.contains(part), "\(part)")
        }
    }

    @Test func aStackThatHasNotBegunYetIsNotTheEnd() async throws {
        let before = StubAWS.Answer.events([("s0", "REVIEW_IN_PROGRESS", "")])
        let aws = Self.script([
            "DescribeStacks": [.noStack, .stack("REVIEW_IN_PROGRESS"), .stack("CREATE_COMPLETE")],
            "DescribeStackEvents": Array(repeating: before, count: 6) + (Self.good["DescribeStackEvents"] ?? []),
        ])
        guard case .success(.created) = try await create(aws).result else {
            Issue.record("not created")
            return
        }
    }

    @Test func aFailedChangeSetLeavesNothingBehind() async throws {
        let aws = Self.script([
            "DescribeStacks": [.noStack, .stack("REVIEW_IN_PROGRESS")],
            "DescribeChangeSet": [.changeSet("FAILED", reason: "Template error: no such thing")],
        ])
        let run = try await create(aws)
        #expect(run.failure?.message == "create stack nightly: Template error: no such thing")
        #expect(aws.operations.suffix(3) == ["DeleteChangeSet", "DescribeStacks", "DeleteStack"])
        #expect(aws.bodies("DeleteStack").first?.contains("StackName=arn%3Anew") == true)
    }

    @Test func theFirstClusterOfAnAccountIsTriedTwice() async throws {
        let reason = "Unable to assume the service linked role. Please verify that the ECS service linked role exists."
        func events(_ failed: Bool) -> [StubAWS.Answer] {
            [
                .events([("0", "REVIEW_IN_PROGRESS", "")]),
                .events([
                    ("1", failed ? "CREATE_FAILED" : "CREATE_COMPLETE", failed ? reason : ""),
                    ("0", "REVIEW_IN_PROGRESS", ""),
                ]),
            ]
        }
        let aws = Self.script([
            "DescribeStacks": [
                .noStack, .stack("ROLLBACK_COMPLETE"), .stack("ROLLBACK_COMPLETE"), .noStack, .stack("CREATE_COMPLETE"),
            ],
            "DescribeChangeSet": [.changeSet("CREATE_COMPLETE", changes: ["Topic"])],
            "DescribeStackEvents": events(true) + [.events([("1", "CREATE_FAILED", reason)])] + events(true)
                + events(false),
        ])
        let run = try await create(aws)
        guard case .success(.created) = run.result else {
            Issue.record("\(run.result) \(aws.operations)")
            return
        }
        #expect(run.shown.contains { $0.contains("no service-linked role yet") })
        #expect(aws.operations.filter { $0 == "ExecuteChangeSet" }.count == 2)
        #expect(aws.operations.filter { $0 == "DeleteStack" }.count == 1)
    }

    @Test func theShellOfOthersStays() async throws {
        let aws = Self.script([
            "DescribeStacks": [.stack("REVIEW_IN_PROGRESS")], "DescribeChangeSet": [.changeSet("FAILED", reason: "no")],
        ])
        #expect(try await create(aws).failure?.message == "create stack nightly: no")
        #expect(aws.operations.last == "DeleteChangeSet")
    }

    @Test func anExecutionThatIsRefusedLeavesNothingBehind() async throws {
        let aws = Self.script([
            "DescribeStacks": [.noStack, .stack("REVIEW_IN_PROGRESS")],
            "ExecuteChangeSet": [.error("AccessDenied", "not you")],
        ])
        let run = try await create(aws)
        guard case .failure(let error as AWSError) = run.result else {
            Issue.record("\(run.result)")
            return
        }
        #expect(error.message == "not you")
        #expect(aws.operations.last == "DeleteStack")
    }

    @Test func anExecutionWhoseAnswerWasLostIsFollowed() async throws {
        let executed = StubAWS.Answer(
            """
            <R><DescribeChangeSetResult><Status>CREATE_COMPLETE</Status><ExecutionStatus>EXECUTE_IN_PROGRESS</ExecutionStatus>
            </DescribeChangeSetResult></R>
            """)
        let sets = Self.good["DescribeChangeSet"] ?? []
        let aws = Self.script([
            "ExecuteChangeSet": [.error("InvalidChangeSetStatus", "it is executed")],
            "DescribeChangeSet": sets + [executed],
        ])
        let run = try await create(aws)
        #expect(run.failure == nil)
        #expect(!aws.operations.contains("DeleteChangeSet"))
    }

    @Test func anExecutionOfABrokenSetIsAFailure() async throws {
        let aws = Self.script(["ExecuteChangeSet": [.error("InvalidChangeSetStatus", "it is broken")]])
        guard case .failure(let error as AWSError) = try await create(aws).result else {
            Issue.record("it should have failed")
            return
        }
        #expect(error.message == "it is broken")
    }

    @Test func faultsFoundBeforeTheDeploymentAreLookedUp() async throws {
        let faults = StubAWS.Answer(
            """
            <R><DescribeEventsResult><OperationEvents><member><EventType>VALIDATION_ERROR</EventType>
            <LogicalResourceId>Bucket</LogicalResourceId><ResourceType>AWS::S3::Bucket</ResourceType>
            <ValidationStatusReason>the name is taken</ValidationStatusReason><ValidationPath>/Resources/Bucket</ValidationPath>
            </member></OperationEvents></DescribeEventsResult></R>
            """)
        let reason = "Validation failed. Call DescribeEvents to retrieve the full list"
        let script: [String: [StubAWS.Answer]] = ["DescribeChangeSet": [.changeSet("FAILED", reason: reason)]]
        let found = try await create(Self.script(script.merging(["DescribeEvents": [faults]]) { $1 }))
        #expect(
            found.failure?.message
                == "create stack nightly: Bucket (AWS::S3::Bucket): the name is taken (/Resources/Bucket)")
        let refused = Self.script(script.merging(["DescribeEvents": [.error("AccessDenied", "not you")]]) { $1 })
        #expect(try await create(refused).failure?.message == "create stack nightly: \(reason)")
    }

    @Test func saysTheFirstCauseOfAFailure() async throws {
        let aws = Self.script([
            "DescribeStacks": [.noStack, .stack("ROLLBACK_COMPLETE")],
            "DescribeStackEvents": [
                .events([]),
                .events([
                    ("s4", "ROLLBACK_COMPLETE", ""), ("3", "DELETE_COMPLETE", ""),
                    ("2", "CREATE_FAILED", "Resource creation cancelled"),
                    ("1", "CREATE_FAILED", "Invalid cpu"),
                ]),
            ],
        ])
        let run = try await create(aws)
        #expect(run.failure?.message == "create stack nightly: ROLLBACK_COMPLETE: Topic (AWS::SNS::Topic): Invalid cpu")
        #expect(run.failure?.kind == .failed)
    }

    @Test func deletesTheShellOfAFailedCreationFirst() async throws {
        let aws = Self.script([
            "DescribeStacks": [
                .stack("ROLLBACK_COMPLETE", id: "arn:old"), .stack("DELETE_COMPLETE", id: "arn:old"),
                .stack("CREATE_COMPLETE"),
            ],
            "DescribeStackEvents": [
                .events([("s0", "ROLLBACK_COMPLETE", "")], stack: "arn:old"),
                .events([("s1", "DELETE_COMPLETE", ""), ("s0", "ROLLBACK_COMPLETE", "")], stack: "arn:old"),
            ] + (Self.good["DescribeStackEvents"] ?? []),
            "ListStackResources": [.resources([("Bucket", "DELETE_COMPLETE")])],
        ])
        let run = try await create(aws)
        guard case .success(.created) = run.result else {
            Issue.record("\(run.result)")
            return
        }
        let order = aws.operations.filter { ["DeleteStack", "CreateChangeSet", "ExecuteChangeSet"].contains($0) }
        #expect(order == ["DeleteStack", "CreateChangeSet", "ExecuteChangeSet"])
        #expect(aws.bodies("DeleteStack").first?.contains("StackName=arn%3Aold") == true)
        #expect(run.shown.first?.contains("ROLLBACK_COMPLETE, holding nothing") == true)
    }

    @Test func changesNothingThatIsAsAskedOrDiffers() async throws {
        let template = StubAWS.Answer(
            """
            <R><GetTemplateResult><TemplateBody>\(Samples.body)</TemplateBody></GetTemplateResult></R>
            """)
        let aws = StubAWS(["DescribeStacks": [.stack("CREATE_COMPLETE")], "GetTemplate": [template]])
        guard case .success(.alreadyAsAsked) = try await create(aws, try Samples.request()).result else {
            Issue.record("not as asked")
            return
        }
        let differing = try await create(aws, try Samples.request(parameters: ["Cpu": "512"]))
        #expect(differing.failure?.message.hasSuffix("is not as asked: Cpu: not set -> 512") == true)
        #expect(differing.failure?.hint?.contains("cf-update-stack") == true)
        #expect(Set(aws.operations) == ["DescribeStacks", "GetTemplate"])
    }

    @Test func aDryRunIsStoppedByTheClient() async throws {
        let aws = Self.script([:])
        let run = try await create(aws, dryRun: true)
        #expect(run.failure?.message == "CloudFormation CreateChangeSet nightly: refused, since this is a dry run")
        #expect(aws.operations == ["DescribeStacks"])
    }

    @Test func anInterruptionBeforeTheExecutionCleansUp() async throws {
        let task = Mutex<Task<Run, Never>?>(nil)
        let script = Self.script(["DescribeStacks": [.noStack, .stack("REVIEW_IN_PROGRESS")]])
        let transport = StubTransport { request, _ in
            // The interruption comes while the change set is looked at.
            if request.bodyText.contains("Action=DescribeChangeSet") { task.withLock { $0?.cancel() } }
            return try await script.transport.send(request)
        }
        let aws = script
        let client = AWSClient(
            settings: aws.client.settings, transport: transport, effects: AWSClient.Effects(sleep: { _ in }))
        let request = try Samples.request()
        let (gate, open) = AsyncStream<Void>.makeStream()
        let running = Task {
            for await _ in gate { break }
            let creator = StackCreator(
                client: client, upload: TemplateUpload(client: client, bucket: nil, owner: "000000000000", prefix: "n"),
                show: { _ in },
                sleep: { _ in try Task.checkCancellation() })
            do {
                return Run(
                    result: .success(
                        try await creator.create(
                            request, found: try await CloudFormation(aws.client).describeStack(request.name))),
                    shown: [])
            } catch {
                return Run(result: .failure(error), shown: [])
            }
        }
        task.withLock { $0 = running }
        open.finish()
        let run = await running.value
        guard case .failure(let error) = run.result, error is CancellationError else {
            Issue.record("\(run.result)")
            return
        }
        #expect(!aws.operations.contains("ExecuteChangeSet"))
        #expect(aws.operations.suffix(3) == ["DeleteChangeSet", "DescribeStacks", "DeleteStack"])
    }
}

struct TemplateUploadTests {
    private static let large = Samples.body + "# " + String(repeating: "x", count: Template.inlineLimit)

    private func source(_ aws: StubAWS, _ body: String, bucket: String?) async throws -> TemplateSource {
        try await TemplateUpload(client: aws.client, bucket: bucket, owner: "000000000000", prefix: "nightly").source(
            for: try Samples.template(body))
    }

    @Test func smallTemplatesGoWithTheRequest() async throws {
        let aws = StubAWS([:])
        #expect(try await source(aws, Samples.body, bucket: nil) == .body(Samples.body))
        #expect(aws.operations.isEmpty)
    }

    @Test func largeOnesGoThroughTheBucketUnderTheirHash() async throws {
        let aws = StubAWS(["HEAD /": [.init("")]])
        // Anything unscripted is an error; the object's key holds a hash that only the code under test knows.
        let failure = await #expect(throws: AWSError.self) { try await source(aws, Self.large, bucket: "files") }
        #expect(failure?.operation == "PutObject")
        let put = try #require(aws.operations.last)
        let all = StubAWS(["HEAD /": [.init("")], put: [.init("")]])
        guard case .url(let url) = try await source(all, Self.large, bucket: "files") else {
            Issue.record("not through the bucket")
            return
        }
        #expect(url == "https://files.s3.us-east-1.amazonaws.com" + put.dropFirst("PUT ".count))
        #expect(put.hasPrefix("PUT /nightly/templates/"))
        #expect(put.hasSuffix(".yaml"))
        #expect(all.requests(put).first?.bodyText == Self.large)
    }

    @Test func saysWhatIsMissing() async throws {
        let none = await #expect(throws: Failure.self) { try await source(StubAWS([:]), Self.large, bucket: nil) }
        #expect(none?.hint?.contains("S3_BUCKET") == true)
        let gone = StubAWS(["HEAD /": [.init("", status: 404)]])
        let missing = await #expect(throws: Failure.self) { try await source(gone, Self.large, bucket: "files") }
        #expect(missing?.message.contains("bucket files can't be used") == true)
    }
}
