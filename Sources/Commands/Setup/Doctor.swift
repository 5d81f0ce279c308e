internal import AWS
internal import ArgumentParser
internal import Environment

struct Doctor: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract:
            "Checks docker, credentials, region, clock, network and permissions, and says what is wrong with them.",
        usage: "fgctl doctor [ENV] [--offline] [options]",
        discussion: """
            Shows the region, the source of the credentials and the endpoint of each AWS service, each with the setting it
            comes from. Then looks whether the endpoints answer, how far this machine's clock is off, who the credentials
            are and whether that is AWS_ACCOUNT_ID's account, what of each group of commands they may not do (IAM is asked to simulate it; nothing is tried), and
            whether docker answers. It changes nothing and takes 15 seconds at most. With --offline nobody is asked
            anything, not even the machine about its region or docker.

            The exit code is that of the first check that failed: 64 for settings, 65 for files, 4 for credentials, 127
            where docker is missing, 1 for anything else. Warnings and what can't be known leave it at 0. What was found is
            printed in any case.

              fgctl doctor
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
        if !offline { report.checks += try await DoctorChecks(session, before: report.checks).results() }
        try session.result(report, lines: report.lines)
        guard report.exitCode == ExitStatus.done else { throw PassedCode(report.exitCode) }
    }
}
