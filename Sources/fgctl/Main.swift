internal import Commands
internal import FoundationEssentials
internal import Glibc
internal import HTTP
internal import Processes
internal import Support

/// Builds the real surroundings, runs the command in a task, and lets signals cancel that task.
@main
enum Main {
    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let console = StandardConsole.make()
        // Answered before anything is built or any thread is started: scripts ask often.
        if let code = Application.answerAtOnce(arguments, console: console) { exitNow(code) }
        run(arguments, console: console)
    }

    /// Not on the main actor, whose closures would trap on the threads that run them.
    nonisolated private static func run(_ arguments: [String], console: Console) -> Never {
        // Before any thread is started, which takes the mask of the one that starts it.
        let signals = Signals.hold()
        var context = CommandContext(
            programName: CommandLine.arguments.first.map(lastPart) ?? "fgctl",
            environment: ProcessInfo.processInfo.environment,
            directory: FileManager.default.currentDirectoryPath,
            console: console,
            makeTransport: { CurlTransport($0) },
            processes: RealProcessRunner(),
            now: { Date() },
            interruption: Interruption())
        context.saveFile = { try RecordFile.write($0, $1) }
        context.isTerminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
        let surroundings = context
        let work = Task.detached { await Application.run(arguments, context: surroundings) }
        Task.detached { exitNow(await work.value) }
        signals.take(surroundings.interruption) { work.cancel() }
    }

    nonisolated private static func lastPart(_ path: String) -> String {
        String(path.split(separator: "/").last ?? Substring(path))
    }
}
