internal import AWSServices
internal import ArgumentParser
internal import Environment
internal import Support
internal import Tasks
internal import Watch

struct StopTask: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "ecs-stop-task", abstract: "Asks ECS to stop tasks.",
        usage: "fgctl ecs-stop-task ARN|ID… [options]",
        discussion: """
            Their containers get SIGTERM, and SIGKILL after their stop timeout. Tasks that have stopped already are left as \
            they are. Returns when ECS has taken the request; see the end with ecs-wait-task.

              fgctl ecs-stop-task $arn
              fgctl ecs-stop-task 0123456789abcdef0123456789abcdef --reason 'late'
            """)

    @Argument(help: ArgumentHelp("ARNs of tasks, or ids in the stack's cluster.", valueName: "arn"))
    var tasks: [String]
    @Option(help: ArgumentHelp("Why, as ECS shows it; at most 255 characters.", valueName: "text"))
    var reason = "stopped by fgctl ecs-stop-task"
    @OptionGroup(title: "Common options") var common: CommonOptions

    func run(_ session: Session, _ words: [String]) async throws {
        guard (1...255).contains(reason.count) else {
            throw Failure(.usage, "--reason takes 1 to 255 characters, this has \(reason.count)")
        }
        let cluster = try TaskFinder.cluster(of: tasks) { try Names(session.settings).cluster }
        let found = try await TaskFinder(session.client, patience: .zero).tasks(tasks, cluster: cluster)
        try await session.announce("stop task in cluster \(cluster)", stack: session.settings.value(.stackName))
        var stopping: [Report.Task] = []
        for task in found {
            let line = TaskLine(task)
            session.say("\(line.lastStatus == "STOPPED" ? "has stopped" : "stopping") \(line.text)")
            stopping.append(
                .init(taskArn: task.taskArn, lastStatus: line.lastStatus, asked: line.lastStatus != "STOPPED"))
        }
        let arns = stopping.filter(\.asked).map(\.taskArn)
        if !session.options.dryRun {
            let runner = TaskRunner(session.client) { session.say($0) }
            try await Shielded.run { try await runner.stop(arns, cluster: cluster, reason: reason) }
        }
        try session.result(Report(cluster: cluster, reason: reason, tasks: stopping), lines: arns)
    }

    struct Report: Codable {
        struct Task: Codable {
            let taskArn: String
            /// Before it was asked to stop.
            let lastStatus: String
            /// Whether it was asked to stop: not when it had stopped already.
            let asked: Bool
        }
        let cluster: String
        let reason: String
        let tasks: [Task]
    }
}
