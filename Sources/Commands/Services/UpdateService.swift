internal import AWSServices
internal import ArgumentParser
internal import Environment
internal import Services
internal import Support
internal import Watch

struct UpdateService: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "update-service", abstract: "Starts a service's tasks anew and waits until they run.",
        usage: "fgctl update-service NAME [options]",
        discussion: """
            NAME is the exact name of a service in the cluster (key ECS_CLUSTER, else STACK_NAME). The same task definition \
            is deployed again. The verdict is that of the deployment that was started: rolled back, or tasks that fail again \
            and again, is failed (1), replaced by another deployment is 5, --timeout is 3. Ctrl-C ends the watching only.

              fgctl update-service webserver
              fgctl update-service webserver --timeout 10m
              fgctl update-service webserver --no-wait
            """)

    @Argument(help: ArgumentHelp("Exact name of the service.", valueName: "name"))
    var name: String
    @Flag(name: .customLong("no-wait"), help: "Return when ECS has taken the request.")
    var noWait = false
    @Option(help: ArgumentHelp("Stop waiting after this long; the deployment goes on.", valueName: "duration"))
    var timeout = "30m"
    @OptionGroup(title: "Common options") var common: CommonOptions

    func run(_ session: Session, _ words: [String]) async throws {
        var timing = DeploymentWatch.Timing()
        timing.deadline = try DurationText.parse(timeout)
        let cluster = try Names(session.settings).cluster
        let redeployment = ServiceRedeployment(session.client)
        let service = try await redeployment.find(name, cluster: cluster)
        try await session.announce(
            "update service \(name) in cluster \(cluster)", stack: session.settings.value(.stackName) ?? "none")
        session.say("restart only: it runs \(service.taskDefinition ?? "the same task definition") before and after")
        if service.desiredCount == 0 { session.say("the service is scaled to zero: no task will start") }
        if session.options.dryRun {
            var request = ECS.UpdateServiceRequest(cluster: cluster, service: name)
            request.forceNewDeployment = true
            return session.context.console.out(try Session.json(request))
        }
        let (started, report) = try await Shielded.run {
            try await redeployment.start(service, name: name, cluster: cluster)
        }
        session.say("deployment \(started.primary) started")
        if noWait { return try conclude(report, session) }
        do {
            try conclude(try await redeployment.follow(started, timing: timing) { session.say($0) }, session)
        } catch is CancellationError {
            throw Failure(
                session.context.interruption.signal == 15 ? .terminated : .interrupted,
                "interrupted: only the watching has ended",
                hint: "deployment \(started.primary) of service \(name) goes on in cluster \(cluster); "
                    + Self.whatNext(name, cluster))
        }
    }

    /// How to watch a deployment without starting another one, and how to end it.
    private static func whatNext(_ name: String, _ cluster: String) -> String {
        "watch it with 'aws ecs describe-services --cluster \(cluster) --services \(name)'; to roll it back, take its ARN from "
            + "'aws ecs list-service-deployments --cluster \(cluster) --service \(name)' for "
            + "'aws ecs stop-service-deployment --service-deployment-arn ARN'"
    }

    private func conclude(_ report: DeploymentReport, _ session: Session) throws {
        for task in report.stoppedTasks { session.say("task \(TaskWatch.id(task.taskArn)) stopped: \(task.reason)") }
        let line =
            "service \(report.service) \(report.outcome.rawValue): running \(report.runningCount) of "
            + "\(report.desiredCount)"
        session.say(line)
        if session.options.output == .json { try session.result(report, lines: []) }
        switch report.outcome {
        case .started, .succeeded: return
        case .failed, .superseded:
            let message = "update service \(name): \(report.reason ?? report.outcome.rawValue)"
            let advice =
                (report.goesOn ? ["ECS goes on with deployment \(report.deployment)"] : [])
                + report.findings.prefix(1).map(\.advice)
            let hint = advice.isEmpty ? nil : advice.joined(separator: "; ")
            if session.options.output == .json {
                // The report is the one JSON value of this command, its failure included.
                session.context.console.err("fgctl: \(message)")
                if let hint { session.context.console.err("  \(hint)") }
                throw PassedCode(ExitStatus.code(for: report.outcome == .failed ? .failed : .superseded))
            }
            throw Failure(report.outcome == .failed ? .failed : .superseded, message, hint: hint)
        }
    }
}
