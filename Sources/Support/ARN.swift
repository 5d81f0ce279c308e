/// An Amazon Resource Name: `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.
///
/// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
package struct ARN: Sendable, Hashable {
    /// `aws`, `aws-cn`, `aws-us-gov`, …
    package let partition: String
    /// The service's namespace: `ecs`, `iam`, `s3`, …
    package let service: String
    /// Empty where the service has no regions (IAM, S3 buckets).
    package let region: String
    /// 12 digits, `aws` for what AWS owns, empty for S3 buckets.
    package let account: String
    /// All that follows the account; may hold `:` and `/`.
    package let resource: String

    package init(partition: String = "aws", service: String, region: String, account: String, resource: String) {
        self.partition = partition
        self.service = service
        self.region = region
        self.account = account
        self.resource = resource
    }

    /// `nil` when the text has not the form of an ARN.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 6, parts[0] == "arn", parts[1] == "aws" || parts[1].hasPrefix("aws-"), !parts[2].isEmpty,
            !parts[5].isEmpty, !text.contains(where: \.isWhitespace),
            parts[4].isEmpty || parts[4] == "aws" || (parts[4].utf8.count == 12 && parts[4].allSatisfy(\.isNumber))
        else { return nil }
        self.init(partition: parts[1], service: parts[2], region: parts[3], account: parts[4], resource: parts[5])
    }

    /// The parts of the resource between `/`s and `:`s: `task/nightly/7f…` gives `["task", "nightly", "7f…"]`.
    package var resourceParts: [String] {
        resource.split(omittingEmptySubsequences: false) { $0 == "/" || $0 == ":" }.map(String.init)
    }

    /// Cluster and id when this names an ECS task; the cluster is `nil` in the short form from before 2018.
    ///
    /// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html#ecs-resource-ids
    package var ecsTask: (cluster: String?, id: String)? {
        let parts = resource.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard service == "ecs", parts.first == "task", !parts.contains("") else { return nil }
        switch parts.count {
        case 2: return (nil, parts[1])
        case 3: return (parts[1], parts[2])
        default: return nil
        }
    }
}

extension ARN: CustomStringConvertible {
    package var description: String { "arn:\(partition):\(service):\(region):\(account):\(resource)" }
}
