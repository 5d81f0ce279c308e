import AWSServices
import FoundationEssentials
import Support
import Tasks
import Testing
import YAML

struct TaskExtrasTests {
    private static func base() -> ECS.RunTaskRequest {
        var request = ECS.RunTaskRequest(taskDefinition: "arn:td:3", clientToken: "token")
        request.cluster = "c"
        request.launchType = "FARGATE"
        var container = ECS.ContainerOverride(name: "main")
        container.environment = [.init(name: "A", value: "1"), .init(name: "B", value: "2")]
        var overrides = ECS.TaskOverride()
        overrides.containerOverrides = [container]
        request.overrides = overrides
        request.networkConfiguration = .init(
            awsvpcConfiguration: .init(subnets: ["s-1"], securityGroups: ["g-1"], assignPublicIp: "ENABLED"))
        return request
    }

    private func merge(_ text: String) throws -> ECS.RunTaskRequest {
        try TaskExtras(YAMLNode(parsing: text, file: "extras.yml")).merged(into: Self.base(), container: "main")
    }

    /// Ruby's spelling, AWS's, and JSON: the same request.
    @Test(arguments: [
        """
        platform_version: 1.4.0
        enable_ecs_managed_tags: true
        network_configuration: {awsvpc_configuration: {assign_public_ip: DISABLED}}
        overrides:
          cpu: 512
          container_overrides:
            - environment: [{name: B, value: "3"}, {name: C, value: x}]
              memory_reservation: 64
        """,
        #"""
        {"platformVersion": "1.4.0", "enableECSManagedTags": true,
         "networkConfiguration": {"awsvpcConfiguration": {"assignPublicIp": "DISABLED"}},
         "overrides": {"cpu": "512", "containerOverrides": [{"name": "main", "memoryReservation": 64,
           "environment": [{"name": "B", "value": "3"}, {"name": "C", "value": "x"}]}]}}
        """#,
    ]) func mergesOverTheRequest(_ text: String) throws {
        let request = try merge(text)
        #expect(request.platformVersion == "1.4.0")
        #expect(request.enableECSManagedTags == true)
        #expect(request.networkConfiguration?.awsvpcConfiguration?.assignPublicIp == "DISABLED")
        #expect(request.networkConfiguration?.awsvpcConfiguration?.subnets == ["s-1"])
        #expect(request.overrides?.cpu == "512")
        let container = try #require(request.overrides?.containerOverrides?.first)
        #expect(request.overrides?.containerOverrides?.count == 1)
        #expect(container.memoryReservation == 64)
        #expect(
            container.environment == [
                .init(name: "A", value: "1"), .init(name: "B", value: "3"), .init(name: "C", value: "x"),
            ])
    }

    @Test func aStrategyTakesTheLaunchTypeAway() throws {
        let request = try merge("capacity_provider_strategy: [{capacity_provider: FARGATE_SPOT, weight: 1}]")
        #expect(request.launchType == nil)
        #expect(request.capacityProviderStrategy?.first?.capacityProvider == "FARGATE_SPOT")
    }

    @Test(arguments: [
        ("overrides:\n  container_override: []\n", "extras.yml:2:3", "containerOverrides"),
        ("cpus: 1", "extras.yml:1:1", "RunTask has no field 'cpus'"),
        ("count: many", "extras.yml:1:8", "whole number"),
        ("enable_execute_command: 'yes'", "extras.yml:1:25", "true or false"),
        ("tags: {a: b}", "extras.yml:1:7", "a list"),
        ("launchType: EC2\nlaunch_type: EC2", "extras.yml:2:1", "twice"),
        ("client_token: mine", "extras.yml:1:15", "--run-id"),
        ("- 1", "extras.yml:1:1", "a list"),
    ]) func refusesWithThePlace(_ text: String, _ place: String, _ says: String) throws {
        let failure = #expect(throws: Failure.self) { try merge(text) }
        #expect(failure?.kind == .badInput)
        let text = failure?.description ?? ""
        #expect(text.hasPrefix(place + ":"))
        #expect(text.contains(says))
    }
}

struct TaskNetworkTests {
    @Test func readsBase64() throws {
        let text = Data(#"{"awsvpcConfiguration": {"subnets": ["s-1"], "securityGroups": ["g-1"]}}"#.utf8)
            .base64EncodedString()
        #expect(try TaskNetwork.decode(text, origin: "env/default:3").subnets == ["s-1"])
    }

    @Test(arguments: ["{}", "!!", "e30=", "eyJhd3N2cGNDb25maWd1cmF0aW9uIjogeyJzdWJuZXRzIjogW119fQ=="])
    func refusesOthers(_ text: String) {
        let failure = #expect(throws: Failure.self) { try TaskNetwork.decode(text, origin: "env/default:3") }
        #expect(failure?.kind == .badInput)
        #expect(failure?.message.hasPrefix("env/default:3: ECS_NETWORK_CONFIG ") == true)
    }
}
