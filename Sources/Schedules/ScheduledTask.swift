internal import AWSServices
internal import FoundationEssentials
internal import Support

/// The task that a schedule or a rule starts.
struct ScheduledTask {
    /// For messages: `schedule GROUP/NAME`, `rule NAME`.
    let label: String
    let target: Scheduler.Target?
    let startedBy: String
    /// Context attributes by name, replaced in the input as Scheduler replaces them; none for rules.
    ///
    /// https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
    let attributes: [String: String]

    /// Says whose schedule a task stands for that a person started: at most 128 letters, digits, '-', '_' and '/'.
    ///
    /// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
    static func startedBy(_ name: String) -> String {
        "fgctl/schedule-run/" + String(name.map { $0 == "." ? "_" : $0 })
    }

    /// The request for RunTask that is sent when it is due.
    /// - Parameter token: at most 64 characters.
    /// - Throws: `Failure(.failed)` when it starts something other than an ECS task, or its input holds what fgctl
    ///   can't pass on.
    func launch(token: String) throws -> ECS.RunTaskRequest {
        guard let target = target, let parameters = target.ecsParameters else {
            throw Failure(
                .failed, "run \(label): it starts \(target?.arn ?? "nothing"), no ECS task")
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
        request.tags = parameters.tags?.map {
            ECS.Tag(key: $0["key"] ?? $0["Key"] ?? "", value: $0["value"] ?? $0["Value"] ?? "")
        }
        request.enableECSManagedTags = parameters.enableECSManagedTags
        request.enableExecuteCommand = parameters.enableExecuteCommand
        request.referenceId = parameters.referenceId
        request.startedBy = startedBy
        request.overrides = try overrides(target.input)
        return request
    }

    private func overrides(_ input: String?) throws -> ECS.TaskOverride? {
        guard var text = input, !text.isEmpty else { return nil }
        for (name, value) in attributes { text.replace("<aws.scheduler.\(name)>", with: value) }
        let decoder = JSONDecoder()
        do {
            let overrides = try decoder.decode(ECS.TaskOverride.self, from: Data(text.utf8))
            // What the types don't know would be lost on the way: say so rather than run something else.
            let given = try decoder.decode(JSONValue.self, from: Data(text.utf8))
            let kept = try decoder.decode(JSONValue.self, from: JSONEncoder().encode(overrides))
            if let lost = kept.firstMissing(of: given) {
                throw Failure(
                    .failed, "run \(label): its input sets '\(lost)', which RunTask does not take")
            }
            return overrides
        } catch let error as DecodingError {
            throw Failure(
                .failed, "run \(label): its input is not a task override, as RunTask takes it",
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
