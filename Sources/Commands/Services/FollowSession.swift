internal import Services
internal import Support
internal import Watch

extension Session {
    /// Follows deployments that this command started; Ctrl-C offers to roll them back.
    ///
    /// - Parameters:
    ///   - rollbackCommand: what brings back what ran before, as it is typed.
    ///   - meter: counts the calls, where others share the limit.
    /// - Throws: `Failure` of kind `interrupted` or `terminated` after a signal; `AWSError` when looking fails.
    func follow(
        _ started: [DeploymentWatch.Started], _ options: FollowOptions, timing: DeploymentWatch.Timing,
        rollbackCommand: String, meter: CallMeter? = nil
    ) async throws -> [DeploymentReport] {
        do {
            return try await ServiceRedeployment(client).follow(
                started, timing: timing, maxFailedTasks: options.maxFailedTasks, meter: meter
            ) { say($0) }
        } catch is CancellationError {
            throw await interrupted(started, options, rollbackCommand: rollbackCommand)
        }
    }

    /// What Ctrl-C comes to: rolled back if that is wished, else the command that does it. A second Ctrl-C ends the process.
    private func interrupted(
        _ started: [DeploymentWatch.Started], _ options: FollowOptions, rollbackCommand: String
    ) async -> Failure {
        let kind: Failure.Kind = context.interruption.signal == 15 ? .terminated : .interrupted
        let names = started.map(\.service).joined(separator: ", ")
        let whatNext =
            "the deployment of service \(names) goes on: watch it with 'fgctl service-status \(started.map(\.service).joined(separator: " "))', "
            + "roll it back with '\(rollbackCommand)'"
        var wishesRollback = options.rollbackOnInterrupt
        if !wishesRollback { wishesRollback = await wishes("Deployment of service \(names): roll back?") }
        guard wishesRollback else {
            return Failure(kind, "interrupted: only the watching has ended", hint: whatNext)
        }
        let stopper = DeploymentStopper(client)
        var left: [String] = []
        for one in started {
            do {
                switch try await Shielded.run({ try await stopper.rollBack(one, deploymentARN: nil) }) {
                case .rollingBack: say("service \(one.service): ECS rolls deployment \(one.primary) back")
                case .redeployed(_, let before): say("service \(one.service): \(before) is deployed again")
                case .nothing(let why): left.append("service \(one.service): \(why)")
                }
            } catch {
                left.append("service \(one.service): \(error)")
            }
        }
        guard left.isEmpty else {
            return Failure(kind, "interrupted: not rolled back: \(left.joined(separator: "; "))", hint: whatNext)
        }
        return Failure(
            kind, "interrupted: rolling back",
            hint: "watch it with 'fgctl service-status \(started.map(\.service).joined(separator: " "))'")
    }

    /// Says how deployments went and ends with the worst of them.
    ///
    /// - Parameter shown: the command's one JSON value.
    func conclude(_ reports: [DeploymentReport], what: String, shown: some Encodable) throws {
        for line in reports.flatMap(\.closingLines) { say(line) }
        if options.output == .json { try result(shown, lines: []) }
        guard let worst = DeploymentReport.worst(reports) else { return }
        let bad = reports.filter { $0.failureKind != nil }
        // One service's verdict is the command's; of several each is named.
        let reasons = bad.map { report in
            (reports.count > 1 ? "service \(report.service): " : "") + report.shortReason
        }
        let advice =
            bad.filter(\.goesOn).map { "ECS goes on with deployment \($0.deployment ?? "?") of service \($0.service)" }
            + (bad.flatMap(\.findings).first.map { [$0.advice] } ?? [])
        try refuse(
            Failure(
                worst, "\(what): \(reasons.joined(separator: "; "))",
                hint: advice.isEmpty ? nil : advice.joined(separator: "; ")))
    }
}
