internal import ArgumentParser
internal import FoundationEssentials
internal import Schedules
internal import Support

struct ScheduleNext: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule-next", abstract: "Prints the next times at which a schedule expression runs.",
        usage: "fgctl schedule-next 'EXPR' [-n 10] [--timezone ZONE] [options]",
        discussion: """
            EXPR has AWS's six fields (minutes hours day-of-month month day-of-week year), or is rate(…) or at(…). Nothing is \
            sent to AWS. One time a line, ISO 8601; behind it 'double' where the clock shows that time twice (the run is at \
            the first), 'gap: TIME is skipped' where a run before it falls into the hour that summer time leaves out. \
            rate(…) counts from now, as if the schedule were created now.

              fgctl schedule-next '0 0 * * ? *'
              fgctl schedule-next '30 2 ? * SUN *' --timezone Europe/Berlin -n 60
              fgctl schedule-next '0 6 LW * ? *' --after 2026-12-31T00:00:00
            """)

    @Argument(help: ArgumentHelp("The schedule expression.", valueName: "expr"))
    var expressions: [String]
    @Option(name: [.customShort("n"), .long], parsing: .unconditional, help: "How many runs to print, 1 to 1000.")
    var number = 10
    @Option(help: ArgumentHelp("Time zone of the expression, as Europe/Berlin (default: UTC).", valueName: "zone"))
    var timezone: String?
    @Option(
        help: ArgumentHelp("Print the runs after this time of the zone, ISO 8601 (default: now).", valueName: "time"))
    var after: String?
    @OptionGroup(title: "Common options") var common: CommonOptions

    func run(_ session: Session, _ words: [String]) async throws {
        guard (1...1000).contains(number) else {
            throw Failure(.usage, "--number \(number): it must be from 1 to 1000")
        }
        guard let expression = expressions.first, expressions.count == 1 else {
            throw Failure(
                .usage, "schedule-next takes one expression, these are \(expressions.count) words",
                hint: ScheduleCreate.quoteHint)
        }
        let parsed = try ScheduleExpression(expression)
        let zone = try timezone.map { name in
            try ZoneDatabase().check(name)
            return try TimeZoneFile(named: name)
        }
        let start = try instant(zone ?? .utc) ?? Int(session.context.now().timeIntervalSince1970.rounded(.down))
        let forecast = RunForecast(parsed, zone: zone ?? .utc, after: start, count: number)
        try session.result(forecast, lines: forecast.runs.map(\.line))
        if let note = forecast.note { session.say(note) }
    }

    /// The time of `--after`: with `Z` in UTC, else on the zone's clock.
    private func instant(_ zone: TimeZoneFile) throws -> Int? {
        guard let after else { return nil }
        let isUTC = after.hasSuffix("Z")
        guard let local = CivilTime(isUTC ? after.dropLast() : after[...]) else {
            throw Failure(
                .usage, "--after '\(after)' is no time",
                hint: "such as 2026-12-31T00:00:00, or 2026-12-31T00:00:00Z for UTC")
        }
        if isUTC { return local.seconds }
        // In a gap: the moment at which the clock is put forward comes first.
        return zone.instants(of: local).first ?? local.seconds - zone.offset(at: local.seconds - 86_400)
    }
}
