internal import AWS

extension ECR {
    private static let batchGetImage = Operation<BatchGetImageRequest, BatchGetImageResponse>(
        "BatchGetImage", of: service, .reads)
    private static let putImage = Operation<PutImageRequest, Nothing>(
        "PutImage", of: service, .mutates, idempotent: .byNature)

    package struct BatchGetImageRequest: Codable, Sendable {
        package var repositoryName: String
        package var imageIds: [ImageIdentifier]
        package var acceptedMediaTypes: [String]?
    }

    package struct Image: Codable, Sendable {
        package let imageId: ImageIdentifier?
        /// The manifest's very bytes, which its digest is of.
        package let imageManifest: String?
        package let imageManifestMediaType: String?
    }

    package struct BatchGetImageResponse: Codable, Sendable {
        package let images: [Image]?
    }

    package struct PutImageRequest: Codable, Sendable {
        package var repositoryName: String
        package var imageManifest: String
        package var imageManifestMediaType: String?
        package var imageTag: String

        package init(repositoryName: String, imageManifest: String, imageManifestMediaType: String?, imageTag: String) {
            self.repositoryName = repositoryName
            self.imageManifest = imageManifest
            self.imageManifestMediaType = imageManifestMediaType
            self.imageTag = imageTag
        }
    }

    /// The manifest or index behind a tag, as it was pushed; `nil` when there is none.
    ///
    /// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html
    package func manifest(repositoryName: String, tag: String) async throws -> Image? {
        let request = BatchGetImageRequest(
            repositoryName: repositoryName, imageIds: [ImageIdentifier(imageTag: tag)],
            acceptedMediaTypes: [
                "application/vnd.docker.distribution.manifest.v2+json",
                "application/vnd.docker.distribution.manifest.list.v2+json",
                "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json",
            ])
        return try await client.send(Self.batchGetImage, request, on: "\(repositoryName):\(tag)").images?.first
    }

    /// Gives a manifest whose layers the repository has a tag.
    ///
    /// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html
    package func putImage(_ request: PutImageRequest) async throws {
        do {
            _ = try await client.send(Self.putImage, request, on: "\(request.repositoryName):\(request.imageTag)")
        } catch let error as AWSError where error.code == "ImageAlreadyExistsException" {
            // This very image has the tag: an earlier attempt arrived.
        }
    }
}
