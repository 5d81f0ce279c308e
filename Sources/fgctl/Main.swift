internal import Commands
internal import Dispatch
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
        start(arguments, console: console)
        dispatchMain()
    }

    /// Not on the main actor, whose closures would trap on the threads that run them.
    nonisolated private static func start(_ arguments: [String], console: Console) {
        // Before any thread is started: a signal that comes before it is watched for waits until it is.
        Signals.hold()
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
        let signals = Signals.watch(surroundings.interruption) { work.cancel() }
        Task.detached {
            let code = await work.value
            signals.end()
            exitNow(code)
        }
    }

    nonisolated private static func lastPart(_ path: String) -> String {
        String(path.split(separator: "/").last ?? Substring(path))
    }
}
