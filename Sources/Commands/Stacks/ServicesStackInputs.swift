internal import AWS
internal import AWSServices
internal import Environment
internal import Stacks
internal import Support
internal import Templates

/// What the services' stack of a template set is asked to be, from flags, keys and VERSION; checked before the first call.
struct ServicesStackInputs {
    private static let outputs = [
        "BucketName", "VpcId", "TaskSecurityGroupId", "NamespaceId", "NamespaceName", "DatabaseHost", "DatabasePort",
        "DatabaseName", "DatabaseUser", "DatabaseSecretArn",
    ]
    let session: Session
    private let template: Template
    private let explicit: [GivenValue]
    let given: [GivenValue]
    private let tags: [CloudFormation.Tag]
    private let asked: ImageVersion?
    let name: String

    init(_ session: Session, _ set: TemplateSet, explicit: [GivenValue], _ asked: ImageVersion?) throws {
        self.session = session
        self.asked = asked
        let names = Names(session.settings)
        name = try names.stack
        _ = try names.scheduleGroup
        template = set.services
        self.explicit = explicit
        var given = session.offered([
            ("LogRetentionDays", .logRetentionDays), ("DeadLetterArn", .deadLetterARN),
            ("PermissionsBoundary", .permissionsBoundary), ("WebserverCidr", .vpcCIDR),
        ])
        given += try TaskInputs.platformAndBucket(session).filter {
            $0.name == "Architecture" && session.settings[.platform] != nil
        }
        if let assign = try session.settings.bool(.assignPublicIP) {
            let value = assign ? "ENABLED" : "DISABLED"
            given.append(GivenValue(name: "AssignPublicIp", value: value, origin: "ASSIGN_PUBLIC_IP"))
        }
        if let subnets = session.settings[.subnets] {
            let list = session.settings.list(.subnets).joined(separator: ",")
            given.append(GivenValue(name: "SubnetIds", value: list, origin: subnets.origin))
        }
        self.given = given
        let network = session.settings[.parentStackName] == nil ? nil : try names.parentStack
        tags = try StackInputs.tags(
            stack: name, environmentName: session.environmentName, user: try session.settings.tags(), network: network)
        try StackInputs.check(of: template, explicit: explicit, offered: given)
    }

    // MARK: Parts

    /// VERSION with its blank, as commands take it; a tag that does not look like one goes by its flag.
    var version: String {
        asked.map { ImageVersion($0.text) == nil ? " --image-version \($0)" : " \($0)" } ?? ""
    }

    func images(_ account: String) async throws -> ServicesImages {
        let registry = try Names(session.settings).registry(
            account: account, region: try await session.client.region)
        return try ServicesImages(session, asked, registry: registry)
    }

    func offered(_ base: CloudFormation.Stack) -> [GivenValue] {
        Self.outputs.map { GivenValue(name: $0, value: base.output($0) ?? "", origin: "stack \(base.stackName)") }
    }

    func request(_ offered: [GivenValue], stack: CloudFormation.Stack?) throws -> StackRequest {
        var offered = offered
        offered += try TaskInputs.size(session, template, explicit: explicit, stack: stack)
        let sizes = Self.sizes(of: template, explicit, stack: stack)
        for (cpu, memory) in sizes { _ = try FargateSize.validate(cpu: cpu, memory: memory) }
        let parameters = try StackInputs.parameters(of: template, explicit: explicit, offered: offered, stack: stack)
        return StackRequest(
            name: name, template: template, parameters: parameters, tags: tags, updateVersion: version)
    }

    /// The sizes of a template's services, `PARTCpu` with `PARTMemory`, where one of them is given.
    private static func sizes(
        of template: Template, _ explicit: [GivenValue], stack: CloudFormation.Stack?
    ) -> [(cpu: String, memory: String)] {
        func value(_ name: String) -> String {
            explicit.first { $0.name == name }?.value ?? stack?.parameter(name)
                ?? template.parameter(name)?.defaultValue ?? ""
        }
        let parts = template.parameters.filter { $0.name.hasSuffix("Cpu") && $0.name != "Cpu" }.map {
            $0.name.dropLast(3)
        }
        return parts.filter { part in explicit.contains { $0.name == part + "Cpu" || $0.name == part + "Memory" } }
            .map { (value($0 + "Cpu"), value($0 + "Memory")) }
    }
}
