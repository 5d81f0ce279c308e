package import AWSServices
internal import FoundationEssentials

/// A stack event as one line of progress.
package enum EventLine {
    /// `07:50:31 CREATE_FAILED AWS::ECS::Cluster Cluster: reason`, the time in UTC.
    package static func text(_ event: CloudFormation.StackEvent) -> String {
        let time = event.timestamp.formatted(
            Date.ISO8601FormatStyle(timeZone: .gmt).time(includingFractionalSeconds: false))
        var line =
            "\(time) \(event.resourceStatus ?? "?") \(event.resourceType ?? "?") \(event.logicalResourceId ?? "?")"
        if let reason = event.resourceStatusReason, !reason.isEmpty { line += ": \(reason)" }
        return line
    }
}
