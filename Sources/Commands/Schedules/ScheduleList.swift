internal import ArgumentParser
internal import Environment
internal import Schedules

struct ScheduleList: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule-list", abstract: "Lists the stack's schedules.",
        usage: "fgctl schedule-list [ENV] [options]")

    @Argument(help: ArgumentHelp("Env file (see --env-file).", valueName: "env"))
    var env: String?
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: env.map { [$0] } ?? [], needs: 0...0) }

    func run(_ session: Session, _ words: [String]) async throws {
        let group = try Names(session.settings).scheduleGroup
        let schedules = try await ScheduleService(session.client).list(group: group)
        try session.result(["schedules": schedules], lines: schedules.map(\.line))
        if schedules.isEmpty { session.say("stack \(group) has no schedules") }
    }
}

extension ScheduleSummary {
    /// One line for people.
    var line: String { "\(name)  \(expression)  \(timezone)  \(state)  \(taskFamily ?? "not a task")" }
}
