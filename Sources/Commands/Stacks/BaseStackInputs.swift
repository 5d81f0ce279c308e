internal import AWS
internal import AWSServices
internal import Environment
internal import Stacks
internal import Support
internal import Templates

/// What the base stack of a template set is asked to be, from flags and keys; checked before the first call.
struct BaseStackInputs {
    private let session: Session
    private let template: Template
    private let explicit: [GivenValue]
    private let given: [GivenValue]
    private let tags: [CloudFormation.Tag]
    private let bucket: String
    let name: String

    init(_ session: Session, _ set: TemplateSet, explicit: [GivenValue]) throws {
        self.session = session
        let names = Names(session.settings)
        name = try names.baseStack
        template = set.base
        self.explicit = explicit
        bucket = try names.bucket
        var given = [
            GivenValue(name: "ProjectName", value: try names.stack, origin: "STACK_NAME"),
            GivenValue(name: "RepositoryPrefix", value: try names.repository, origin: "IMAGE_NAME"),
            GivenValue(name: "BucketName", value: bucket, origin: "S3_BUCKET"),
        ]
        given += session.offered([
            ("DatabaseHost", .databaseHost), ("DatabasePort", .databasePort), ("DatabaseName", .databaseName),
            ("DatabaseUser", .databaseUser), ("DatabaseSecretArn", .databaseSecretARN), ("VpcId", .vpcID),
        ])
        if let host = session.settings[.databaseHost] {
            guard session.settings[.databaseSecretARN] != nil else {
                throw Failure(
                    .usage, "DATABASE_HOST (\(host.origin)) needs DATABASE_SECRET_ARN",
                    hint: "a secret that holds {\"password\": …}; without both the base stack makes a database")
            }
            given.append(GivenValue(name: "CreateDatabase", value: "false", origin: host.origin))
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

    /// The request for the stack as it is now.
    func request(stack: CloudFormation.Stack?, account: String) async throws -> StackRequest {
        guard BaseStep(stack) == .create else { return try request(given, stack: stack) }
        let what = "create stack \(name)"
        var offered = given
        let vpc = try await ProjectStacks(session).vpc(for: what)
        offered.append(GivenValue(name: "VpcId", value: vpc.id, origin: "network stack"))
        offered.append(
            GivenValue(name: "SubnetIds", value: vpc.subnets.joined(separator: ","), origin: "network stack"))
        offered.append(try await BucketAdoption.value(bucket, owner: account, what, session))
        let prefix = try Names(session.settings).repository
        for part in ["Webserver", "Daemon", "Usercode", "Fgctl"] {
            let repository = "\(prefix)/\(part.lowercased())"
            let exists = try await ECR(session.client).describeRepository(repository) != nil
            if exists { session.say("repository \(repository) exists: it is used as it is") }
            offered.append(
                GivenValue(
                    name: "Create\(part)Repository", value: exists ? "false" : "true",
                    origin: "repository \(repository)"))
        }
        return try request(offered, stack: nil)
    }

    /// The request for a new stack, made without looking at what is there but the network.
    func rendering() async throws -> StackRequest {
        let vpc = try await ProjectStacks(session).vpc(for: "render stack \(name)")
        let network = [
            GivenValue(name: "VpcId", value: vpc.id, origin: "network stack"),
            GivenValue(name: "SubnetIds", value: vpc.subnets.joined(separator: ","), origin: "network stack"),
        ]
        return try request(given + network, stack: nil)
    }

    private func request(_ offered: [GivenValue], stack: CloudFormation.Stack?) throws -> StackRequest {
        let parameters = try StackInputs.parameters(of: template, explicit: explicit, offered: offered, stack: stack)
        return StackRequest(name: name, template: template, parameters: parameters, tags: tags)
    }
}
