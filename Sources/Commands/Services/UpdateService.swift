internal import AWSServices
internal import ArgumentParser
internal import Environment
internal import Services
internal import Support
internal import Watch

struct UpdateService: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "update-service", abstract: "Starts services' tasks anew and waits until they run.",
        usage: "fgctl update-service NAME... [options]",
        discussion: """
            NAME is a service of the cluster (key ECS_CLUSTER, else STACK_NAME): its name, an output of the stack (webserver for \
            WebserverService), or an ending that only one has. The same task definition is deployed again; several services \
            are followed at the same time. The verdict is that of the deployment that was started: rolled back, or tasks that fail \
            again and again, is failed (1), replaced by another deployment is 5, --timeout is 3; of several the worst. Ctrl-C \
            asks whether to roll back.

              fgctl update-service webserver
              fgctl update-service webserver daemon --timeout 10m
              fgctl update-service webserver --max-failed-tasks 2
              fgctl update-service webserver --no-wait
            """)

    @Argument(help: ArgumentHelp("Names of services.", valueName: "name"))
    var names: [String]
    @OptionGroup(title: "Following") var following: FollowOptions
    @OptionGroup(title: "Common options") var common: CommonOptions

    /// All services of the command; its JSON form is stable.
    struct Report: Encodable {
        let services: [DeploymentReport]
    }

    func run(_ session: Session, _ words: [String]) async throws {
        let timing = try following.timing()
        let project = try ProjectServices(session)
        let found = try await project.directory.find(names)
        for note in found.compactMap(\.note) { session.say(note) }
        let listed = found.map(\.name).joined(separator: ", ")
        let what = "update service \(listed)"
        try await session.announce(
            "\(what) in cluster \(project.cluster)", stack: session.settings.value(.stackName) ?? "none")
        for one in found {
            let definition = one.service.taskDefinition ?? "the same task definition"
            session.say("service \(one.name): restart only: it runs \(definition) before and after")
            if one.service.desiredCount == 0 {
                session.say("service \(one.name) is scaled to zero: no task will start")
            }
        }
        if session.options.dryRun { return try plan(session, found.map(\.name), project.cluster) }
        let services = found.map(\.service)
        let redeployment = ServiceRedeployment(session.client)
        let starts = try await Shielded.run { await redeployment.start(services, cluster: project.cluster) }
        var refused: [DeploymentReport] = []
        var started: [(DeploymentWatch.Started, DeploymentReport)] = []
        for start in starts {
            switch start {
            case .refused(let report, let error):
                if starts.count == 1 { throw error }
                session.say("service \(report.service): \(error)")
                refused.append(report)
            case .started(let one, let report):
                session.say("service \(one.service): deployment \(one.primary) started")
                started.append((one, report))
            }
        }
        let ended =
            following.noWait
            ? started.map(\.1)
            : try await session.follow(
                started.map(\.0), following, timing: timing,
                rollbackCommand: ProjectServices.rollbackCommand(started.map(\.0.service)))
        let reports = ended + refused
        try session.conclude(reports, what: what, shown: Report(services: reports))
    }

    private func plan(_ session: Session, _ names: [String], _ cluster: String) throws {
        struct Plan: Encodable { let services: [ECS.UpdateServiceRequest] }
        let requests = names.map { name in
            var request = ECS.UpdateServiceRequest(cluster: cluster, service: name)
            request.forceNewDeployment = true
            return request
        }
        session.context.console.out(try Session.json(Plan(services: requests)))
    }
}
