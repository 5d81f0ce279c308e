import AWSServices
import Support
import Testing

@testable import Stacks

/// The table of what updating a stack does in each of its states.
struct UpdateDecisionTests {
    private func decide(
        _ status: String?, parameters: [String: String] = [:], resources: [CloudFormation.StackResourceSummary] = [],
        wishes: UpdateDecision.Wishes = .init()
    ) throws -> UpdateDecision {
        let stack = try status.map { try Samples.stack($0, parameters: parameters, tags: [:]) }
        return UpdateDecision.update(
            try Samples.request(parameters: ["Cpu": "256"]), stack: stack, resources: resources,
            currentTemplate: Samples.body, wishes: wishes)
    }

    private func refusal(_ decision: UpdateDecision) throws -> Failure {
        guard case .refuse(let failure) = decision else { throw Failure(.failed, "not refused but \(decision)") }
        return failure
    }

    @Test(arguments: [nil, "REVIEW_IN_PROGRESS", "DELETE_COMPLETE"]) func whatIsNotThereIsCreated(_ status: String?)
        throws
    {
        let failure = try refusal(try decide(status))
        #expect(failure.message == "update stack nightly: the stack does not exist")
        #expect(failure.hint == "create it with 'fgctl cf-create-stack'")
    }

    @Test(arguments: ["ROLLBACK_COMPLETE", "CREATE_FAILED"]) func whatWasNeverCreatedIsToo(_ status: String) throws {
        let failure = try refusal(try decide(status))
        #expect(failure.message.hasSuffix("its creation failed (\(status))"))
        #expect(failure.hint?.contains("fgctl cf-create-stack") == true)
    }

    @Test(arguments: ["ROLLBACK_FAILED", "DELETE_FAILED", "IMPORT_ROLLBACK_FAILED"])
    func whatIsStuckIsNamed(_ status: String) throws {
        let stuck = try Samples.resource("Bucket", "DELETE_FAILED", reason: "it is not empty")
        let failure = try refusal(try decide(status, resources: [stuck]))
        #expect(failure.message.hasSuffix("the stack is \(status): stuck on Bucket (it is not empty)"))
        #expect(failure.hint?.contains("fgctl cf-delete-stack") == true)
    }

    @Test func aStuckRollbackIsContinued() throws {
        let stuck = try Samples.resource("Bucket", "UPDATE_FAILED")
        guard case .continueRollback(["Bucket"]) = try decide("UPDATE_ROLLBACK_FAILED", resources: [stuck]) else {
            Issue.record("not continued")
            return
        }
    }

    @Test func aPausedUpdateIsRolledBackOrGoesOn() throws {
        guard case .rollBack = try decide("UPDATE_FAILED") else {
            Issue.record("not rolled back")
            return
        }
        guard case .update = try decide("UPDATE_FAILED", wishes: .init(noRollback: true)) else {
            Issue.record("does not go on")
            return
        }
    }

    @Test(arguments: [
        "CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS", "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "IMPORT_IN_PROGRESS", "IMPORT_ROLLBACK_IN_PROGRESS",
    ])
    func whatIsUnderWayIsRefusedOrAttachedTo(_ status: String) throws {
        let failure = try refusal(try decide(status))
        #expect(failure.message.hasSuffix("another operation is under way: the stack is \(status)"))
        #expect(failure.hint?.contains("--wait-current") == true)
        guard case .attach = try decide(status, wishes: .init(waitsForCurrent: true)) else {
            Issue.record("\(status): not attached")
            return
        }
    }

    @Test(arguments: [
        "CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE",
    ])
    func healthyStacksAreUpdatedWhenTheyDiffer(_ status: String) throws {
        guard case .nothing = try decide(status, parameters: ["Cpu": "256"]) else {
            Issue.record("\(status): not left alone")
            return
        }
        guard case .update(["Cpu: 512 -> 256"]) = try decide(status, parameters: ["Cpu": "512"]) else {
            Issue.record("\(status): not updated")
            return
        }
    }

    @Test func tagsThatAreNoLongerAskedForGo() throws {
        let stack = try Samples.stack("CREATE_COMPLETE", tags: ["team": "data", "aws:cloudformation:x": "y"])
        let lines = UpdateDecision.differences(try Samples.request(), stack: stack, currentTemplate: Samples.body)
        #expect(lines == ["tag team: data -> not set"])
    }

    @Test func whatCantBeComparedIsSetAgain() throws {
        let stack = try Samples.stack("CREATE_COMPLETE", parameters: ["Password": "****"])
        let request = try Samples.request(parameters: ["Password": "hunter2"])
        let lines = UpdateDecision.differences(request, stack: stack, currentTemplate: Samples.body)
        #expect(lines == ["Password: set again (its value can't be compared)"])
    }
}

struct ResourceKindsTests {
    private func change(
        _ type: String, _ action: String = "Modify", replacement: String? = nil, policy: String? = nil
    ) throws -> StackChange {
        func member(_ name: String, _ value: String?) -> String { value.map { #", "\#(name)": "\#($0)""# } ?? "" }
        return StackChange(
            try Samples.decode(
                """
                {"action": "\(action)", "logicalResourceId": "R", "resourceType": "\(type)"
                \(member("replacement", replacement))\(member("policyAction", policy))}
                """))
    }

    @Test(arguments: [
        ("AWS::ECS::TaskDefinition", "Modify", "True", false), ("AWS::IAM::Role", "Modify", "True", false),
        ("AWS::ECS::Service", "Modify", "True", true), ("AWS::ECS::Service", "Modify", "Conditional", false),
        ("AWS::ECS::Service", "Modify", "False", false), ("AWS::ECS::Service", "Remove", nil, true),
        ("AWS::S3::Bucket", "Modify", "True", true), ("AWS::S3::Bucket", "Modify", "Conditional", true),
        ("AWS::S3::Bucket", "Modify", "False", false), ("AWS::S3::Bucket", "Add", nil, false),
        ("AWS::RDS::DBInstance", "Remove", nil, true), ("AWS::SNS::Topic", "Remove", nil, false),
    ])
    func onlyStatefulTypesAndServicesAreWorthAQuestion(
        type: String, action: String, replacement: String?, asks: Bool
    ) throws {
        #expect(ResourceKinds.isWorthAQuestion(try change(type, action, replacement: replacement)) == asks)
    }

    @Test func whatIsRetainedIsNotLost() throws {
        #expect(!ResourceKinds.isWorthAQuestion(try change("AWS::S3::Bucket", "Remove", policy: "Retain")))
        #expect(
            ResourceKinds.isWorthAQuestion(
                try change("AWS::S3::Bucket", replacement: "True", policy: "ReplaceAndRetain")))
    }
}
