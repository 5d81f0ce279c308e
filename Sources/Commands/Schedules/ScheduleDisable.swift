internal import ArgumentParser
internal import Schedules

struct ScheduleDisable: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule-disable", abstract: "Keeps a schedule from running, and all that it is otherwise.",
        usage: "fgctl schedule-disable [ENV] [TARGET_ID] [options]",
        discussion: """
            TARGET_ID names the schedule; left out, it is STACK_NAME. All else of the schedule stays as it is.

              fgctl schedule-disable
              fgctl schedule-disable weekdays
              fgctl schedule-disable production weekdays --engine rule
            """)

    @Argument(help: ArgumentHelp("ENV (see --env-file) and TARGET_ID.", valueName: "env target-id"))
    var arguments: [String] = []
    @OptionGroup var engineOption: EngineOption
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: arguments, needs: 0...1) }

    func run(_ session: Session, _ words: [String]) async throws {
        try await ScheduleTarget(session, words, engineOption.engine).set(.disabled, session)
    }
}
