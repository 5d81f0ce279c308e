internal import AWS
internal import AWSServices
internal import ArgumentParser
internal import Environment
internal import FoundationEssentials
internal import Support
internal import Watch

struct ShowLogs: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "ecs-logs", abstract: "Shows what the stack's containers wrote.",
        usage: "fgctl ecs-logs [ENV] [options]",
        discussion: """
            Without --since, --task and --filter: the lines of the latest stream. With --follow it goes on until Ctrl-C, \
            which ends the watching only.

              fgctl ecs-logs
              fgctl ecs-logs --follow --since 1h
              fgctl ecs-logs --filter ERROR --since 2d
              fgctl ecs-logs --task 0123456789abcdef0123456789abcdef
            """)

    @Argument(help: ArgumentHelp("Env file (see --env-file).", valueName: "env"))
    var env: String?
    @Flag(name: .shortAndLong, help: "Go on with what comes.")
    var follow = false
    @Option(help: ArgumentHelp("Lines since this long ago: 90s, 15m, 1h, 2d.", valueName: "duration"))
    var since: String?
    @Option(help: ArgumentHelp("Lines with this text, or that fit a pattern of CloudWatch Logs.", valueName: "text"))
    var filter: String?
    @Option(help: ArgumentHelp("Lines of this task only; may be repeated.", valueName: "id"))
    var task: [String] = []
    @Option(help: ArgumentHelp("Lines of this container only.", valueName: "name"))
    var container: String?
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? {
        Words(given: env.map { [$0] } ?? [], needs: 0...0, surplusHint: "one task's lines: --task ID")
    }

    func run(_ session: Session, _ words: [String]) async throws {
        let group = try Names(session.settings).logGroup
        let now = session.context.now()
        let age = try since.map { try DurationText.parse($0) }
        var selection = LogTail.Selection(
            group: group,
            since: age.map { now.addingTimeInterval(-TimeInterval($0.components.seconds)) } ?? .distantPast)
        selection.pattern = filter.map { LogTail.pattern($0) }
        do {
            let choice = StreamChoice(
                tasks: task.map(TaskWatch.id), container: container, wantsLatest: age == nil && filter == nil)
            guard !follow else {
                if age == nil, task.isEmpty { selection.since = now.addingTimeInterval(-60) }
                // Streams come into being while it follows: lines are chosen, not streams.
                return try await LogTail(session.client, selection).follow(trouble: { session.warn($0) }) { line in
                    if choice.fits(line.stream) { try print(line, several: true, session) }
                }
            }
            selection.streams = try await choice.choose(from: group, CloudWatchLogs(session.client))
            let several = selection.streams?.count != 1
            if selection.streams?.isEmpty == true {
                return session.say(
                    "log group \(group) has no such stream" + (task.isEmpty ? " among its 50 latest" : ""))
            }
            let count = try await LogTail(session.client, selection).readNew {
                try print($0, several: several, session)
            }
            if count == 0 { session.say("log group \(group) has no such lines") }
        } catch let error as AWSError where error.code == "ResourceNotFoundException" {
            throw Failure(
                .failed, "show logs: log group \(group) does not exist",
                hint: "the stack makes it; look with 'fgctl cf-status'", cause: error)
        }
    }

    /// Under JSON each line is one value, so that a next program can read while it goes on.
    private func print(_ line: LogTail.Line, several: Bool, _ session: Session) throws {
        guard session.options.output == .json else {
            return session.context.console.out(
                several ? "\(StreamChoice.short(line.stream)): \(line.message)" : line.message)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        session.context.console.out(String(decoding: try encoder.encode(line), as: UTF8.self))
    }
}
