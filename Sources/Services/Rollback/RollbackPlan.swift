package import AWSServices
internal import FoundationEssentials
package import Support

/// How a service gets back what it ran before; its JSON form is stable. Pure.
package struct RollbackPlan: Codable, Sendable {
    package enum Action: String, Codable, Sendable {
        /// A deployment is under way: ECS ends it and goes back.
        case stopDeployment
        /// Parameters of the stack that owns the service are set back.
        case updateStack
        /// No stack owns the service: the earlier revision is deployed.
        case deployRevision
    }

    package let service: String
    package let cluster: String
    package let action: Action
    /// The service deployment that ends.
    package let serviceDeploymentArn: String?
    /// The stack that owns the service.
    package let stack: String?
    package let parameters: [ParameterChange]
    /// What runs now, and what is to run; `to` is missing where ECS alone knows.
    package let from: Generation
    package let to: Generation?
    /// Services that the new parameters of the stack deploy anew; empty where that is not known.
    package var deploys: [String] = []
    /// Services that are started anew, one after another, once the stack is set back.
    package var restarts: [String] = []
    /// What has to be known about it.
    package var notes: [String]

    /// A parameter of a stack, before and after.
    package struct ParameterChange: Codable, Sendable, Hashable {
        package let name: String
        package let from: String
        package let to: String
        package init(name: String, from: String, to: String) {
            self.name = name
            self.from = from
            self.to = to
        }
    }
}

extension RollbackPlan {
    /// All that the decision needs to know.
    package struct Situation: Sendable {
        package var service: String
        package var cluster: String
        package var current: Generation
        /// What ran before, newest first.
        package var earlier: [Generation] = []
        /// Whether ECS's history says that these ran; else they are just older revisions of the family.
        package var isProven = false
        /// The service deployment that is under way, with what it goes back to.
        package var underWay: (arn: String, target: Generation?)?
        /// Of the newest service deployment, where it was rolled back.
        package var rolledBack: String?
        /// The stack that owns the service, with its parameters.
        package var stack: (name: String, parameters: [CloudFormation.Parameter])?
        /// The revision that the user names.
        package var wanted: Generation?

        package init(service: String, cluster: String, current: Generation) {
            self.service = service
            self.cluster = cluster
            self.current = current
        }
    }

    /// Decides what to do.
    ///
    /// - Throws: `Failure` of kind `failed` when what ran before is not known, or can't be brought back.
    package static func make(_ situation: Situation) throws(Failure) -> RollbackPlan {
        if let underWay = situation.underWay, situation.wanted == nil {
            return RollbackPlan(
                situation, .stopDeployment, arn: underWay.arn, to: underWay.target,
                notes: situation.stack.map {
                    ["when CloudFormation deploys it, the update of stack \($0.name) fails with it and goes back too"]
                } ?? [])
        }
        let target = try target(situation)
        let unproven =
            situation.isProven || situation.wanted != nil
            ? []
            : [
                "ECS tells no history of this service: whether \(RevisionName.short(target.taskDefinition)) ran well is not known"
            ]
        guard let stack = situation.stack else {
            return RollbackPlan(situation, .deployRevision, to: target, notes: unproven)
        }
        let changes = try VersionParameters.changes(
            stack.parameters, stack: stack.name, service: situation.service, from: situation.current, to: target)
        return RollbackPlan(situation, .updateStack, parameters: changes, to: target, notes: unproven)
    }

    private static func target(_ situation: Situation) throws(Failure) -> Generation {
        let what = "roll back service \(situation.service)"
        let current = situation.current
        if let wanted = situation.wanted {
            guard wanted.taskDefinition != current.taskDefinition else {
                throw Failure(
                    .failed, "\(what): it runs \(RevisionName.short(current.taskDefinition)) already",
                    hint: "name another revision with --to")
            }
            return wanted
        }
        if let reason = situation.rolledBack {
            throw Failure(
                .failed,
                "\(what): its last deployment was rolled back already"
                    + (reason.isEmpty ? "" : " (\(reason))")
                    + ": it runs \(RevisionName.short(current.taskDefinition))",
                hint: "to go back further, name the revision: --to REVISION")
        }
        // By a stack only what its parameters say can be brought back; a revision may differ in other things.
        let isSame: (Generation) -> Bool = {
            situation.stack == nil ? $0.taskDefinition == current.taskDefinition : $0.runsTheSame(as: current)
        }
        // What runs may have come back itself: what it was taken back from is never gone back to, but what ran before it first
        // came.
        let first = situation.earlier.lastIndex(where: isSame).map { $0 + 1 } ?? 0
        if first < situation.earlier.count { return situation.earlier[first] }
        if let left = situation.earlier.first(where: { !isSame($0) }) {
            throw Failure(
                .failed,
                "\(what): it has gone back to \(RevisionName.short(current.taskDefinition)) already, and what ran before that "
                    + "is not known",
                hint: "it was taken back from \(RevisionName.short(left.taskDefinition)); name a revision with --to")
        }
        if let same = situation.earlier.first(where: { $0.digests != current.digests }), situation.isProven {
            throw Failure(
                .failed,
                "\(what): before it ran the same tags, which meant other images: \(same.digestText); a tag can't be "
                    + "put back by a rollback",
                hint: "push that image under a tag of its own, and let tags be immutable")
        }
        throw Failure(
            .failed, "\(what): what it ran before \(RevisionName.short(current.taskDefinition)) is not known",
            hint: situation.stack == nil
                ? "name a revision with --to FAMILY:REVISION"
                : "name a revision with --to REVISION, or set the parameters with 'fgctl cf-update-stack'")
    }

    private init(
        _ situation: Situation, _ action: Action, arn: String? = nil, parameters: [ParameterChange] = [],
        to: Generation?, notes: [String]
    ) {
        service = situation.service
        cluster = situation.cluster
        self.action = action
        serviceDeploymentArn = arn
        stack = situation.stack?.name
        self.parameters = parameters
        from = situation.current
        self.to = to
        self.notes = notes
    }

    /// The plan for people.
    package var lines: [String] {
        var lines: [String] = []
        switch action {
        case .stopDeployment:
            lines.append("service \(service): a deployment is under way: ECS ends it and goes back to what ran before")
        case .updateStack: lines.append("service \(service): stack \(stack ?? "?") is set back")
        case .deployRevision:
            lines.append("service \(service): an earlier task definition is deployed; no stack owns it")
        }
        for change in parameters { lines.append("  parameter \(change.name): \(change.from) -> \(change.to)") }
        if !deploys.isEmpty { lines.append("  services that are deployed by it: \(deploys.joined(separator: ", "))") }
        lines += restarts.map { "  service \($0): restarted afterwards, so that it knows the code" }
        if let to {
            let names = (RevisionName.short(from.taskDefinition), RevisionName.short(to.taskDefinition))
            // A stack makes a revision of its own, with what that one had.
            lines.append("  task definition \(names.0) -> \(action == .updateStack ? "as \(names.1)" : names.1)")
            for image in to.images {
                let old = from.images.first { $0.container == image.container }
                guard old?.image != image.image || old?.digest != image.digest else { continue }
                lines.append(
                    "  image of \(image.container): \(old.map { Self.text($0) } ?? "none") -> \(Self.text(image))")
            }
            if from.configRelease != to.configRelease, !parameters.contains(where: { $0.to == to.configRelease }) {
                lines.append("  config release \(from.configRelease ?? "none") -> \(to.configRelease ?? "none")")
            }
        }
        return lines + notes.map { "  \($0)" }
    }

    private static func text(_ image: Generation.Image) -> String {
        image.image + (image.digest.map { " (\($0))" } ?? "")
    }
}

extension Generation {
    var digests: [String: String] {
        Dictionary(images.compactMap { image in image.digest.map { (image.container, $0) } }) { first, _ in first }
    }
    var digestText: String {
        digests.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
}
