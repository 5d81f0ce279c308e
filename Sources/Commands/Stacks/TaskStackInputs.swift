internal import AWSServices
internal import Environment
internal import Images
internal import Stacks
internal import Support
internal import Templates

/// What the task's stack is asked to be, from flags, keys and VERSION; checked before the first call.
struct TaskStackInputs {
    private let session: Session
    let template: Template
    private let explicit: [GivenValue]
    private let given: [GivenValue]
    private let tags: [CloudFormation.Tag]
    private let asked: ImageVersion?
    /// Whether the image is none of this change.
    private let keepsImage: Bool
    let name: String

    /// - Parameter updating: what is not given stays as it is, VERSION included.
    init(_ session: Session, _ options: StackOptions, _ asked: ImageVersion?, updating: Bool) throws {
        self.session = session
        self.asked = asked
        let names = Names(session.settings)
        name = try names.stack
        let template = try options.readTemplate(session, key: .template, default: "task")
        self.template = template
        explicit = try options.explicit(session)
        var given = session.offered([
            ("LogRetentionDays", .logRetentionDays), ("EphemeralStorage", .ephemeralStorage),
            ("DeadLetterArn", .deadLetterARN), ("PermissionsBoundary", .permissionsBoundary),
        ])
        let platform = try TaskInputs.platformAndBucket(session)
        given +=
            updating && session.settings[.platform] == nil ? platform.filter { $0.name != "Architecture" } : platform
        self.given = given
        // A template of the user's own may have nothing to do with the image.
        let takesImage = template.parameter("ImageUri") != nil || template.parameter("RepositoryName") != nil
        keepsImage = asked == nil && (updating || !takesImage)
        let network = session.settings[.parentStackName] == nil ? nil : try names.parentStack
        tags = try StackInputs.tags(
            stack: name, environmentName: session.environmentName, user: try session.settings.tags(), network: network)
        if !keepsImage { _ = try names.repository }
        // Of an update that names one of CPU and memory the other is the stack's.
        let size =
            updating && !TaskInputs.isSizeGiven(session, explicit)
            ? [] : try TaskInputs.size(session, template, explicit: explicit)
        try StackInputs.check(of: template, explicit: explicit, offered: given + size)
    }

    /// The request for the stack as it is now; the image must be in its repository.
    func request(stack: CloudFormation.Stack?, account: String) async throws -> StackRequest {
        var offered = try given + TaskInputs.size(session, template, explicit: explicit, stack: stack)
        if !keepsImage { offered += try await TaskInputs.image(asked, account: account, session) }
        if stack == nil || stack?.stackStatus.isSettled != true && !isUpdatable(stack) {
            offered += try await TaskInputs.logGroup(session, template)
        }
        return try request(offered, stack: stack)
    }

    /// The request for a new stack, made without looking at what is there.
    func rendering(account: String, region: String) async throws -> StackRequest {
        var offered = try given + TaskInputs.size(session, template, explicit: explicit)
        if !keepsImage { offered += try await TaskInputs.image(asked, account: account, session, looks: asked == nil) }
        return try request(offered, stack: nil)
    }

    private func request(_ offered: [GivenValue], stack: CloudFormation.Stack?) throws -> StackRequest {
        let parameters = try StackInputs.parameters(of: template, explicit: explicit, offered: offered, stack: stack)
        // A tag that does not look like a version goes by its flag.
        let version = asked.map { ImageVersion($0.text) == nil ? " --image-version \($0)" : " \($0)" } ?? ""
        return StackRequest(
            name: name, template: template, parameters: parameters, tags: tags, updateVersion: version)
    }

    /// Whether an update can start from this state, so that the stack's own values stand.
    private func isUpdatable(_ stack: CloudFormation.Stack?) -> Bool {
        stack?.stackStatus.rawValue.hasPrefix("UPDATE_") == true
    }
}
