internal import AWS
internal import AWSServices
internal import ArgumentParser
internal import Environment
internal import Stacks
internal import Support
internal import Templates

struct CreateVPC: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "cf-create-vpc", abstract: "Creates the network stack: VPC, subnets, security group, bucket.",
        usage: "fgctl cf-create-vpc [ENV] [options]",
        discussion: """
            The stack is named by PARENT_STACK_NAME, its bucket by S3_BUCKET; several task stacks may share both. A bucket of \
            that name that the account has already is used as it is.
            """)

    @Argument(help: ArgumentHelp("Env file (see --env-file).", valueName: "env"))
    var env: String?
    @OptionGroup(title: "Stack options") var stackOptions: StackOptions
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: env.map { [$0] } ?? [], needs: 0...0) }

    func run(_ session: Session, _ words: [String]) async throws {
        let names = Names(session.settings)
        let name = try names.parentStack
        let template = try stackOptions.readTemplate(session, key: .parentTemplate, default: "network")
        let explicit = try stackOptions.explicit()
        var offered = session.offered([("VpcCidr", .vpcCIDR)])
        if session.settings[.bucket] != nil {
            offered.append(
                GivenValue(
                    name: "BucketName", value: try names.bucket,
                    origin: session.settings[.bucket]?.origin ?? "S3_BUCKET"))
        }
        let tags = try StackInputs.tags(
            stack: name, environmentName: session.environmentName, user: try session.settings.tags())
        try StackInputs.check(of: template, explicit: explicit, offered: offered)
        let account = try await session.announce("create network stack", stack: name)
        let stack = try await CloudFormation(session.client).describeStack(name)
        if stack?.stackStatus.isSettled != true, let bucket = offered.first(where: { $0.name == "BucketName" }) {
            offered.append(try await adoption(of: bucket.value, owner: account, session))
        }
        let parameters = try StackInputs.parameters(of: template, explicit: explicit, offered: offered, stack: stack)
        try await session.create(
            StackRequest(
                name: name, template: template, parameters: parameters, tags: tags, updateCommand: "cf-update-vpc"),
            account: account)
    }

    /// Whether the stack is to create the bucket, or to use one that is there.
    private func adoption(of bucket: String, owner: String, _ session: Session) async throws -> GivenValue {
        let state = try await S3(session.client).headBucket(bucket, expectedOwner: owner)
        switch state {
        case .missing:
            return GivenValue(name: "CreateBucket", value: "true", origin: "no such bucket")
        case .usable:
            session.say("bucket \(bucket) exists in this account: it is used as it is")
            return GivenValue(name: "CreateBucket", value: "false", origin: "bucket exists")
        case .forbidden:
            throw Failure(
                .failed,
                "create network stack: bucket \(bucket) exists and belongs to another account, or you may not see it",
                hint: "bucket names are global: choose another S3_BUCKET")
        case .otherRegion:
            throw Failure(
                .failed, "create network stack: bucket \(bucket) exists in another region",
                hint: "choose another S3_BUCKET, or the region it is in")
        }
    }
}
