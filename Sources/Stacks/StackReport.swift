package import AWSServices
package import FoundationEssentials

/// The state of a stack as `cf-status` shows it; its JSON form is stable.
package struct StackReport: Codable, Sendable {
    package let name: String
    /// `NOT_CREATED` when there is no such stack.
    package let status: String
    package let reason: String?
    package let id: String?
    package let createdAt: Date?
    package let updatedAt: Date?
    /// The later of the two.
    package let lastChange: Date?
    /// DRIFTED, IN_SYNC, or UNKNOWN where nobody has looked.
    package let drift: String
    /// How many schedules start its task; `nil` where that was not asked.
    package var schedules: Int?
    package let parameters: [String: String]
    package let outputs: [String: String]
    package let resources: [Resource]

    package struct Resource: Codable, Sendable {
        package let logicalID: String
        package let physicalID: String?
        package let type: String
        package let status: String
        package let reason: String?
    }

    package init(name: String, stack: CloudFormation.Stack?, resources: [CloudFormation.StackResourceSummary]) {
        self.name = name
        status = stack?.stackStatus.rawValue ?? "NOT_CREATED"
        reason = Self.text(stack?.stackStatusReason)
        id = stack?.stackId
        createdAt = stack?.creationTime
        updatedAt = stack?.lastUpdatedTime
        lastChange = stack?.lastUpdatedTime ?? stack?.creationTime
        let checked = stack?.driftInformation?.stackDriftStatus
        drift = checked == nil || checked == "NOT_CHECKED" ? "UNKNOWN" : checked ?? "UNKNOWN"
        parameters = Dictionary(
            (stack?.parameters ?? []).map { ($0.parameterKey, $0.parameterValue ?? "") }, uniquingKeysWith: { $1 })
        outputs = Dictionary(
            (stack?.outputs ?? []).map { ($0.outputKey, $0.outputValue) }, uniquingKeysWith: { $1 })
        self.resources = resources.map {
            Resource(
                logicalID: $0.logicalResourceId, physicalID: Self.text($0.physicalResourceId), type: $0.resourceType,
                status: $0.resourceStatus, reason: Self.text($0.resourceStatusReason))
        }
    }

    /// Reads the state of a stack.
    package static func read(_ name: String, _ cloudFormation: CloudFormation) async throws -> StackReport {
        guard let stack = try await cloudFormation.describeStack(name) else {
            return StackReport(name: name, stack: nil, resources: [])
        }
        let resources = try await cloudFormation.listStackResources(stack.stackId ?? name)
        return StackReport(name: name, stack: stack, resources: resources)
    }

    /// The report in lines for people.
    package var lines: [String] {
        var lines = ["\(name)  \(status)" + (reason.map { "  \($0)" } ?? "")]
        if let createdAt { lines.append("  created  \(Self.time(createdAt))") }
        if let updatedAt { lines.append("  updated  \(Self.time(updatedAt))") }
        if status != "NOT_CREATED" { lines.append("  drift  \(drift.lowercased())") }
        if let schedules { lines.append("  schedules  \(schedules)") }
        for (title, pairs) in [("parameter", parameters), ("output", outputs)] {
            for (key, value) in pairs.sorted(by: { $0.key < $1.key }) { lines.append("  \(title)  \(key) = \(value)") }
        }
        for resource in resources {
            lines.append(
                "  resource  \(resource.logicalID)  \(resource.type)  \(resource.status)"
                    + (resource.reason.map { "  \($0)" } ?? ""))
        }
        return lines
    }

    /// An empty text says nothing, as none does.
    private static func text(_ text: String?) -> String? { text.flatMap { $0.isEmpty ? nil : $0 } }

    private static func time(_ date: Date) -> String { date.formatted(.iso8601) }
}
