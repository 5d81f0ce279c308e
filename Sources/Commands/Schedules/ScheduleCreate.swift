internal import AWSServices
internal import ArgumentParser
internal import Environment
internal import Schedules
internal import Support

struct ScheduleCreate: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule-create", abstract: "Runs the stack's task on a schedule, or changes such a schedule.",
        usage: "fgctl schedule-create [ENV] [TARGET_ID] 'CRON' [options]",
        discussion: """
            CRON has AWS's six fields (minutes hours day-of-month month day-of-week year), or is rate(…) or at(…). TARGET_ID \
            names the schedule; left out, it is STACK_NAME. A schedule that exists keeps what is not given here.

              fgctl schedule-create '0 0 * * ? *'
              fgctl schedule-create weekdays '30 6 ? * MON-FRI *' --timezone Europe/Berlin
              fgctl schedule-create nightly '0 0 * * ? *' --engine rule
              fgctl schedule-create hourly 'rate(1 hour)' --set-env MODE=fast
            """)

    @Argument(help: ArgumentHelp("ENV (see --env-file), TARGET_ID and CRON.", valueName: "env target-id cron"))
    var arguments: [String] = []
    @Option(
        help: ArgumentHelp(
            "Time zone of the expression, as Europe/Berlin (key SCHEDULE_TIMEZONE; UTC).", valueName: "zone"))
    var timezone: String?
    @Option(help: ArgumentHelp("Set a variable of the container; may be repeated.", valueName: "key=value"))
    var setEnv: [String] = []
    @Option(help: ArgumentHelp("Command in place of the image's, split as a shell would.", valueName: "text"))
    var command: String?
    @Flag(help: "Create or leave it disabled.")
    var disabled = false
    @Flag(help: "Enable it again.")
    var enabled = false
    @Option(parsing: .unconditional, help: "How often AWS tries again to start the task, 0 to 185.")
    var retries: Int?
    @Option(help: ArgumentHelp("How late a run may start: 60s to 24h (default 1h).", valueName: "duration"))
    var maxAge: String?
    @Option(
        help: ArgumentHelp(
            "ARN of an SQS queue for runs that could not be started (key DEAD_LETTER_ARN).", valueName: "arn"))
    var deadLetter: String?
    @Flag(
        name: .customLong("public-ip"), inversion: .prefixedNo,
        help: "Give the task a public address (key ASSIGN_PUBLIC_IP).")
    var publicIP: Bool?
    @OptionGroup var engineOption: EngineOption
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: arguments, needs: 1...2, surplusHint: Self.quoteHint, called: "CRON") }

    /// For an expression that the shell has taken apart, and put file names into.
    static let quoteHint = "quote the expression, so that the shell leaves it whole: '0 0 * * ? *'"

    func run(_ session: Session, _ words: [String]) async throws {
        let desired = try desired(session, words)
        let stacks = ProjectStacks(session)
        let stack = try await stacks.task(for: "create schedule")
        let network = try await stacks.network(publicIP: desired.assignPublicIP, of: stack, for: "create schedule")
        let outputs = Dictionary((stack.outputs ?? []).map { ($0.outputKey, $0.outputValue) }, uniquingKeysWith: { $1 })
        let facts = try StackFacts(
            stack: stack.stackName, outputs: outputs, subnets: network.subnets,
            securityGroups: network.securityGroups ?? [])
        try await session.announce("create schedule \(desired.name)", stack: stack.stackName)
        if desired.engine == .rule { return try await RuleCreation.run(desired, facts, session) }
        let service = ScheduleService(session.client)
        let prepared = try await service.prepare(desired, stack: facts)
        for change in prepared.plan.changes { session.say("  \(change)") }
        if session.options.dryRun {
            for warning in prepared.warnings { session.warn(warning) }
            return session.context.console.out(try ShownRequest.json(prepared.plan.request))
        }
        let outcome = try await service.apply(prepared, desired, stack: facts) { session.say($0) }
        for warning in outcome.warnings { session.warn(warning) }
        session.say("schedule \(outcome.schedule.group)/\(outcome.schedule.name) \(outcome.action.rawValue)")
        try session.result(outcome, lines: [outcome.schedule.line])
    }

    /// What is asked for, checked before any call.
    private func desired(_ session: Session, _ words: [String]) throws -> ScheduleDesired {
        let targetID = words.count > 1 ? words[0] : nil
        guard let text = words.last else { throw Failure(.usage, "schedule-create needs an expression") }
        var desired = ScheduleDesired(
            name: try Names(session.settings).schedule(targetID: targetID),
            expression: try ScheduleExpression.reading(text, isAlone: targetID == nil), engine: engineOption.engine)
        desired.timezone = timezone ?? session.settings.value(.scheduleTimezone)
        guard !(enabled && disabled) else { throw Failure(.usage, "--enabled and --disabled exclude each other") }
        if enabled || disabled { desired.state = enabled ? .enabled : .disabled }
        desired.retries = retries
        desired.deadLetterARN = deadLetter ?? session.settings.value(.deadLetterARN)
        desired.assignPublicIP = try publicIP ?? session.settings.bool(.assignPublicIP)
        desired.environment = try ContainerSettings.read(session, file: nil, setEnv: setEnv)
        if let command { desired.command = try CommandText.words(command, flag: "--command") }
        if let maxAge { desired.maximumAge = Int(try DurationText.parse(maxAge).components.seconds) }
        if desired.engine == .rule { _ = try RuleService.name(desired.name, stack: Names(session.settings).stack) }
        try desired.check(now: session.context.now())
        return desired
    }
}
