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

    /// While a deployment is under way tasks of two revisions run.
    @Test func imagesOfTheTaskDefinitionThatIsToRun() async throws {
        func task(_ id: String, _ revision: Int) throws -> ECS.Task {
            try JSONDecoder().decode(
                ECS.Task.self,
                from: Data(
                    #"""
                    {"taskArn": "\#(id)", "taskDefinitionArn": "web:\#(revision)", "lastStatus": "RUNNING",
                     "containers": [{"name": "web", "image": "app:\#(revision)", "imageDigest": "sha256:\#(revision)"}]}
                    """#.utf8))
        }
        let service = try JSONDecoder().decode(
            ECS.Service.self, from: Data(#"{"serviceName": "web", "taskDefinition": "web:2", "deployments": []}"#.utf8))
        var details = ServiceStatus.Details()
        details.tasks = try [task("1", 1), task("2", 2)]
        let status = ServiceStatus(service, cluster: "c", details)
        #expect(status.images.count == 2)
        #expect(status.currentImages.map(\.digest) == ["sha256:2"])
    }

    // MARK: What failed

    private func failedImages(_ deployments: String, circuit: String = "") async throws -> [FailedImages.Image] {
        func revision(_ id: String) -> String {
            #"{"serviceRevisionArn": "\#(id)", "containerImages": [{"containerName": "web", "image": "app:\#(id)", "imageDigest": "sha256:\#(id)"}, {"containerName": "config", "image": "fgctl:1"}]}"#
        }
        let aws = StubAWS([
            "ListServiceDeployments": [.init(#"{"serviceDeployments": [\#(deployments)]}"#)],
            "DescribeServiceDeployments": [.init(#"{"serviceDeployments": [\#(circuit)]}"#)],
            "DescribeServiceRevisions": [
                .init(#"{"serviceRevisions": [\#(["3", "2", "1"].map(revision).joined(separator: ","))]}"#)
            ],
        ])
        return try await FailedImages.read("web", cluster: "c", container: "web", client: aws.client)
    }

    private static func deployment(_ status: String, of revision: Int, at: Int) -> String {
        #"{"serviceDeploymentArn": "sd\#(at)", "status": "\#(status)", "targetServiceRevisionArn": "\#(revision)", "createdAt": \#(at)}"#
    }

    @Test func imagesWhoseDeploymentFailed() async throws {
        let first = Self.deployment("SUCCESSFUL", of: 1, at: 1)
        let bad = Self.deployment("ROLLBACK_SUCCESSFUL", of: 3, at: 5)
        #expect(try await failedImages("\(bad), \(first)").map(\.image) == ["app:3"])
        #expect(try await failedImages("\(bad), \(first)").first?.digest == "sha256:3")
        // It ran well later.
        let later = Self.deployment("SUCCESSFUL", of: 3, at: 6)
        #expect(try await failedImages("\(later), \(bad), \(first)").isEmpty)
        // Another deployment took its place: because its tasks failed, or before they could.
        let stopped = Self.deployment("STOPPED", of: 2, at: 4)
        let failing = #"{"serviceDeploymentArn": "sd4", "deploymentCircuitBreaker": {"failureCount": 2}}"#
        let fine = #"{"serviceDeploymentArn": "sd4", "deploymentCircuitBreaker": {"failureCount": 0}}"#
        #expect(try await failedImages("\(stopped), \(first)", circuit: failing).map(\.wasRolledBack) == [false])
        #expect(try await failedImages("\(stopped), \(first)", circuit: fine).isEmpty)
        #expect(try await failedImages(first).isEmpty)
    }
}
