package import Environment
internal import Support

/// What the settings say about the project's image, checked.
package struct ImageProject: Sendable {
    /// The ECR repository: IMAGE_NAME.
    package var repository: String
    /// The registry's host: REGISTRY_URL, else ECR of account and region.
    package var registry: String
    package var platform: ImagePlatform
    /// Absolute path.
    package var dockerfile: String
    /// Absolute path of the folder that is sent to the engine.
    package var context: String
    /// `NAME=VALUE`, or `NAME` for the variable of the environment.
    package var buildArguments: [String]
    /// What the image's label says it was made from; `nil` for no label.
    package var gitRevision: String?
    /// Tags of a repository that has to be made.
    package var tags: [(String, String)]

    package init(
        repository: String, registry: String, platform: ImagePlatform, dockerfile: String, context: String,
        buildArguments: [String] = [], gitRevision: String? = nil, tags: [(String, String)] = []
    ) {
        self.repository = repository
        self.registry = registry
        self.platform = platform
        self.dockerfile = dockerfile
        self.context = context
        self.buildArguments = buildArguments
        self.gitRevision = gitRevision
        self.tags = tags
    }

    /// Reads the project's image from its settings.
    /// - Parameters:
    ///   - region: the region in use.
    ///   - account: the account that the credentials belong to; asked for only when the registry's name needs it.
    /// - Throws: `Failure` `.usage` or `.badInput` for a key that is missing or can't be used, and for a REGISTRY_URL in
    ///   ECR of another account or region than the one that would be asked.
    package static func read(
        _ settings: ProjectSettings, region: String, account: () async throws -> String
    ) async throws -> ImageProject {
        let names = Names(settings)
        let repository = try names.repository
        let platform = settings.value(.platform) ?? ImagePlatform.amd64.rawValue
        guard let platform = ImagePlatform(platform) else {
            throw settings.invalid(
                .platform, "is no platform of Fargate", hint: "linux/amd64 or linux/arm64")
        }
        let given = settings.value(.registryURL) == nil ? nil : try names.registry(account: "", region: region)
        if let ecr = given.flatMap({ RegistryHost($0).ecr }) {
            guard ecr.region == region else {
                throw settings.invalid(.registryURL, "is in region \(ecr.region), but the region in use is \(region)")
            }
            let account = try await account()
            guard ecr.account == account else {
                throw settings.invalid(
                    .registryURL, "belongs to account \(ecr.account), but the credentials to \(account)",
                    hint: "leave REGISTRY_URL out: it follows from account and region")
            }
        }
        let registry: String
        if let given {
            registry = given
        } else {
            registry = try names.registry(account: try await account(), region: region)
        }
        let context = settings.path(.dockerContext) ?? settings.root
        return ImageProject(
            repository: repository, registry: registry, platform: platform,
            dockerfile: settings.path(.dockerfile) ?? PathText.join(context, "Dockerfile"), context: context,
            buildArguments: try settings.buildArgs(), gitRevision: settings.value(.gitRev),
            tags: [("fgctl:created-by", "docker-push")] + (try settings.tags()))
    }

    /// `REGISTRY/IMAGE_NAME`.
    package var fullRepository: String { "\(registry)/\(repository)" }

    /// `REGISTRY/IMAGE_NAME:VERSION`.
    package func reference(_ version: ImageVersion) -> String { "\(fullRepository):\(version)" }
}
