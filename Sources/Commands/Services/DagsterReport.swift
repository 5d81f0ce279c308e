internal import Flows
internal import Services
internal import Support
internal import Watch

/// What became of the update of a Dagster service; its JSON form is stable.
struct DagsterReport: Encodable {
    private(set) var plan: DagsterPlan
    /// Of the stack, where it was updated and is known.
    var stackStatus: String?
    var deployments: [DeploymentReport] = []
    /// The config release that `current.json` names by it.
    var pointer: String?
    /// Why it did not come about.
    var failure: Failure?

    init(_ plan: DagsterPlan) { self.plan = plan }

    /// `succeeded`, `started`, `unchanged`, `failed`, `superseded`, `timedOut`.
    var outcome: String {
        switch failure?.kind {
        case .timedOut: return "timedOut"
        case .superseded: return "superseded"
        case .some: return "failed"
        case nil: break
        }
        if plan.action == .nothing { return "unchanged" }
        let isUnderWay =
            stackStatus?.hasSuffix("_IN_PROGRESS") == true && stackStatus != "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
        return isUnderWay || deployments.contains { $0.outcome == .started } ? "started" : "succeeded"
    }

    /// Takes over the worst of deployments as what the whole came to.
    mutating func take(_ worst: Failure.Kind?, of reports: [DeploymentReport], _ what: String) {
        guard let worst else { return }
        let bad = reports.filter { $0.failureKind != nil }
        let reasons = bad.map { "service \($0.service): \($0.shortReason)" }
        let advice =
            bad.filter(\.goesOn).map { "ECS goes on with deployment \($0.deployment ?? "?") of service \($0.service)" }
            + (bad.flatMap(\.findings).first.map { [$0.advice] } ?? [])
        failure = Failure(
            worst, "\(what): \(reasons.joined(separator: "; "))",
            hint: advice.isEmpty ? nil : advice.joined(separator: "; "))
    }

    /// Where the wait ended before a service's turn to be restarted came, that is part of the failure.
    mutating func takeUnfinished() {
        guard let failure, failure.kind == .timedOut,
            let left = plan.restarts.last(where: { name in !deployments.contains { $0.service == name } })
        else { return }
        let note = Self.notRestarted(left)
        plan.notes = plan.notes.filter { !$0.hasPrefix("service \(left):") } + [note]
        self.failure = Failure(
            .timedOut, failure.message, hint: [failure.hint, note].compactMap { $0 }.joined(separator: "; "),
            cause: failure.cause)
    }

    /// Of the daemon: nothing else waits for its turn.
    static func notRestarted(_ name: String) -> String {
        "service \(name) was not restarted: 'fgctl update-daemon' does it once the deployment is over"
    }

    /// Says how it went, and ends the command with it.
    func conclude(_ session: Session, what: String) throws {
        for line in deployments.flatMap(\.closingLines) { session.say(line) }
        if session.options.output == .json { try session.result(self, lines: []) }
        guard let failure else { return }
        let message = failure.message.hasPrefix(what) ? failure.message : "\(what): \(failure.message)"
        try session.refuse(Failure(failure.kind, message, hint: failure.hint, cause: failure.cause))
    }

    private enum CodingKeys: String, CodingKey {
        case action, stack, cluster, parameters, outcome, reason, stackStatus, deployments, currentRelease, notes,
            warnings
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(plan.action, forKey: .action)
        try members.encode(plan.stack, forKey: .stack)
        try members.encode(plan.cluster, forKey: .cluster)
        try members.encode(plan.parameters, forKey: .parameters)
        try members.encode(outcome, forKey: .outcome)
        try members.encodeIfPresent(failure?.message, forKey: .reason)
        try members.encodeIfPresent(stackStatus, forKey: .stackStatus)
        try members.encode(deployments, forKey: .deployments)
        try members.encodeIfPresent(pointer, forKey: .currentRelease)
        try members.encode(plan.notes, forKey: .notes)
        try members.encode(plan.warnings, forKey: .warnings)
    }
}
