package import AWS
internal import AWSServices
internal import FoundationEssentials
internal import Support

/// The registry of images in Amazon ECR.
package struct ECRRegistry: ImageRegistry {
    private let ecr: ECR

    package init(_ client: AWSClient) { ecr = ECR(client) }

    package func repository(_ name: String) async throws -> RegistryRepository? {
        try await ecr.describeRepository(name).map(Self.repository)
    }

    package func createRepository(_ name: String, tags: [(String, String)]) async throws -> RegistryRepository {
        var request = ECR.CreateRepositoryRequest(repositoryName: name)
        request.imageTagMutability = "IMMUTABLE"
        request.tags = tags.isEmpty ? nil : tags.map { ECR.Tag(key: $0.0, value: $0.1) }
        do {
            let created = try await ecr.createRepository(request).repository
            return created.map(Self.repository) ?? RegistryRepository(hasImmutableTags: true)
        } catch let error as AWSError where error.code == "RepositoryAlreadyExistsException" {
            guard let repository = try await repository(name) else { throw error }
            return repository
        }
    }

    package func tags(in repository: String) async throws -> [String]? {
        do {
            return try await ecr.describeImages(repositoryName: repository).flatMap { $0.imageTags ?? [] }
        } catch let error as AWSError where error.code == "RepositoryNotFoundException" {
            return nil
        }
    }

    package func digest(of tag: String, in repository: String) async throws -> String? {
        try await ecr.describeImage(repositoryName: repository, tag: tag)?.imageDigest
    }

    /// The token is base64 of `AWS:<password>`.
    ///
    /// https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html
    package func login() async throws -> RegistryLogin {
        let token = try await ecr.getAuthorizationToken().authorizationData?.first?.authorizationToken
        // Revealed to take user and password apart; both go to docker's standard input alone.
        guard let token, let decoded = Data(base64Encoded: token.reveal()) else {
            throw Failure(.failed, "log in to ECR: the answer holds no token that can be read")
        }
        let parts = String(decoding: decoded, as: UTF8.self).split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else {
            throw Failure(.failed, "log in to ECR: the answer holds no token that can be read")
        }
        return RegistryLogin(user: String(parts[0]), password: Secret(String(parts[1])))
    }

    private static func repository(_ described: ECR.Repository) -> RegistryRepository {
        // With exclusions some tags can be moved: then ECR itself says no where it must.
        RegistryRepository(hasImmutableTags: described.imageTagMutability == "IMMUTABLE")
    }
}
