import Support
import Templates
import Testing

/// What the two Dagster templates promise to commands, and to what must outlive them.
struct DagsterTemplatesTests {
    @Test func baseGivesWhatServicesTake() throws {
        let base = try Template.embedded("dagster-base")
        let services = try Template.embedded("dagster-services")
        #expect(
            base.parameters.filter { $0.defaultValue == nil }.map(\.name) == [
                "ProjectName", "RepositoryPrefix", "BucketName", "VpcId", "SubnetIds",
            ])
        let shared = [
            "BucketName", "VpcId", "TaskSecurityGroupId", "NamespaceId", "NamespaceName", "DatabaseHost",
            "DatabasePort",
            "DatabaseName", "DatabaseUser", "DatabaseSecretArn",
        ]
        #expect(Set(base.outputs).isSuperset(of: shared))
        #expect(shared.allSatisfy { services.parameter($0) != nil })
        #expect(
            Set(base.outputs).isSuperset(of: [
                "WebserverRepositoryUri", "DaemonRepositoryUri", "UsercodeRepositoryUri", "FgctlRepositoryUri",
            ]))
    }

    @Test func servicesGiveWhatTaskAndServiceCommandsRead() throws {
        let services = try Template.embedded("dagster-services")
        let task = try Template.embedded("task")
        #expect(Set(services.outputs).isSuperset(of: task.outputs))
        #expect(
            Set(services.outputs).isSuperset(of: [
                "WebserverService", "DaemonService", "UsercodeService", "ConfigRelease",
            ]))
    }

    @Test func dataOutlivesTheStacks() throws {
        let resources =
            try Template.embedded("dagster-base").resources + Template.embedded("dagster-services").resources
        for type in ["AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::ECR::Repository", "AWS::Logs::LogGroup"] {
            let found = resources.filter { $0.type == type }
            #expect(!found.isEmpty)
            #expect(found.allSatisfy { $0.deletionPolicy == "RetainExceptOnCreate" })
        }
        #expect(resources.filter { $0.type == "AWS::RDS::DBInstance" }.map(\.deletionPolicy) == ["Snapshot"])
    }

    @Test(arguments: [
        ("base", "ProjectName", "my-dagster", true), ("base", "ProjectName", "9dagster", false),
        ("base", "DatabaseInstanceClass", "db.t4g.micro", true), ("base", "DatabaseInstanceClass", "t4g", false),
        ("base", "DatabaseStorage", "19", false), ("base", "DatabaseEngineVersion", "16.4", true),
        ("base", "DatabaseEngineVersion", "latest", false), ("base", "NamespaceName", "data.internal", true),
        ("base", "NamespaceName", "-data", false), ("services", "ConfigRelease", "abc", false),
        ("services", "ConfigRelease", String(repeating: "a", count: 64), true),
        ("services", "UsercodeVersion", "2f4c1d9", true), ("services", "UsercodeVersion", "a b", false),
        ("services", "Registry", "localhost:4566", true), ("services", "Registry", "https://x", false),
        ("services", "WebserverCidr", "10.0.0.0/8", true), ("services", "WebserverCidr", "10.0.0.0", false),
        ("services", "RunFamilyPrefix", "seventeen-letters", false), ("services", "LoadBalancer", "no", false),
    ])
    func checksValuesBeforeAnyCall(part: String, name: String, value: String, good: Bool) throws {
        let template = try Template.embedded("dagster-\(part)")
        func resolve() throws {
            _ = try ParameterValues.resolve(
                template: template, values: [GivenValue(name: name, value: value, origin: "test")],
                existing: Set(template.parameters.map(\.name)))
        }
        if good { return try resolve() }
        let failure = #expect(throws: Failure.self) { try resolve() }
        #expect(failure?.message.hasPrefix("parameter \(name) (test): '\(value)' ") == true)
    }
}
