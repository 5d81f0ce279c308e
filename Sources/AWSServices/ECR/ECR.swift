package import AWS

/// Amazon Elastic Container Registry: repositories, images, login.
package struct ECR: Sendable {
    package static let service = Service(
        .ecr, apiVersion: "2015-09-21",
        wire: .json(version: "1.1", targetPrefix: "AmazonEC2ContainerRegistry_V20150921"))

    let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    /// The repository of that name; `nil` when there is none.
    package func describeRepository(_ name: String) async throws -> Repository? {
        do {
            let request = DescribeRepositoriesRequest(repositoryNames: [name])
            return try await client.send(Self.describeRepositories, request, on: name).repositories?.first
        } catch let error as AWSError where error.code == "RepositoryNotFoundException" {
            return nil
        }
    }

    package func createRepository(_ request: CreateRepositoryRequest) async throws -> CreateRepositoryResponse {
        try await client.send(Self.createRepository, request, on: request.repositoryName)
    }

    /// A password for `docker login`, good for 12 hours.
    package func getAuthorizationToken() async throws -> GetAuthorizationTokenResponse {
        try await client.send(Self.getAuthorizationToken, Nothing())
    }

    /// All images of a repository, page by page, tagged ones only when asked.
    /// - Parameter registryId: the account whose repository it is; `nil` is the caller's own.
    /// - Throws: `AWSError` RepositoryNotFoundException when there is no such repository.
    package func describeImages(
        repositoryName: String, registryId: String? = nil, tagged: Bool = true
    ) async throws -> [ImageDetail] {
        var request = DescribeImagesRequest(repositoryName: repositoryName)
        request.registryId = registryId
        if tagged { request.filter = DescribeImagesFilter(tagStatus: "TAGGED") }
        var found: [ImageDetail] = []
        let pages = client.pages(
            Self.describeImages, request, on: repositoryName,
            output: { $0.nextToken }, input: { $0.nextToken = $1 })
        for try await page in pages { found += page.imageDetails ?? [] }
        return found
    }

    /// The image behind a tag; `nil` when image or repository is missing.
    package func describeImage(repositoryName: String, tag: String) async throws -> ImageDetail? {
        var request = DescribeImagesRequest(repositoryName: repositoryName)
        request.imageIds = [ImageIdentifier(imageTag: tag)]
        do {
            return try await client.send(Self.describeImages, request, on: "\(repositoryName):\(tag)").imageDetails?
                .first
        } catch let error as AWSError
            where error.code == "ImageNotFoundException" || error.code == "RepositoryNotFoundException"
        {
            return nil
        }
    }
}

extension ECR {
    private static let describeRepositories = Operation<DescribeRepositoriesRequest, DescribeRepositoriesResponse>(
        "DescribeRepositories", of: service, .reads)
    private static let createRepository = Operation<CreateRepositoryRequest, CreateRepositoryResponse>(
        "CreateRepository", of: service, .mutates, idempotent: .byNature)
    private static let getAuthorizationToken = Operation<Nothing, GetAuthorizationTokenResponse>(
        "GetAuthorizationToken", of: service, .reads)
    private static let describeImages = Operation<DescribeImagesRequest, DescribeImagesResponse>(
        "DescribeImages", of: service, .reads)
}
