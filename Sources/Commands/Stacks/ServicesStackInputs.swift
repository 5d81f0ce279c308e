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

    init(_ session: Session, _ set: TemplateSet, explicit: [GivenValue], _ asked: ImageVersion?, updating: Bool) throws
    {
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
        // A service's other half may be the stack's; both at once can be judged here.
        try Self.checkSizes(of: template, explicit, stack: nil, onlyPairs: updating)
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
        try Self.checkSizes(of: template, explicit, stack: stack, onlyPairs: false)
        let parameters = try StackInputs.parameters(of: template, explicit: explicit, offered: offered, stack: stack)
        return StackRequest(
            name: name, template: template, parameters: parameters, tags: tags, updateVersion: version)
    }

    /// Checks the sizes of a template's services, `PARTCpu` with `PARTMemory`, where one of them is given.
    private static func checkSizes(
        of template: Template, _ explicit: [GivenValue], stack: CloudFormation.Stack?, onlyPairs: Bool
    ) throws {
        func given(_ name: String) -> String? { explicit.first { $0.name == name }?.value }
        func value(_ name: String) -> String {
            given(name) ?? stack?.parameter(name) ?? template.parameter(name)?.defaultValue ?? ""
        }
        for name in template.parameters.map(\.name) where name.hasSuffix("Cpu") && name != "Cpu" {
            let memory = String(name.dropLast(3)) + "Memory"
            let count = (given(name) == nil ? 0 : 1) + (given(memory) == nil ? 0 : 1)
            guard count == 2 || count == 1 && !onlyPairs else { continue }
            _ = try FargateSize.validate(cpu: value(name), memory: value(memory))
        }
    }
}
