internal import AWSServices

/// Why CloudFormation's checks before a deployment said no. Stack events and change sets only count those faults, and point
/// to DescribeEvents.
struct ValidationFailures: Sendable {
    let cloudFormation: CloudFormation

    /// The reason with the faults it points to; itself where it points to none, or where they can't be had.
    func explain(_ reason: String, stack: String, changeSet: String? = nil) async -> String {
        guard reason.contains("DescribeEvents") else { return reason }
        // Looking closer must not hide what is known.
        guard let events = try? await cloudFormation.describeFailedEvents(stack: stack, changeSet: changeSet) else {
            return reason
        }
        let faults = events.compactMap(Self.text)
        return faults.isEmpty ? reason : faults.joined(separator: "; ")
    }

    /// `Bucket (AWS::S3::Bucket): the name is taken (/Resources/Bucket/Properties/BucketName)`
    static func text(_ event: CloudFormation.OperationEvent) -> String? {
        guard let reason = event.validationStatusReason ?? event.hookStatusReason, !reason.isEmpty else { return nil }
        let place = event.validationPath.map { " (\($0))" } ?? ""
        guard let name = event.logicalResourceId else { return reason + place }
        return "\(name)\(event.resourceType.map { " (\($0))" } ?? ""): \(reason)\(place)"
    }
}
