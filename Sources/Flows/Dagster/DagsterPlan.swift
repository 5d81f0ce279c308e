internal import FoundationEssentials
package import Services
internal import Support

/// What an update of a Dagster service is going to do; its JSON form is stable. Pure.
package struct DagsterPlan: Codable, Sendable {
    package enum Action: String, Codable, Sendable {
        /// The stack's parameters change, and CloudFormation deploys.
        case update
        /// The same is started anew.
        case restart
        /// What is wanted runs already.
        case nothing
    }

    package let stack: String
    package let cluster: String
    package let action: Action
    package var parameters: [RollbackPlan.ParameterChange] = []
    /// Services that are started anew, one after another, once the stack is updated.
    package var restarts: [String] = []
    /// What people have to know.
    package var notes: [String] = []
    /// What is probably not meant.
    package var warnings: [String] = []
}

extension DagsterPlan {
    /// All that the decision needs to know.
    package struct Situation: Sendable {
        package let stack: DagsterStack
        package let role: DagsterRole
        /// The tag that was asked for.
        package var version: String?
        /// The hash of the config that was asked for.
        package var release: String?
        /// What ECR has; `nil` where that can't be known.
        package var images: RepositoryImages?
        /// What the running tasks of the service have, without its sidecars.
        package var runningDigests: Set<String> = []
        /// Whether it runs all that it should, and nothing else.
        package var isSettled = true
        package var onlyIfChanged = false
        /// Whether the deployment is followed to its end; what comes after it can't be done otherwise.
        package var waits = true
        /// Images whose deployment failed.
        package var failed: [FailedImages.Image] = []

        package init(stack: DagsterStack, role: DagsterRole) {
            self.stack = stack
            self.role = role
        }
    }

    /// Decides what to do.
    ///
    /// - Throws: `Failure.failed` when the version that was asked for is not in ECR, or the stack has no parameter for it.
    package static func make(_ situation: Situation) throws -> DagsterPlan {
        let stack = situation.stack
        let role = situation.role
        let current = stack.version(role)
        var parameters: [RollbackPlan.ParameterChange] = []
        var wanted = current.flatMap { situation.images?.image($0) }
        if let version = situation.version {
            guard let current else {
                throw Failure(
                    .failed, "\(role.command): stack \(stack.name) has no parameter \(role.versionParameter)",
                    hint: "without VERSION the service is started anew")
            }
            // Where ECR can't be looked at, CloudFormation finds out.
            wanted = try situation.images?.require(version, for: role.command)
            if version != current {
                parameters.append(.init(name: role.versionParameter, from: current, to: version))
            }
        }
        if let release = situation.release, release != stack.release {
            parameters.append(
                .init(name: DagsterStack.releaseParameter, from: stack.release ?? "", to: release))
        }
        let runsIt = wanted.map { situation.runningDigests == [$0.digest] } ?? false
        let keepsRelease = !parameters.contains { $0.name == DagsterStack.releaseParameter }
        let isSame = runsIt && keepsRelease && situation.isSettled
        let action: Action =
            situation.onlyIfChanged && isSame ? .nothing : parameters.isEmpty ? .restart : .update
        var plan = DagsterPlan(stack: stack.name, cluster: stack.cluster, action: action)
        plan.warnings = warnings(situation, current)
        let name = stack.services[role] ?? role.rawValue
        switch action {
        case .nothing:
            plan.notes.append(
                "service \(name): unchanged: it runs image \(wanted?.digest ?? "?")\(releaseText(situation))")
        case .update:
            plan.parameters = parameters
            plan.notes += parameters.map { "\($0.name): \($0.from.isEmpty ? "none" : $0.from) -> \($0.to)" }
            if !keepsRelease {
                plan.notes.append(
                    "all services read the config: \(stack.serviceNames.joined(separator: ", ")) are deployed")
            }
        case .restart:
            plan.restarts = [name]
            plan.notes.append("service \(name): \(restartText(situation, wanted: wanted, runsIt: runsIt, current))")
        }
        // The daemon keeps what it knew of the old code until it is started anew (dagster-io/dagster #17607).
        if role == .usercode, action != .nothing, let daemon = stack.services[.daemon] {
            if action == .update, !situation.waits {
                plan.notes.append(
                    "service \(daemon): not restarted, since nobody waits: 'fgctl update-daemon' does it once the update is done"
                )
            } else {
                plan.restarts.append(daemon)
                plan.notes.append("service \(daemon): restarted afterwards, so that it knows the code")
            }
        }
        return plan
    }

    private static func restartText(
        _ situation: Situation, wanted: RepositoryImages.Image?, runsIt: Bool, _ current: String?
    ) -> String {
        let tag = current.map { " (\($0))" } ?? ""
        if runsIt, let wanted { return "restart only, image \(wanted.digest)\(tag) unchanged" }
        guard let wanted, !situation.runningDigests.isEmpty else {
            let running = situation.runningDigests.sorted().joined(separator: ", ")
            return "restart only, image \(running.isEmpty ? current ?? "" : running + tag) unchanged"
        }
        return "restart: tag \(current ?? "?") is another image by now: "
            + "\(situation.runningDigests.sorted().joined(separator: ", ")) -> \(wanted.digest)"
    }

    private static func releaseText(_ situation: Situation) -> String {
        situation.release.map { " and config release \($0.prefix(12))" } ?? ""
    }

    /// The newest image, where that is not the one of the stack and no version was asked for.
    package static func newer(_ situation: Situation) -> (image: RepositoryImages.Image, tag: String)? {
        guard situation.version == nil, situation.role == .usercode,
            let current = situation.stack.version(situation.role), let images = situation.images,
            let newest = images.images.first, let tag = newest.tags.sorted().first(where: { $0 != "latest" }),
            !newest.tags.contains(current), newest.digest != images.image(current)?.digest
        else { return nil }
        return (newest, tag)
    }

    /// A newer image than the stack names would stay where it is, and nobody would know.
    private static func warnings(_ situation: Situation, _ current: String?) -> [String] {
        guard let (newest, tag) = newer(situation), let current, let images = situation.images else { return [] }
        let time = newest.pushedAt.map { ", pushed \($0.formatted(.iso8601))" } ?? ""
        let what = "the newest image of \(images.repository) is \(tag)\(time), not \(current)"
        let failed = situation.failed.first {
            $0.has(digest: newest.digest, tags: newest.tags, pushedAt: newest.pushedAt)
        }
        if let failed {
            let time = failed.at.map { " of \($0.formatted(.iso8601))" } ?? ""
            let fate = failed.wasRolledBack ? "was rolled back" : "failed"
            return ["\(what); its deployment\(time) \(fate): mend it and push it as another version"]
        }
        return ["\(what): 'fgctl \(situation.role.command) \(tag)' deploys it"]
    }
}
