internal import AWS
internal import AWSServices
internal import Environment
internal import Images
internal import Support
internal import Templates

/// What fgctl knows of the parameters of a task's stack.
enum TaskInputs {
    /// Whether both of the pair are given, by key or by `--parameter`.
    static func isSizeGiven(_ session: Session, _ explicit: [GivenValue]) -> Bool {
        given("Cpu", .cpu, session, explicit) != nil && given("Memory", .memory, session, explicit) != nil
    }

    /// CPU and memory, checked as the pair that Fargate wants.
    ///
    /// - Parameters:
    ///   - explicit: the values of `--parameter`, which win over the keys.
    ///   - stack: whose value stands for the one that is not given; `nil`: the template's default.
    static func size(
        _ session: Session, _ template: Template, explicit: [GivenValue], stack: CloudFormation.Stack? = nil
    ) throws -> [GivenValue] {
        let cpu = given("Cpu", .cpu, session, explicit)
        let memory = given("Memory", .memory, session, explicit)
        // A template of the user's own may give one of the names another meaning.
        let isPair = template.parameter("Cpu") != nil && template.parameter("Memory") != nil
        guard isPair ? cpu != nil || memory != nil : session.settings[.cpu] != nil || session.settings[.memory] != nil
        else { return [] }
        func fallback(_ name: String) -> String {
            stack?.parameter(name) ?? template.parameter(name)?.defaultValue ?? ""
        }
        let size = try FargateSize.validate(
            cpu: cpu?.value ?? fallback("Cpu"), memory: memory?.value ?? fallback("Memory"))
        return [
            GivenValue(name: "Cpu", value: String(size.cpu), origin: cpu?.origin ?? "the template"),
            GivenValue(name: "Memory", value: String(size.memory), origin: memory?.origin ?? "the template"),
        ]
    }

    private static func given(
        _ name: String, _ key: Key, _ session: Session, _ explicit: [GivenValue]
    ) -> GivenValue? {
        explicit.first { $0.name == name }
            ?? session.settings[key].map { GivenValue(name: name, value: $0.value, origin: $0.origin) }
    }

    /// The CPU architecture that the image is built for, and the bucket.
    static func platformAndBucket(_ session: Session) throws -> [GivenValue] {
        let platform = session.settings[.platform]
        guard let named = ImagePlatform(platform?.value ?? ImagePlatform.amd64.rawValue) else {
            throw session.settings.invalid(
                .platform, "is no platform of Fargate", hint: "linux/amd64 or linux/arm64")
        }
        let architecture =
            switch named {
            case .amd64: "X86_64"
            case .arm64: "ARM64"
            }
        var values = [GivenValue(name: "Architecture", value: architecture, origin: platform?.origin ?? "default")]
        if let bucket = session.settings[.bucket] {
            values.append(
                GivenValue(name: "BucketName", value: try Names(session.settings).bucket, origin: bucket.origin))
        }
        return values
    }

    /// The image, which must be in its repository: a stack on a missing image can't start anything.
    ///
    /// - Parameter looks: `false` takes the version that was asked for as given.
    static func image(
        _ asked: ImageVersion?, account: String, _ session: Session, looks: Bool = true
    ) async throws -> [GivenValue] {
        let names = Names(session.settings)
        let registry = try names.registry(account: account, region: try await session.client.region)
        let repository = try names.repository
        let version: ImageVersion
        if let asked, !looks {
            version = asked
        } else {
            version = try await ECRRegistry(session.client).require(asked, in: repository)
        }
        let uri = try names.imageURI(version: version, registry: registry)
        return [
            GivenValue(name: "ImageUri", value: uri, origin: "IMAGE_NAME and VERSION"),
            GivenValue(name: "RepositoryName", value: repository, origin: "IMAGE_NAME"),
        ]
    }

    /// A log group that an earlier stack of the name left behind is used as it is.
    static func logGroup(_ session: Session, _ template: Template) async throws -> [GivenValue] {
        guard template.parameter("CreateLogGroup") != nil else { return [] }
        let name = try Names(session.settings).logGroup
        let exists = try await CloudWatchLogs(session.client).hasLogGroup(name)
        if exists { session.say("log group \(name) exists: it is used as it is") }
        return [GivenValue(name: "CreateLogGroup", value: exists ? "false" : "true", origin: "log group \(name)")]
    }
}
