import AWSServices
import Support
import Testing

@testable import Stacks

/// The table of what creating a stack does in each of its states.
struct StackDecisionTests {
    @Test func createsWhatIsNotThere() throws {
        guard case .create = StackDecision.create(try Samples.request(), stack: nil) else {
            Issue.record("not created")
            return
        }
    }

    @Test(arguments: ["REVIEW_IN_PROGRESS", "DELETE_COMPLETE"]) func createsOnAShell(_ status: String) throws {
        guard case .create = StackDecision.create(try Samples.request(), stack: try Samples.stack(status)) else {
            Issue.record("\(status): not created")
            return
        }
    }

    @Test(arguments: ["ROLLBACK_COMPLETE", "CREATE_FAILED"])
    func deletesFirstWhatAFailedCreationLeft(_ status: String) throws {
        let resources = [
            try Samples.resource("A", "DELETE_COMPLETE", physical: "a"), try Samples.resource("B", "CREATE_FAILED"),
        ]
        let decision = StackDecision.create(
            try Samples.request(), stack: try Samples.stack(status), resources: resources)
        guard case .deleteThenCreate(let found, let held) = decision else {
            Issue.record("\(status): \(decision)")
            return
        }
        #expect(found == "\(status), holding nothing")
        #expect(held.isEmpty)
    }

    @Test(arguments: ["ROLLBACK_COMPLETE", "CREATE_FAILED"]) func deletesNothingThatHolds(_ status: String) throws {
        let kept = try Samples.resource("Bucket", "DELETE_SKIPPED", physical: "files")
        let failure = try refusal(status, [kept])
        #expect(failure.message.contains("still holding Bucket (files)"))
        #expect(failure.kind == .failed)
        let half = try Samples.resource("Bucket", "CREATE_FAILED", physical: "files")
        #expect(try refusal(status, [half]).message.contains("Bucket (files)"))
    }

    @Test func asksBeforeItDeletesWhatHoldsNoData() throws {
        let cluster = try Samples.resource("Cluster", "CREATE_COMPLETE", physical: "c", type: "AWS::ECS::Cluster")
        let decision = StackDecision.create(
            try Samples.request(), stack: try Samples.stack("CREATE_FAILED"), resources: [cluster])
        guard case .deleteThenCreate("CREATE_FAILED", ["Cluster (c)"]) = decision else {
            Issue.record("\(decision)")
            return
        }
    }

    @Test(arguments: ["ROLLBACK_COMPLETE", "CREATE_FAILED"]) func respectsTerminationProtection(_ status: String) throws
    {
        let decision = StackDecision.create(
            try Samples.request(), stack: try Samples.stack(status, isProtected: true))
        guard case .refuse(let failure) = decision else {
            Issue.record("\(status): \(decision)")
            return
        }
        #expect(failure.message.hasSuffix("protected against deletion"))
    }

    @Test(arguments: [
        ("ROLLBACK_FAILED", "'fgctl cf-delete-stack'"),
        ("DELETE_FAILED", "fgctl cf-delete-stack --retain Bucket"),
        ("UPDATE_ROLLBACK_FAILED", "'fgctl cf-update-stack' (to give up on these: --skip Bucket)"),
        ("IMPORT_ROLLBACK_FAILED", "'fgctl cf-delete-stack'"),
    ])
    func namesWhatIsStuckAndTheWayOn(status: String, command: String) throws {
        let resources = [
            try Samples.resource("Bucket", "DELETE_FAILED", physical: "files", reason: "it is not empty"),
            try Samples.resource("Fine", "DELETE_COMPLETE"),
        ]
        let failure = try refusal(status, resources)
        #expect(failure.message == "create stack nightly: the stack is \(status): stuck on Bucket (it is not empty)")
        #expect(failure.hint?.contains(command) == true)
    }

    @Test(arguments: [
        "CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS", "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "IMPORT_IN_PROGRESS", "IMPORT_ROLLBACK_IN_PROGRESS",
    ])
    func waitsForOthers(_ status: String) throws {
        #expect(try refusal(status, []).message.hasSuffix("another operation is under way: the stack is \(status)"))
    }

    @Test(arguments: [
        "CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE",
    ])
    func leavesAloneWhatIsAsAsked(_ status: String) throws {
        #expect(try Samples.stack(status).stackStatus.isSettled)
        let decision = StackDecision.create(
            try Samples.request(parameters: ["Cpu": "256"]),
            stack: try Samples.stack(status, parameters: ["Cpu": "256"]),
            currentTemplate: Samples.body)
        guard case .alreadyAsAsked = decision else {
            Issue.record("\(status): \(decision)")
            return
        }
    }

    @Test func aPausedUpdateIsNotAsAsked() throws {
        let decision = StackDecision.create(try Samples.request(), stack: try Samples.stack("UPDATE_FAILED"))
        guard case .differs(let lines) = decision else {
            Issue.record("\(decision)")
            return
        }
        #expect(lines == ["its last update failed (UPDATE_FAILED)"])
    }

    private func refusal(_ status: String, _ resources: [CloudFormation.StackResourceSummary]) throws -> Failure {
        let decision = StackDecision.create(
            try Samples.request(), stack: try Samples.stack(status), resources: resources)
        guard case .refuse(let failure) = decision else {
            throw Failure(.failed, "\(status): not refused but \(decision)")
        }
        return failure
    }
}

struct StackDifferencesTests {
    private func lines(
        _ request: StackRequest, parameters: [String: String] = [:], tags: [String: String] = [:],
        template: String? = Samples.body
    ) throws -> [String] {
        let stack = try Samples.stack("CREATE_COMPLETE", parameters: parameters, tags: tags)
        return StackDecision.differences(request, stack: stack, currentTemplate: template)
    }

    @Test func namesParametersAndTagsThatDiffer() throws {
        let request = try Samples.request(
            parameters: ["Cpu": "512", "Tags": "a,b"], tags: [("fgctl:env", "default"), ("team", "data")])
        #expect(
            try lines(request, parameters: ["Cpu": "256"], tags: ["fgctl:env": "default", "team": "web"]) == [
                "Cpu: 256 -> 512", "Tags: not set -> a,b", "tag team: web -> data",
            ])
    }

    @Test func whatTheStackHasBeyondTheRequestIsNoDifference() throws {
        #expect(try lines(try Samples.request(), parameters: ["Cpu": "256"], tags: ["aws:x": "y"]).isEmpty)
    }

    @Test func previousValuesAreNoDifference() throws {
        let request = StackRequest(
            name: "nightly", template: try Samples.template(),
            parameters: [.init(parameterKey: "Cpu", parameterValue: nil, usePreviousValue: true)], tags: [])
        #expect(try lines(request, parameters: ["Cpu": "1024"]).isEmpty)
    }

    @Test func secretsCantBeComparedAndAreNeverShown() throws {
        let request = try Samples.request(parameters: ["Password": "hunter2"])
        #expect(try lines(request, parameters: ["Password": "****"]).isEmpty)
        #expect(try lines(request) == ["Password: not set -> ****"])
    }

    @Test func asterisksElsewhereAreAValue() throws {
        #expect(
            try lines(try Samples.request(parameters: ["Tags": "a"]), parameters: ["Tags": "*"]) == ["Tags: * -> a"])
    }

    @Test(arguments: ["", "\n", "\n \n\n"]) func whiteSpaceAtATemplatesEndIsNoDifference(_ end: String) throws {
        var current = Samples.body
        while current.last?.isWhitespace == true { current.removeLast() }
        #expect(try lines(try Samples.request(), template: current + end).isEmpty)
    }

    @Test func anyOtherTextOfTheTemplateIs() throws {
        #expect(try lines(try Samples.request(), template: Samples.body + "# more") == ["template task has changed"])
        #expect(try lines(try Samples.request(), template: "\n" + Samples.body) == ["template task has changed"])
    }
}
