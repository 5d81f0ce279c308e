internal import ArgumentParser
internal import Support

/// The command `fgctl` itself: the list of all commands, in the groups that help shows.
struct Root: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fgctl",
        abstract: "Takes a container from a Dockerfile to a scheduled task on AWS ECS/Fargate.",
        discussion: """
            A project folder holds an env file (env/default) that names its stack, image and account. From there:

              fgctl docker-build; fgctl docker-push
              fgctl cf-create-vpc; fgctl cf-create-stack 0.1
              fgctl ecs-run-task
              fgctl schedule-create '0 0 * * ? *'
            """,
        version: "fgctl \(Version.current)",
        groupedSubcommands: groups)

    static let groups = [
        CommandGroup(
            name: "Images",
            subcommands: [
                DockerBuild.self, DockerPush.self, DockerRun.self, DockerPromote.self, ComposeBuild.self,
                ComposePush.self,
            ]),
        CommandGroup(name: "Stacks", subcommands: StackCommands.all),
        CommandGroup(
            name: "Tasks", subcommands: [RunTask.self, WaitTask.self, StopTask.self, ListTasks.self, ShowLogs.self]),
        CommandGroup(
            name: "Schedules",
            subcommands: [
                ScheduleCreate.self, ScheduleRemove.self, ScheduleList.self, ScheduleEnable.self, ScheduleDisable.self,
                ScheduleNext.self, ScheduleRun.self,
            ]),
        CommandGroup(
            name: "Services",
            subcommands: [
                UpdateUsercode.self, UpdateWebserver.self, UpdateDaemon.self, UpdateService.self,
                ShowServiceStatus.self,
                RollbackService.self,
            ]),
        CommandGroup(
            name: "Config",
            subcommands: [
                ConfigPush.self, ConfigPull.self, ConfigDiff.self, ConfigCheck.self, ConfigRollback.self,
                ConfigList.self,
            ]),
        CommandGroup(name: "Setup", subcommands: [WhoAmI.self, AssumeRole.self, Doctor.self]),
    ]

    /// The names of all commands.
    static var allCommandNames: Set<String> {
        Set(groups.flatMap(\.subcommands).compactMap { $0.configuration.commandName })
    }

    /// Those of the common options that take the next word as their value.
    static let optionsWithValue: Set<String> = [
        "-e", "--env-file", "--set", "--region", "--profile", "--endpoint-url", "--output",
    ]
    /// The others.
    static let flags: Set<String> = ["-y", "--yes", "--dry-run", "-q", "--quiet", "--debug", "--no-color"]

    /// The words with options that stand before the command put behind it: `fgctl -e production whoami` is what people of
    /// other tools type.
    /// - Throws: `Failure(.usage)` when there is no command.
    static func withOptionsLast(_ arguments: [String], context: CommandContext) throws -> [String] {
        guard OldNames.meaning(of: context.programName) == nil else { return arguments }
        var rest = arguments[...]
        var options: [String] = []
        while let word = rest.first, word.hasPrefix("-"), !["-h", "--help", "--version", "--"].contains(word) {
            let count = optionsWithValue.contains(word) ? 2 : 1
            options += rest.prefix(count)
            rest = rest.dropFirst(count)
        }
        if rest.isEmpty, let first = options.first, optionsWithValue.union(flags).contains(first) {
            throw Failure(.usage, "no command is named", hint: "see 'fgctl --help'")
        }
        guard let command = rest.popFirst(), command != "help" else { return arguments }
        // Old names take their words first.
        return [command] + (OldNames.meaning(of: command) == nil ? options + rest : rest + options)
    }

    /// The text of help that was asked for; the parser's own names another way to help than fgctl's errors do.
    static func help(for error: any Error) -> String {
        fullMessage(for: error)
            .replacing("See 'fgctl help <subcommand>' for detailed help.", with: "See 'fgctl COMMAND --help' for each.")
    }

    /// Refuses a word that names no command. The parser would rather complain of the options that follow it.
    /// - Throws: `Failure(.usage)`, with the command that may have been meant.
    static func checkCommand(_ arguments: [String]) throws {
        let names = allCommandNames.union(["help"])
        // `help nosuch` would show the list of all.
        let named = arguments.first == "help" ? arguments.dropFirst() : arguments[...]
        guard let word = named.first, !word.hasPrefix("-"), !names.contains(word) else { return }
        let meant = Suggestion.nearest(to: word, in: names.sorted())
        throw Failure(
            .usage, "'\(word)' is no command of fgctl",
            hint: meant.map { "did you mean '\($0)'?" } ?? "see 'fgctl --help'")
    }
}
