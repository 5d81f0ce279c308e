internal import AWS
internal import AWSServices
internal import Environment
internal import Stacks
internal import Support
internal import Templates

/// What the network stack is asked to be, from flags and keys; checked before the first call.
struct NetworkStackInputs {
    private let session: Session
    private let template: Template
    private let explicit: [GivenValue]
    private let given: [GivenValue]
    private let tags: [CloudFormation.Tag]
    let name: String

    init(_ session: Session, _ options: StackOptions) throws {
        self.session = session
        let names = Names(session.settings)
        name = try names.parentStack
        template = try options.readTemplate(session, key: .parentTemplate, default: "network")
        explicit = try options.explicit()
        var given = session.offered([("VpcCidr", .vpcCIDR)])
        if let bucket = session.settings[.bucket] {
            given.append(GivenValue(name: "BucketName", value: try names.bucket, origin: bucket.origin))
        }
        self.given = given
        tags = try StackInputs.tags(
            stack: name, environmentName: session.environmentName, user: try session.settings.tags())
        try StackInputs.check(of: template, explicit: explicit, offered: given)
    }

    /// The request for the stack as it is now.
    func request(stack: CloudFormation.Stack?, account: String) async throws -> StackRequest {
        var offered = given
        let isNew = stack?.stackStatus.isSettled != true && stack?.stackStatus.rawValue.hasPrefix("UPDATE_") != true
        if isNew, let bucket = given.first(where: { $0.name == "BucketName" }) {
            offered.append(
                try await BucketAdoption.value(bucket.value, owner: account, "create network stack", session))
        }
        return try request(offered, stack: stack)
    }

    /// The request for a new stack, made without looking at what is there.
    func rendering() throws -> StackRequest { try request(given, stack: nil) }

    private func request(_ offered: [GivenValue], stack: CloudFormation.Stack?) throws -> StackRequest {
        let parameters = try StackInputs.parameters(of: template, explicit: explicit, offered: offered, stack: stack)
        return StackRequest(
            name: name, template: template, parameters: parameters, tags: tags, updateCommand: "cf-update-vpc")
    }
}
