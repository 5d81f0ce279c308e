import Support
import Templates
import Testing

/// What a stack costs while nobody uses it, from the template and its parameters alone.
struct CostEstimateTests {
    private static func template(_ body: String) throws -> Template { try Template(name: "test", body: body) }

    private static func cents(_ estimate: CostEstimate) -> [String: Int] {
        Dictionary(
            estimate.items.map { ("\($0.logicalID) \($0.what)", $0.monthly.map { Int(($0 * 100).rounded()) } ?? -1) },
            uniquingKeysWith: { $0 + $1 })
    }

    @Test func aNetworkOfFgctlCostsNothingByTheHour() throws {
        let estimate = CostEstimate(try Template.embedded("network"), parameters: ["BucketName": "files"])
        #expect(estimate.items.isEmpty)
        #expect(estimate.lines.isEmpty)
        #expect(CostEstimate(try Template.embedded("task"), parameters: [:]).items.isEmpty)
    }

    @Test func aNetworkWithANATGatewayDoes() throws {
        let template = try Self.template(
            """
            Parameters:
              Private: {Type: String, Default: "no"}
            Conditions:
              IsPrivate: !Equals [!Ref Private, "yes"]
            Resources:
              Address: {Type: "AWS::EC2::EIP", Condition: IsPrivate}
              Gateway: {Type: "AWS::EC2::NatGateway", Condition: IsPrivate}
              Endpoint:
                Type: AWS::EC2::VPCEndpoint
                Properties: {VpcEndpointType: Interface, SubnetIds: [a, b, !If [IsPrivate, c, !Ref "AWS::NoValue"]]}
              Free:
                Type: AWS::EC2::VPCEndpoint
                Properties: {VpcEndpointType: Gateway}
            """)
        #expect(Self.cents(CostEstimate(template, parameters: [:])) == ["Endpoint interface endpoint in 2 zones": 1460])
        let estimate = CostEstimate(template, parameters: ["Private": "yes"])
        #expect(
            Self.cents(estimate) == [
                "Address public address": 365, "Gateway NAT gateway": 3285,
                "Endpoint interface endpoint in 3 zones": 2190,
            ])
        #expect(estimate.lines.first?.contains("us-east-1 as of 2026-06") == true)
        #expect(estimate.lines.last == "  in all about 58.40; other regions differ, use comes on top")
        #expect(estimate.lines.contains("  Gateway   NAT gateway                    32.85"))
    }

    @Test func theDagsterBaseIsItsDatabase() throws {
        let base = try Template.embedded("dagster-base")
        #expect(
            Self.cents(CostEstimate(base, parameters: [:])) == [
                "Namespace DNS zone": 50, "DatabaseSecret secret": 40, "Database database db.t4g.micro": 1168,
                "Database database storage 20 GB": 230,
            ])
        let big = CostEstimate(
            base,
            parameters: ["DatabaseMultiAz": "true", "DatabaseInstanceClass": "db.m6g.large", "DatabaseStorage": "100"])
        #expect(Self.cents(big)["Database database db.m6g.large, two zones"] == 23214)
        #expect(Self.cents(big)["Database database storage 100 GB, two zones"] == 2300)
        let unknown = CostEstimate(base, parameters: ["DatabaseInstanceClass": "db.x9.huge"])
        #expect(Self.cents(unknown)["Database database db.x9.huge"] == -1)
        #expect(unknown.lines.last?.contains(", and what is unknown here; ") == true)
        let own = CostEstimate(base, parameters: ["CreateDatabase": "false", "CreateNamespace": "false"])
        #expect(own.items.isEmpty)
    }

    @Test func theDagsterServicesAreTheirTasksAndTheLoadBalancer() throws {
        let services = try Template.embedded("dagster-services")
        let estimate = Self.cents(CostEstimate(services, parameters: [:]))
        #expect(estimate["InternalLoadBalancer application load balancer"] == 1643)
        for name in ["Webserver", "Daemon", "Usercode"] {
            #expect(estimate["\(name)Service Fargate task, 0.5 vCPU, 1 GB"] == 1802)
            #expect(estimate["\(name)Service public address"] == 365)
        }
        #expect(estimate.count == 7)
        let small = Self.cents(
            CostEstimate(
                services,
                parameters: [
                    "LoadBalancer": "false", "AssignPublicIp": "DISABLED", "Architecture": "ARM64", "DaemonCpu": "256",
                    "DaemonMemory": "512",
                ]))
        #expect(small.count == 3)
        #expect(small["DaemonService Fargate task, 0.25 vCPU, 0.5 GB"] == 721)
    }

    @Test func whatOnlyAWSKnowsCountsAsThere() throws {
        let template = try Self.template(
            """
            Conditions:
              InEurope: !Equals [!Ref "AWS::Region", eu-west-1]
              Never: !And [!Equals [a, b], !Condition InEurope]
              Round: !Not [!Condition Round]
            Resources:
              One: {Type: "AWS::EC2::NatGateway", Condition: InEurope}
              Two: {Type: "AWS::EC2::NatGateway", Condition: Never}
              Three: {Type: "AWS::EC2::NatGateway", Condition: Round}
            """)
        #expect(CostEstimate(template, parameters: [:]).items.map(\.logicalID) == ["One", "Three"])
    }
}
