internal import FoundationEssentials
internal import Processes

/// The keys of a role as JSON has them; the form is stable.
struct AssumedRole: Encodable {
    let accessKeyId: String
    let secretAccessKey: String
    let sessionToken: String
    let expiration: Date
    let arn: String?
}

/// How a command ended that was run with a role's keys; its JSON form is stable, and holds no key.
struct RoleCommandReport: Encodable {
    /// Of the role's session.
    let arn: String
    let expiration: Date
    let command: String
    let exitCode: Int32
    let durationSeconds: Double

    /// Runs the command and reports on it under `--output json`, when its standard output goes to standard error.
    /// - Returns: its exit code.
    static func run(_ command: Command, arn: String, expiration: Date, _ session: Session) async throws -> Int32 {
        let isJSON = session.options.output == .json
        let clock = ContinuousClock()
        let start = clock.now
        let exit = try await session.context.processes.run(command, output: isJSON ? .toStandardError : .inherit)
        let seconds = start.duration(to: clock.now) / .seconds(1)
        if isJSON {
            let report = RoleCommandReport(
                arn: arn, expiration: expiration, command: command.commandLine, exitCode: exit.shellStatus,
                durationSeconds: seconds)
            try session.result(report, lines: [])
        }
        return exit.shellStatus
    }
}
