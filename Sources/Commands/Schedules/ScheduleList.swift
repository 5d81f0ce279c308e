internal import ArgumentParser
internal import Environment
internal import Schedules

struct ScheduleList: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule-list",
        abstract: "Lists the stack's schedules, their next runs, and how the last one went.",
        usage: "fgctl schedule-list [ENV] [options]",
        discussion: """
            Schedules of EventBridge Scheduler and rules of the older engine. The last run is judged by what ECS still \
            knows: it forgets a stopped task, and its exit code, after about an hour; then a log stream tells that it ran. A stack that does not exist is a failure (exit 1).

              fgctl schedule-list
              fgctl schedule-list --failed || echo "last night's job did not run well"
              fgctl schedule-list production --output json

            With --failed: only schedules whose last run failed or did not happen; exit 1 when there are any.
            """)

    @Argument(help: ArgumentHelp("Env file (see --env-file).", valueName: "env"))
    var env: String?
    @Flag(help: "Only schedules whose last run failed or did not happen; exit 1 when there are any.")
    var failed = false
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: env.map { [$0] } ?? [], needs: 0...0) }

    func run(_ session: Session, _ words: [String]) async throws {
        let all = try await ScheduleReports(session).all()
        if all.isEmpty { _ = try await ProjectStacks(session).task(for: "list schedules") }
        let shown = failed ? all.filter(\.lastRun.isFailure) : all
        try session.result(["schedules": shown], lines: shown.flatMap(\.lines))
        if all.isEmpty { session.say("stack \(try Names(session.settings).stack) has no schedules") }
        guard failed else { return }
        let unknown = all.filter { $0.lastRun.status == .unknown }.map(\.name)
        if !unknown.isEmpty { session.say("how the last run ended is not known of \(unknown.joined(separator: ", "))") }
        if shown.isEmpty { return session.say("no last run of \(all.count) schedule(s) is known to have failed") }
        session.say("\(shown.count) of \(all.count) schedule(s): the last run failed or did not happen")
        throw PassedCode(1)
    }
}
