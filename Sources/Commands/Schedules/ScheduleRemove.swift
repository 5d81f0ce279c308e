internal import ArgumentParser
internal import Environment
internal import Schedules

struct ScheduleRemove: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule-remove", abstract: "Removes a schedule of the stack; tasks that run go on.",
        usage: "fgctl schedule-remove [ENV] [TARGET_ID] [options]",
        discussion: """
            TARGET_ID names the schedule; left out, it is STACK_NAME. Asks first; --yes where there is no terminal.

              fgctl schedule-remove --yes
              fgctl schedule-remove weekdays --yes
              fgctl schedule-remove production weekdays --engine rule --yes
            """)

    @Argument(help: ArgumentHelp("ENV (see --env-file) and TARGET_ID.", valueName: "env target-id"))
    var arguments: [String] = []
    @OptionGroup var engineOption: EngineOption
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: arguments, needs: 0...1) }

    func run(_ session: Session, _ words: [String]) async throws {
        let target = try ScheduleTarget(session, words, engineOption.engine)
        // What is not there needs no question.
        let purpose = "remove \(target.engine == .rule ? "rule" : "schedule")"
        let found = try await target.stored(for: purpose, session)
        try await session.announce("remove \(target.label)", stack: target.stack)
        if session.options.dryRun { return try target.result(session, action: "would be removed") }
        try await session.confirm("Remove \(target.label) (\(found.expression), \(found.timezone))?")
        switch target.engine {
        case .scheduler:
            try await ScheduleService(session.client).remove(target.name, group: target.group, stack: target.stack)
        case .rule:
            try await RuleService(session.client).remove(
                target.name, stack: target.stack, family: try Names(session.settings).taskFamily)
        }
        try target.result(session, action: "removed")
    }
}
