internal import ArgumentParser
internal import Environment
internal import Flows
internal import Services
internal import Stacks
internal import Support
internal import Watch

struct RollbackService: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "service-rollback", abstract: "Brings back what a service ran before.",
        usage: "fgctl service-rollback NAME [options]",
        discussion: """
            A deployment that is under way is ended by ECS, which goes back. Else, where a stack owns the service, the stack's \
            parameters for image versions and config release are set to those of the last successful deployment before, and the \
            update is followed, and the daemon restarted after usercode; where none does, the task definition before is deployed. What changes is shown first. What \
            can't be known is refused, and can be named with --to. NAME as for update-service.

              fgctl service-rollback webserver --dry-run
              fgctl service-rollback webserver
              fgctl service-rollback webserver --to 41
            """)

    @Argument(help: ArgumentHelp("Name of the service.", valueName: "name"))
    var name: String
    @Option(help: ArgumentHelp("Go back to this revision of the task definition.", valueName: "revision"))
    var to: String?
    @Flag(
        name: .customLong("no-wait"),
        help: "Return when ECS has taken the request; an update of a stack is followed always.")
    var noWait = false
    @Option(help: ArgumentHelp("Stop waiting for ECS after this long (exit 3).", valueName: "duration"))
    var timeout = "30m"
    @OptionGroup(title: "Common options") var common: CommonOptions

    func run(_ session: Session, _ words: [String]) async throws {
        var timing = DeploymentWatch.Timing()
        timing.deadline = try DurationText.parse(timeout)
        let project = try ProjectServices(session)
        guard let found = try await project.directory.find([name]).first else { return }
        if let note = found.note { session.say(note) }
        let reader = RollbackReader(session.client, cluster: project.cluster, stack: project.stack)
        let plan = try await ServiceRollback.foreseen(
            try RollbackPlan.make(try await reader.situation(found.name, revision: to)), session.client)
        let account = try await session.announce(
            "roll back service \(found.name) in cluster \(project.cluster)", stack: plan.stack ?? "none")
        if session.options.dryRun { return try session.result(plan, lines: plan.lines) }
        for line in plan.lines { session.say(line) }
        let bucket = session.settings[.bucket] == nil ? nil : try Names(session.settings).bucket
        let client = session.client
        let rollback = ServiceRollback(
            client, timing: timing,
            upload: { TemplateUpload(client: client, bucket: bucket, owner: account, prefix: $0) },
            show: { session.say($0) }, confirm: { try await session.confirm($0) })
        let report: RollbackReport
        do {
            report = try await rollback.apply(plan, waits: !noWait)
        } catch is CancellationError {
            throw Failure(
                session.context.interruption.signal == 15 ? .terminated : .interrupted,
                "interrupted: only the watching has ended",
                hint: "rolling back goes on if it was begun: watch it with 'fgctl service-status \(found.name)'"
                    + (plan.restarts.isEmpty ? "" : ", then 'fgctl update-daemon', so that the daemon knows the code"))
        }
        if let deployment = report.deployment, deployment.failureKind != nil {
            return try session.conclude([deployment], what: "roll back service \(found.name)", shown: report)
        }
        session.say("service \(found.name) \(noWait && report.outcome == "started" ? "is going back" : "rolled back")")
        if plan.parameters.contains(where: { $0.name == "ConfigRelease" }) {
            session.say("current.json is as it was: 'fgctl config-rollback' sets back what watchers follow")
        }
        if !report.restarts.isEmpty {
            let what = "restart service \(plan.restarts.joined(separator: ", ")) after it"
            return try session.conclude(report.restarts, what: what, shown: report)
        }
        if session.options.output == .json { try session.result(report, lines: []) }
    }
}
