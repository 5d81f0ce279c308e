import AWSServices
import FoundationEssentials
import Services
import TestSupport
import Testing

struct ServiceStatusTests {
    private func status(
        _ deployments: String, desired: Int = 1, running: Int = 1, last: String? = nil
    ) throws -> ServiceStatus {
        let service = try JSONDecoder().decode(
            ECS.Service.self,
            from: Data(
                #"{"serviceName": "web", "status": "ACTIVE", "desiredCount": \#(desired), "runningCount": \#(running), "deployments": [\#(deployments)]}"#
                    .utf8))
        var details = ServiceStatus.Details()
        if let last {
            details.brief = try JSONDecoder().decode(
                ECS.ServiceDeploymentBrief.self,
                from: Data(#"{"serviceDeploymentArn": "arn:sd", "status": "\#(last)"}"#.utf8))
        }
        return ServiceStatus(service, cluster: "c", details)
    }

    private static func deployment(_ rollout: String, failed: Int = 0, status: String = "PRIMARY") -> String {
        #"{"id": "ecs-svc/1", "status": "\#(status)", "rolloutState": "\#(rollout)", "rolloutStateReason": "so it is", "failedTasks": \#(failed)}"#
    }

    @Test func states() throws {
        let done = Self.deployment("COMPLETED")
        #expect(try status(done).state == .settled)
        #expect(try status(done, last: "SUCCESSFUL").state == .settled)
        #expect(try status(done, desired: 0, running: 0).state == .scaledToZero)
        #expect(try status(done, desired: 2).reason == "it runs 1 of 2")
        #expect(try status(done, desired: 2).state == .failing)
        #expect(try status(Self.deployment("FAILED")).reason == "its deployment failed: so it is")
        #expect(try status(Self.deployment("IN_PROGRESS", failed: 2), running: 0).reason == "2 of its tasks failed")
        #expect(try status(Self.deployment("IN_PROGRESS")).state == .deploying)
        #expect(try status(done + "," + Self.deployment("COMPLETED", status: "ACTIVE")).state == .deploying)
        #expect(try status(done + "," + Self.deployment("FAILED", status: "ACTIVE")).state == .settled)
        #expect(try status(done, last: "ROLLBACK_IN_PROGRESS").state == .deploying)
        #expect(try status(done, last: "ROLLBACK_FAILED").state == .failing)
        // Rolled back is stable: what runs now is well.
        #expect(try status(done, last: "ROLLBACK_SUCCESSFUL").state == .settled)
    }

    @Test func readsImagesReleaseAndBreaker() async throws {
        let service = #"""
            {"serviceName": "web", "status": "ACTIVE", "desiredCount": 2, "runningCount": 2, "taskDefinition": "arn:aws:ecs:r:1:task-definition/web:4",
             "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": true}},
             "deployments": [{"id": "ecs-svc/4", "status": "PRIMARY", "rolloutState": "COMPLETED"}],
             "events": [{"id": "e", "createdAt": 1700000000, "message": "has reached a steady state"}]}
            """#
        func task(_ id: Int) -> String {
            #"{"taskArn": "\#(id)", "lastStatus": "RUNNING", "containers": [{"name": "web", "image": "app:4", "imageDigest": "sha256:4"}]}"#
        }
        let aws = StubAWS([
            "DescribeTaskDefinition": [
                .init(
                    #"{"taskDefinition": {"containerDefinitions": [{"name": "config", "command": ["config-pull", "/config", "--release", "abc"]}, {"name": "web", "image": "app:4"}]}}"#
                )
            ],
            "ListTasks": [.init(#"{"taskArns": ["1", "2"]}"#)],
            "DescribeTasks": [.init(#"{"tasks": [\#(task(1)), \#(task(2))]}"#)],
            "ListServiceDeployments": [
                .init(#"{"serviceDeployments": [{"serviceDeploymentArn": "sd", "status": "SUCCESSFUL"}]}"#)
            ],
            "DescribeServiceDeployments": [
                .init(
                    #"{"serviceDeployments": [{"serviceDeploymentArn": "sd", "status": "SUCCESSFUL", "deploymentCircuitBreaker": {"status": "MONITORING_COMPLETE", "failureCount": 0, "threshold": 3}}]}"#
                )
            ],
        ])
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .secondsSince1970
        let described = try decoder.decode(ECS.Service.self, from: Data(service.utf8))
        let found = try await ServiceStatusReader(aws.client, cluster: "c", stack: "nightly").read([described])
        let status = try #require(found.first)
        #expect(status.configRelease == "abc")
        #expect(status.images == [.init(container: "web", image: "app:4", digest: "sha256:4", tasks: 2)])
        #expect(status.circuitBreaker.threshold == 3)
        #expect(status.lines.contains("  circuit breaker on, with rollback, MONITORING_COMPLETE, 0 of 3 failures"))
        #expect(status.lines.contains("  image of web: app:4 sha256:4 (2 tasks)"))
        #expect(status.lines.contains("  2023-11-14T22:13:20Z has reached a steady state"))
        // The containers tell the release, so the stack is not asked.
        #expect(!aws.operations.contains("DescribeStacks"))
    }
}
