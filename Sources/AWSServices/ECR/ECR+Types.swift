package import FoundationEssentials
package import Support

extension ECR {
    package struct Tag: Codable, Sendable {
        // ECR alone spells these two with capitals.
        package let Key: String
        package let Value: String
        package init(key: String, value: String) {
            Key = key
            Value = value
        }
    }

    package struct Repository: Codable, Sendable {
        package let repositoryArn: String?
        package let registryId: String?
        package let repositoryName: String?
        package let repositoryUri: String?
        /// MUTABLE, IMMUTABLE, or one of these WITH_EXCLUSION.
        package let imageTagMutability: String?
    }

    package struct DescribeRepositoriesRequest: Codable, Sendable {
        package var repositoryNames: [String]?
        package init(repositoryNames: [String]) { self.repositoryNames = repositoryNames }
    }

    package struct DescribeRepositoriesResponse: Codable, Sendable {
        package let repositories: [Repository]?
        package let nextToken: String?
    }

    package struct CreateRepositoryRequest: Codable, Sendable {
        package var repositoryName: String
        package var imageTagMutability: String?
        package var tags: [Tag]?
        package init(repositoryName: String) { self.repositoryName = repositoryName }
    }

    package struct CreateRepositoryResponse: Codable, Sendable {
        package let repository: Repository?
    }

    package struct AuthorizationData: Decodable, Sendable {
        /// Base64 of `AWS:<password>`.
        package let authorizationToken: Secret?
        package let expiresAt: Date?
        package let proxyEndpoint: String?
    }

    package struct GetAuthorizationTokenResponse: Decodable, Sendable {
        package let authorizationData: [AuthorizationData]?
    }

    package struct ImageIdentifier: Codable, Sendable {
        package var imageDigest: String?
        package var imageTag: String?
        package init(imageTag: String) { self.imageTag = imageTag }
    }

    package struct DescribeImagesFilter: Codable, Sendable {
        package var tagStatus: String
    }

    package struct DescribeImagesRequest: Codable, Sendable {
        package var registryId: String?
        package var repositoryName: String
        package var imageIds: [ImageIdentifier]?
        package var nextToken: String?
        package var filter: DescribeImagesFilter?
        package init(repositoryName: String) { self.repositoryName = repositoryName }
    }

    package struct ImageDetail: Codable, Sendable {
        package let imageDigest: String?
        package let imageTags: [String]?
        package let imageSizeInBytes: Int64?
        package let imagePushedAt: Date?
        /// An index (manifest list) or a single manifest.
        package let imageManifestMediaType: String?
    }

    package struct DescribeImagesResponse: Codable, Sendable {
        package let imageDetails: [ImageDetail]?
        package let nextToken: String?
    }
}
