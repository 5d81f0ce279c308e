internal import AWSServices
internal import ArgumentParser
internal import Environment
internal import FoundationEssentials
internal import Tasks
internal import Watch

struct ListTasks: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "ecs-list-tasks", abstract: "Lists the stack's tasks, running and lately stopped.",
        usage: "fgctl ecs-list-tasks [ENV] [options]",
        discussion: """
            ECS shows stopped tasks for about an hour.

              fgctl ecs-list-tasks
              fgctl ecs-list-tasks --running --output json
            """)

    @Argument(help: ArgumentHelp("Env file (see --env-file).", valueName: "env"))
    var env: String?
    @Flag(help: "Leave stopped tasks out.")
    var running = false
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: env.map { [$0] } ?? [], needs: 0...0) }

    func run(_ session: Session, _ words: [String]) async throws {
        let names = Names(session.settings)
        let (family, cluster) = (try names.taskFamily, try names.cluster)
        let all = try await TaskFinder(session.client).list(family: family, cluster: cluster)
        let tasks = all.filter { !running || $0.lastStatus != "STOPPED" }.map(TaskLine.init)
        try session.result(["tasks": tasks], lines: tasks.map(\.text))
        if tasks.isEmpty { session.say("no tasks of family \(family) in cluster \(cluster)") }
    }
}

/// One task of a list; its JSON form is stable.
struct TaskLine: Codable, Sendable {
    struct Container: Codable, Sendable {
        let name: String
        let lastStatus: String?
        let exitCode: Int?
        let reason: String?
    }

    let taskArn: String
    let taskDefinitionArn: String?
    let lastStatus: String
    let desiredStatus: String?
    let startedBy: String?
    let createdAt: Date?
    let startedAt: Date?
    let stoppedAt: Date?
    let stopCode: String?
    let stoppedReason: String?
    let containers: [Container]

    init(_ task: ECS.Task) {
        taskArn = task.taskArn
        taskDefinitionArn = task.taskDefinitionArn
        lastStatus = task.lastStatus ?? "UNKNOWN"
        desiredStatus = task.desiredStatus
        startedBy = task.startedBy
        createdAt = task.createdAt
        startedAt = task.startedAt
        stoppedAt = task.stoppedAt
        stopCode = task.stopCode
        stoppedReason = task.stoppedReason
        containers = (task.containers ?? []).map {
            Container(name: $0.name ?? "?", lastStatus: $0.lastStatus, exitCode: $0.exitCode, reason: $0.reason)
        }
    }

    /// `7f…  STOPPED  2026-01-31T00:00:05Z  nightly:3  nightly exit 0`
    var text: String {
        let definition = taskDefinitionArn?.split(separator: "/").last.map(String.init) ?? "?"
        let codes = containers.compactMap { container in container.exitCode.map { "\(container.name) exit \($0)" } }
        let parts: [String?] = [
            TaskWatch.id(taskArn), lastStatus, createdAt?.formatted(.iso8601) ?? "-", definition,
            codes.isEmpty ? nil : codes.joined(separator: ", "), stoppedReason,
        ]
        return parts.compactMap { $0 }.joined(separator: "  ")
    }
}
