package import AWS
internal import AWSServices
package import FoundationEssentials
internal import Support

/// The images of one repository, to find versions in.
package struct RepositoryImages: Sendable {
    package struct Image: Sendable, Hashable {
        package let digest: String
        package let tags: [String]
        package let pushedAt: Date?

        package init(digest: String, tags: [String], pushedAt: Date?) {
            self.digest = digest
            self.tags = tags
            self.pushedAt = pushedAt
        }
    }

    package let repository: String
    /// Newest first.
    package let images: [Image]

    package init(repository: String, images: [Image]) {
        self.repository = repository
        self.images = images.sorted { ($0.pushedAt ?? .distantPast) > ($1.pushedAt ?? .distantPast) }
    }

    /// - Returns: `nil` where there is no such repository, or its images may not be seen.
    package static func read(_ repository: String, client: AWSClient) async throws -> RepositoryImages? {
        do {
            let found = try await ECR(client).describeImages(repositoryName: repository)
            return RepositoryImages(
                repository: repository,
                images: found.compactMap { image in
                    image.imageDigest.map {
                        Image(digest: $0, tags: image.imageTags ?? [], pushedAt: image.imagePushedAt)
                    }
                })
        } catch let error as AWSError where error.code == "RepositoryNotFoundException" || error.isAccessDenied {
            return nil
        }
    }

    package func image(_ tag: String) -> Image? { images.first { $0.tags.contains(tag) } }

    /// The tags that were pushed last, newest first.
    package func newestTags(_ count: Int = 5) -> [String] {
        Array(images.flatMap { $0.tags.sorted() }.filter { $0 != "latest" }.prefix(count))
    }

    /// The image of a version.
    /// - Throws: `Failure.failed` that names the newest tags.
    package func require(_ tag: String, for what: String) throws -> Image {
        if let image = image(tag) { return image }
        let newest = newestTags()
        throw Failure(
            .failed,
            "\(what): ECR has no image \(repository):\(tag)"
                + (newest.isEmpty ? ", nor any other" : "; newest there: \(newest.joined(separator: ", "))"),
            hint: newest.isEmpty
                ? "build and push it with 'fgctl compose-build' and 'fgctl compose-push'"
                : "push it with 'fgctl compose-push \(tag)', or name a version that is there")
    }
}
