internal import AWS
internal import AWSServices
internal import ArgumentParser
internal import Environment
internal import FoundationEssentials
internal import Processes
internal import Support

struct AssumeRole: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "assume-role", abstract: "Assumes a role; prints its keys, or runs a command with them.",
        usage: "fgctl assume-role [ENV|ARN] [-- COMMAND ...] [options]",
        discussion: """
            The role is ARN, the key ROLE_ARN, or the role_arn of the profile in force, which its source_profile or \
            credential_source assumes, with an MFA code asked for where the profile names a device. \
            The keys are printed to be taken over by a shell, so don't run it where others see the output.

              eval "$(fgctl assume-role production)"
              fgctl assume-role arn:aws:iam::123456789012:role/deploy -- aws s3 ls
              fgctl assume-role --duration 12h --output json

            Options come before '--'. With a COMMAND the exit code is the command's; 126 and 127 when it can't be run, 125 \
            when the role can't be assumed. Under --output json its output goes to standard error.
            """)

    @Argument(help: ArgumentHelp("Env file (see --env-file), or the ARN of a role.", valueName: "env|arn"))
    var word: String?
    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("The command to run with the role's keys in its environment.", valueName: "command"))
    var child: [String] = []
    @Option(help: ArgumentHelp("What the role's owner asks to be told (key EXTERNAL_ID).", valueName: "text"))
    var externalID: String?
    @Option(help: ArgumentHelp("Name of the session in AWS's records.", valueName: "name"))
    var sessionName: String?
    @Option(help: ArgumentHelp("How long the keys last, 15m to 12h (default 1h).", valueName: "duration"))
    var duration: String?
    @OptionGroup(title: "Common options") var common: CommonOptions

    private var arn: String? { word.flatMap { $0.hasPrefix("arn:") ? $0 : nil } }
    var passesCodeThrough: Bool { !child.isEmpty }
    var words: Words? { Words(given: arn == nil ? word.map { [$0] } ?? [] : [], needs: 0...0) }

    func run(_ session: Session, _ words: [String]) async throws {
        let (request, profile) = try RoleRequest.make(
            RoleRequest.Given(arn: arn, externalID: externalID, sessionName: sessionName, duration: duration), session)
        if session.options.dryRun {
            let line = "would assume \(request.roleArn) as \(request.roleSessionName) for \(request.durationSeconds) s"
            return try session.result(RoleRequest.Shown(request), lines: [line])
        }
        let answer = try await RoleRequest.send(request, profile, session)
        guard let keys = answer.credentials else {
            throw Failure(.failed, "assume role \(request.roleArn): the answer holds no keys")
        }
        let until = keys.expiration.formatted(.iso8601)
        session.say("assumed \(answer.assumedRoleUser?.arn ?? request.roleArn) until \(until)")
        guard let program = child.first else { return try print(keys, answer, session) }
        var command = Command(program, Array(child.dropFirst()), mutates: true, standardInput: .inherit)
        command.environment = try await environment(keys, session)
        let arn = answer.assumedRoleUser?.arn ?? request.roleArn
        throw PassedCode(try await RoleCommandReport.run(command, arn: arn, expiration: keys.expiration, session))
    }

    /// Revealed because to hand them over is what the command is for.
    private func print(_ keys: STS.RoleCredentials, _ answer: STS.AssumeRoleResponse, _ session: Session) throws {
        let result = AssumedRole(
            accessKeyId: keys.accessKeyId, secretAccessKey: keys.secretAccessKey.reveal(),
            sessionToken: keys.sessionToken.reveal(), expiration: keys.expiration, arn: answer.assumedRoleUser?.arn)
        try session.result(
            result,
            lines: [
                "export AWS_ACCESS_KEY_ID=\(result.accessKeyId)",
                "export AWS_SECRET_ACCESS_KEY=\(Command.quoted(result.secretAccessKey))",
                "export AWS_SESSION_TOKEN=\(Command.quoted(result.sessionToken))",
            ])
    }

    /// The keys, where they count, and nothing beside them that would win over them.
    private func environment(_ keys: STS.RoleCredentials, _ session: Session) async throws -> [String: String?] {
        var environment: [String: String?] = [
            "AWS_ACCESS_KEY_ID": keys.accessKeyId, "AWS_SECRET_ACCESS_KEY": keys.secretAccessKey.reveal(),
            "AWS_SESSION_TOKEN": keys.sessionToken.reveal(), "AWS_REGION": try await session.client.region,
        ]
        for name in RoleRequest.otherSources { environment.updateValue(nil, forKey: name) }
        if let endpoint = session.settings.value(.endpointURL) { environment["AWS_ENDPOINT_URL"] = endpoint }
        return environment
    }
}
