package import AWS
internal import AWSServices
internal import ConfigSync
internal import Environment
internal import Images
package import Stacks

/// Looks whether all is there that services need to start; changes nothing.
package struct ServicesCheck: Sendable {
    /// An image in ECR, and the version that was asked for.
    package struct Wanted: Sendable {
        package let repository: String
        package let version: String?

        package init(repository: String, version: String?) {
            self.repository = repository
            self.version = version
        }
    }

    private let registry: ECRRegistry
    private let s3: S3

    package init(_ client: AWSClient) {
        registry = ECRRegistry(client)
        s3 = S3(client)
    }

    /// - Parameters:
    ///   - images: those without a version take the highest that their repository holds.
    ///   - sidecar: `nil` where the image lies in another registry.
    package func look(
        images: [Wanted], sidecar: Wanted?, sidecarReference: String, bucket: String, project: String, owner: String
    ) async throws -> ServicesReadiness {
        ServicesReadiness(
            images: try await self.images(images), sidecar: try await sidecar.asyncMap(look),
            sidecarReference: sidecarReference,
            release: try await release(bucket: bucket, project: project, owner: owner))
    }

    /// Each of the images, whether it is there.
    package func images(_ images: [Wanted]) async throws -> [ServicesReadiness.Image] {
        var found: [ServicesReadiness.Image] = []
        for image in images { found.append(try await look(image)) }
        return found
    }

    private func look(_ wanted: Wanted) async throws -> ServicesReadiness.Image {
        if let version = wanted.version {
            let isThere = try await registry.digest(of: version, in: wanted.repository) != nil
            return .init(repository: wanted.repository, version: version, isThere: isThere)
        }
        let highest = try await registry.highest(in: wanted.repository)?.text
        return .init(repository: wanted.repository, version: highest, isThere: highest != nil)
    }

    /// The release that the project's pointer names; `nil` while there is none.
    package func release(bucket: String, project: String, owner: String) async throws -> String? {
        let place = ReleasePlace(bucket: bucket, stack: project)
        return try await ReleaseStore(s3, place, expectedOwner: owner).pointer()?.pointer.release.text
    }
}

extension Optional where Wrapped: Sendable {
    fileprivate func asyncMap<Value>(_ change: (Wrapped) async throws -> Value) async rethrows -> Value? {
        guard let self else { return nil }
        return try await change(self)
    }
}
