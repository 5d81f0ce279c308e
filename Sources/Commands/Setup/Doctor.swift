internal import AWS
internal import ArgumentParser
internal import Environment

struct Doctor: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Checks region, credentials and endpoints, and says what is wrong with them.",
        usage: "fgctl doctor [ENV] [--offline] [options]",
        discussion: """
            Shows the region, the source of the credentials and the endpoint of each AWS service, each with the setting it
            comes from. Then asks AWS who the credentials are; with --offline nobody is asked anything, not even the
            machine about its region.

            The exit code is that of the first check that failed: 64 for settings, 65 for files, 4 for credentials, 1 for
            anything else. What was found is printed in any case.

              fgctl doctor --offline --output json
            """)

    @Argument(help: ArgumentHelp("Env file (see --env-file).", valueName: "env"))
    var env: String?
    @Flag(name: .long, help: "Look at settings and files only; send nothing.")
    var offline = false
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: env.map { [$0] } ?? [], needs: 0...0) }

    func run(_ session: Session, _ words: [String]) async throws {
        var report = try await DoctorReport(session, online: !offline)
        // What failed already would only fail again.
        if report.exitCode == ExitStatus.done {
            for check in DoctorCheck.all where !offline || !check.isOnline {
                report.checks.append(try await check.result(session))
            }
        }
        try session.result(report, lines: report.lines)
        guard report.exitCode == ExitStatus.done else { throw PassedCode(report.exitCode) }
    }
}
