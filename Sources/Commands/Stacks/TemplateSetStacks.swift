internal import AWSServices
internal import Environment
internal import Flows
internal import Stacks
internal import Support

/// The two stacks of a template set, brought to what is asked: the base first, the services on it second.
struct TemplateSetStacks {
    private let session: Session
    private let options: StackOptions
    private let cloudFormation: CloudFormation
    let base: BaseStackInputs
    let services: ServicesStackInputs

    init(
        _ session: Session, _ set: TemplateSet, _ options: StackOptions, _ asked: ImageVersion?,
        updating: Bool = false
    ) throws {
        self.session = session
        self.options = options
        cloudFormation = CloudFormation(session.client)
        let explicit = try set.divided(try options.explicit(session))
        base = try BaseStackInputs(session, set, explicit: explicit.base)
        services = try ServicesStackInputs(session, set, explicit: explicit.services, asked, updating: updating)
    }

    /// Creates what is not there. The base is brought up to date where it is; services are begun only when all that they
    /// need to start is there, since CloudFormation waits for them.
    func create() async throws {
        let account = try await session.announce("create stacks of", stack: services.name)
        let found = try await cloudFormation.describeStack(base.name)
        let request = try await base.request(stack: found, account: account)
        let stack: CloudFormation.Stack
        switch BaseStep(found) {
        case .create:
            let made = try await session.created(request, found: found, account: account, options: options)
            guard let made else {
                return session.say("then stack \(services.name), once images and a config release are there")
            }
            stack = made.stack
        case .bringUpToDate:
            stack = try await session.updated(
                request, found: found, account: account, options: StackUpdater.Options()
            ).stack
        }
        let existing = try await cloudFormation.describeStack(services.name)
        let wanted = try await services.creation(base: stack, stack: existing, account: account)
        try await session.create(wanted, found: existing, account: account, options: options)
    }

    func update(_ updateOptions: StackUpdater.Options) async throws {
        let account = try await session.announce("update stacks of", stack: services.name)
        let (found, existing) = (try await require(base.name), try await require(services.name))
        let request = try await base.request(stack: found, account: account)
        let (stack, _) = try await session.updated(request, found: found, account: account, options: updateOptions)
        let wanted = try await services.change(base: stack, stack: existing, account: account)
        try await session.update(wanted, found: existing, account: account, options: updateOptions) { stack in
            let network = try await ProjectStacks(session).networkIfKnown(of: stack, for: "check schedules")
            return try await SchedulesAfterChange(session.client) { session.say($0) }.align(stack, network: network)
        }
    }

    /// What a new stack of the services would be made of.
    func rendering(account: String) async throws -> StackRequest {
        try await services.creation(base: try await require(base.name), stack: nil, account: account)
    }

    private func require(_ name: String) async throws -> CloudFormation.Stack {
        guard let stack = try await cloudFormation.describeStack(name), stack.stackStatus != .reviewInProgress else {
            throw Failure(.failed, "stack \(name) does not exist", hint: "create it with 'fgctl cf-create-stack'")
        }
        return stack
    }
}
