internal import AWS
internal import AWSServices
internal import ArgumentParser
internal import Environment

struct WhoAmI: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "whoami", abstract: "Shows account, identity and region, and where each came from.",
        usage: "fgctl whoami [ENV] [options]")

    @Argument(help: ArgumentHelp("Env file (see --env-file).", valueName: "env"))
    var env: String?
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: env.map { [$0] } ?? [], needs: 0...0) }

    func run(_ session: Session, _ words: [String]) async throws {
        let region = try await session.client.regionSetting()
        let credentials = try await session.client.identity()
        let caller = try await STS(session.client).getCallerIdentity()
        let endpoint = try await session.client.endpoint(for: .sts)
        let report = Report(
            account: caller.account, arn: caller.arn, userID: caller.userId, region: region.value,
            regionSource: region.origin, credentialsSource: credentials.source, accessKeyID: credentials.accessKeyID,
            endpoint: endpoint.base, endpointSource: endpoint.source, envFile: session.settings.envFilePath)
        try session.result(
            report,
            lines: [
                "account      \(report.account)",
                "identity     \(report.arn)",
                "region       \(report.region)  (\(report.regionSource))",
                "credentials  \(report.accessKeyID)  (\(report.credentialsSource))",
                "endpoint     \(report.endpoint)  (\(report.endpointSource))",
                "env file     \(report.envFile ?? "none")",
            ])
    }

    struct Report: Codable {
        let account: String
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
