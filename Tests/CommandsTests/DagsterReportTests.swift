import Flows
import FoundationEssentials
import Services
import Support
import Testing

@testable import Commands

/// What is said of an update that was not waited for to its end.
struct DagsterReportTests {
    private func report(_ kind: Failure.Kind, deployed: [String]) throws -> DagsterReport {
        let plan = try JSONDecoder().decode(
            DagsterPlan.self,
            from: Data(
                #"""
                {"stack": "s", "cluster": "c", "action": "restart", "parameters": [], "restarts": ["s-usercode", "s-daemon"],
                 "notes": ["service s-usercode: restart only", "service s-daemon: restarted afterwards, so that it knows the code"],
                 "warnings": []}
                """#.utf8))
        var report = DagsterReport(plan)
        report.deployments = try deployed.map { name in
            try JSONDecoder().decode(
                DeploymentReport.self,
                from: Data(
                    #"{"service": "\#(name)", "cluster": "c", "outcome": "timedOut", "desiredCount": 1, "runningCount": 0, "stoppedTasks": [], "findings": [], "goesOn": true}"#
                        .utf8))
        }
        report.failure = Failure(kind, "not deployed", hint: "ECS goes on")
        report.takeUnfinished()
        return report
    }

    private let note = "service s-daemon was not restarted: 'fgctl update-daemon' does it once the deployment is over"

    @Test func aDaemonWhoseTurnDidNotComeIsSaid() throws {
        let late = try report(.timedOut, deployed: ["s-usercode"])
        #expect(late.failure?.hint == "ECS goes on; \(note)")
        #expect(late.plan.notes == ["service s-usercode: restart only", note])
        #expect(late.failure?.kind == .timedOut && late.failure?.message == "not deployed")
    }

    @Test func itsOwnTimeoutAndOtherEndsAreAsTheyWere() throws {
        let own = try report(.timedOut, deployed: ["s-usercode", "s-daemon"])
        #expect(own.failure?.hint == "ECS goes on" && own.plan.notes.last?.contains("restarted afterwards") == true)
        #expect(try report(.failed, deployed: ["s-usercode"]).failure?.hint == "ECS goes on")
    }
}
