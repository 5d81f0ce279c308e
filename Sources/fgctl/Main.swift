internal import Commands
internal import FoundationEssentials
internal import HTTP
internal import Processes

/// Builds the real surroundings, runs the command in a task, and lets signals cancel that task.
@main
enum Main {
    static func main() async {
        let context = CommandContext(
            programName: ProcessInfo.processInfo.arguments.first.map(lastPart) ?? "fgctl",
            environment: ProcessInfo.processInfo.environment,
            directory: FileManager.default.currentDirectoryPath,
            console: StandardConsole.make(),
            makeTransport: { CurlTransport($0) },
            processes: RealProcessRunner(),
            now: { Date() },
            interruption: Interruption())
        let arguments = Array(CommandLine.arguments.dropFirst())
        let work = Task { await Application.run(arguments, context: context) }
        let signals = Signals.watch(context.interruption) { work.cancel() }
        let code = await work.value
        signals.end()
        exitNow(code)
    }

    private static func lastPart(_ path: String) -> String {
        String(path.split(separator: "/").last ?? Substring(path))
    }
}
