internal import AWS
internal import AWSServices
internal import ArgumentParser
internal import Environment
internal import Support

struct WhoAmI: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "whoami", abstract: "Shows account, identity and region, and where each came from.",
        usage: "fgctl whoami [ENV] [options]",
        discussion: """
            Also whether the account is the one that AWS_ACCOUNT_ID asserts; where it is not, every change is refused. \
            Nothing is changed.

              fgctl whoami
              fgctl whoami production --output json
            """)

    @Argument(help: ArgumentHelp("Env file (see --env-file).", valueName: "env"))
    var env: String?
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: env.map { [$0] } ?? [], needs: 0...0) }

    func run(_ session: Session, _ words: [String]) async throws {
        let region = try await session.client.regionSetting()
        let credentials = try await session.client.identity()
        let endpoint = try await session.client.endpoint(for: .sts)
        let caller: STS.GetCallerIdentityResponse
        do { caller = try await STS(session.client).getCallerIdentity() } catch let error as AWSNoAnswer {
            // Other commands send people here for this.
            throw Failure(
                .failed, "\(error)", hint: "the endpoint comes from \(endpoint.source); is it up, and the network?",
                cause: error)
        }
        let asserted = try Names(session.settings).account
        let report = Report(
            account: caller.account, assertedAccount: asserted, arn: caller.arn, userID: caller.userId,
            region: region.value,
            regionSource: region.origin, credentialsSource: credentials.source, accessKeyID: credentials.accessKeyID,
            endpoint: endpoint.base, endpointSource: endpoint.source, envFile: session.settings.envFilePath)
        var account = report.account
        if let asserted, asserted != account {
            let origin = session.settings[.accountID]?.origin ?? "AWS_ACCOUNT_ID"
            account += "  but AWS_ACCOUNT_ID is \(asserted) (\(origin)): changes are refused"
            session.warn("the credentials belong to another account than AWS_ACCOUNT_ID says")
        }
        try session.result(
            report,
            lines: [
                "account      \(account)",
                "identity     \(report.arn)",
                "region       \(report.region)  (\(report.regionSource))",
                "credentials  \(report.accessKeyID)  (\(report.credentialsSource))",
                "endpoint     \(report.endpoint)  (\(report.endpointSource))",
                "env file     \(report.envFile ?? "none")",
            ])
    }

    struct Report: Codable {
        let account: String
        /// AWS_ACCOUNT_ID, where it is set.
        let assertedAccount: String?
        let arn: String
        let userID: String
        let region: String
        let regionSource: String
        let credentialsSource: String
        let accessKeyID: String
        let endpoint: String
        let endpointSource: String
        let envFile: String?
    }
}
