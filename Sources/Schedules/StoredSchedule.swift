package import AWSServices
package import FoundationEssentials
internal import Support

/// A schedule as EventBridge Scheduler holds it.
package struct StoredSchedule: Sendable {
    package let name: String
    package let group: String
    package let response: Scheduler.GetScheduleResponse

    package init(name: String, group: String, response: Scheduler.GetScheduleResponse) {
        self.name = name
        self.group = group
        self.response = response
    }

    package var summary: ScheduleSummary { ScheduleSummary(response, name: name, group: group) }

    /// Says whose schedule a task stands for that a person started: at most 128 letters, digits, '-', '_' and '/'.
    ///
    /// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
    static func startedBy(_ name: String) -> String {
        "fgctl/schedule-run/" + String(name.map { $0 == "." ? "_" : $0 })
    }

    /// The request for RunTask that the schedule itself would send now.
    ///
    /// Context attributes in its input are replaced as Scheduler replaces them.
    /// https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
    ///
    /// - Parameters:
    ///   - now: the scheduled time.
    ///   - execution: the id of this execution.
    ///   - token: at most 64 characters.
    /// - Throws: `Failure(.failed)` when the schedule starts something other than an ECS task, or its input holds what fgctl
    ///   can't pass on.
    package func launch(now: Date, execution: String, token: String) throws -> ECS.RunTaskRequest {
        guard let target = response.target, let parameters = target.ecsParameters else {
            throw Failure(
                .failed, "run schedule \(group)/\(name): it starts \(response.target?.arn ?? "nothing"), no ECS task")
        }
        var request = ECS.RunTaskRequest(taskDefinition: parameters.taskDefinitionArn, clientToken: token)
        request.cluster = target.arn
        request.count = parameters.taskCount ?? 1
        request.launchType = parameters.launchType
        request.capacityProviderStrategy = parameters.capacityProviderStrategy?.map(
            ECS.CapacityProviderStrategyItem.init)
        request.platformVersion = parameters.platformVersion
        request.group = parameters.group
        request.networkConfiguration = (parameters.networkConfiguration?.awsvpcConfiguration).map {
            ECS.NetworkConfiguration(
                awsvpcConfiguration: ECS.AwsVpcConfiguration(
                    subnets: $0.subnets, securityGroups: $0.securityGroups, assignPublicIp: $0.assignPublicIp))
        }
        request.placementConstraints = parameters.placementConstraints?.map(ECS.PlacementConstraint.init)
        request.placementStrategy = parameters.placementStrategy?.map(ECS.PlacementStrategy.init)
        request.propagateTags = parameters.propagateTags
        request.tags = parameters.tags?.map { ECS.Tag(key: $0["key"] ?? "", value: $0["value"] ?? "") }
        request.enableECSManagedTags = parameters.enableECSManagedTags
        request.enableExecuteCommand = parameters.enableExecuteCommand
        request.referenceId = parameters.referenceId
        request.startedBy = Self.startedBy(name)
        request.overrides = try overrides(target.input, now: now, execution: execution)
        return request
    }

    private func overrides(_ input: String?, now: Date, execution: String) throws -> ECS.TaskOverride? {
        guard var text = input, !text.isEmpty else { return nil }
        let values = [
            "schedule-arn": response.arn ?? "", "scheduled-time": now.formatted(.iso8601), "execution-id": execution,
            "attempt-number": "1",
        ]
        for (name, value) in values { text.replace("<aws.scheduler.\(name)>", with: value) }
        let decoder = JSONDecoder()
        do {
            let overrides = try decoder.decode(ECS.TaskOverride.self, from: Data(text.utf8))
            // What the types don't know would be lost on the way: say so rather than run something else.
            let given = try decoder.decode(JSONValue.self, from: Data(text.utf8))
            let kept = try decoder.decode(JSONValue.self, from: JSONEncoder().encode(overrides))
            if let lost = kept.firstMissing(of: given) {
                throw Failure(
                    .failed, "run schedule \(group)/\(name): its input sets '\(lost)', which RunTask does not take")
            }
            return overrides
        } catch let error as DecodingError {
            throw Failure(
                .failed, "run schedule \(group)/\(name): its input is not a task override, as RunTask takes it",
                cause: error)
        }
    }
}

extension JSONValue {
    /// The path of the first member that `whole` has and this value has not, or has otherwise; `nil` when none is.
    fileprivate func firstMissing(of whole: JSONValue, at path: String = "") -> String? {
        switch (self, whole) {
        case (.object(let kept), .object(let all)):
            for (name, value) in all.sorted(by: { $0.key < $1.key }) where value != .null {
                let place = path.isEmpty ? name : "\(path).\(name)"
                guard let own = kept[name] else { return place }
                if let missing = own.firstMissing(of: value, at: place) { return missing }
            }
            return nil
        case (.array(let kept), .array(let all)):
            guard kept.count == all.count else { return path }
            return zip(kept, all).lazy.compactMap { $0.firstMissing(of: $1, at: path) }.first
        default: return self == whole ? nil : path
        }
    }
}
