internal import AWSServices
internal import ArgumentParser
internal import Environment
internal import Support
internal import Tasks
internal import Watch

struct WaitTask: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "ecs-wait-task", abstract: "Waits for tasks that run already, or have ended.",
        usage: "fgctl ecs-wait-task ARN… [options]",
        discussion: """
            Shows the lines that their containers write, from the first on, and gives the exit code of the container, as \
            ecs-run-task does. Ctrl-C ends the watching only.

              arn=$(fgctl ecs-run-task --no-wait)
              fgctl ecs-wait-task $arn
              fgctl ecs-wait-task --poke $arn    # one look: 99 when it still runs

            fgctl's own failures: 64 wrong usage, 99 not yet (--poke), 125 anything else, also --timeout: the task goes on.
            """)

    static var passesCodeThrough: Bool { true }

    @Argument(help: ArgumentHelp("ARNs of tasks, or ids in the stack's cluster.", valueName: "arn"))
    var tasks: [String]
    @Flag(help: "Look once: exit with the verdict when it has ended, with 99 when it goes on.")
    var poke = false
    @Option(help: ArgumentHelp("Stop waiting after this long; the task goes on.", valueName: "duration"))
    var timeout: String?
    @Option(help: ArgumentHelp("The container whose exit code counts.", valueName: "name"))
    var container: String?
    @OptionGroup(title: "Common options") var common: CommonOptions

    func run(_ session: Session, _ words: [String]) async throws {
        let deadline = try timeout.map { try DurationText.parse($0) }
        let cluster = try TaskFinder.cluster(of: tasks) { try Names(session.settings).cluster }
        // One look is soon over, but a task that was just started becomes visible with a delay.
        let finder = TaskFinder(session.client, patience: poke ? .seconds(10) : .seconds(60)) {
            session.say($0)
        }
        let found = try await finder.find(tasks, cluster: cluster)
        try checkContainer(found.subjects)
        let attendant = TaskAttendant(
            session: session, cluster: cluster, subjects: found.subjects, picked: container, isOwner: false,
            deadline: deadline)
        guard poke else { return try session.conclude(try await attendant.stay()) }
        guard let report = try await attendant.poke() else {
            let ids = found.subjects.map { TaskWatch.id($0.arn) }.joined(separator: ", ")
            throw Failure(.notYet, "task \(ids): not ended yet")
        }
        try session.conclude(report)
    }

    private func checkContainer(_ subjects: [TaskWatch.Subject]) throws {
        guard let container else { return }
        for subject in subjects {
            let names = (subject.definition.containerDefinitions ?? []).compactMap(\.name)
            guard names.contains(container) else {
                throw Failure(
                    .usage, "--container \(container): task \(TaskWatch.id(subject.arn)) has no such container",
                    hint: "it has: \(names.joined(separator: ", "))")
            }
        }
    }
}
