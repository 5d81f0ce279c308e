internal import ArgumentParser
internal import Environment
internal import Schedules
internal import Support

extension ScheduleEngine: ExpressibleByArgument {}

/// Which of AWS's two engines is meant.
struct EngineOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "scheduler (EventBridge Scheduler), or rule: a rule of the older EventBridge, named STACK_NAME-TARGET_ID.",
            valueName: "engine"))
    var engine: ScheduleEngine = .scheduler
}

/// The schedule that a command is about.
struct ScheduleTarget {
    let name: String
    let group: String
    let stack: String
    let engine: ScheduleEngine

    /// - Parameter words: TARGET_ID, or nothing for STACK_NAME.
    init(_ session: Session, _ words: [String], _ engine: ScheduleEngine) throws {
        let names = Names(session.settings)
        name = try names.schedule(targetID: words.first)
        group = try names.scheduleGroup
        stack = try names.stack
        self.engine = engine
        if engine == .rule { _ = try RuleService.name(name, stack: stack) }
    }

    /// For messages: `schedule nightly/job`, `rule nightly-job`.
    var label: String { engine == .scheduler ? "schedule \(group)/\(name)" : "rule \(stack)-\(name)" }

    /// The schedule as it is.
    /// - Throws: `Failure` when there is none of the name.
    func stored(for purpose: String, _ session: Session) async throws -> ScheduleSummary {
        switch engine {
        case .scheduler:
            try await ScheduleService(session.client).stored(name, group: group, stack: stack, for: purpose)
                .summary
        case .rule: try await RuleService(session.client).stored(name, stack: stack, for: purpose).summary
        }
    }

    /// Enables or disables it.
    func set(_ state: ScheduleDesired.State, _ session: Session) async throws {
        let verb = state == .enabled ? "enable" : "disable"
        try await session.announce("\(verb) \(label)", stack: stack)
        if session.options.dryRun {
            _ = try await stored(for: "\(verb) \(engine == .rule ? "rule" : "schedule")", session)
            return try result(session, action: "would be \(verb)d")
        }
        let (isChanged, warnings) =
            switch engine {
            case .scheduler:
                try await ScheduleService(session.client).set(state, of: name, group: group, stack: stack)
            case .rule: try await RuleService(session.client).set(state, of: name, group: group, stack: stack)
            }
        for warning in warnings { session.warn(warning) }
        try result(session, action: isChanged ? "\(verb)d" : "unchanged")
    }

    /// Says what was done.
    func result(_ session: Session, action: String) throws {
        session.say("\(label) \(action)")
        try session.result(Outcome(engine: engine, name: name, group: group, action: action), lines: [])
    }

    private struct Outcome: Encodable {
        let engine: ScheduleEngine
        let name: String
        let group: String
        let action: String
    }
}
