internal import AWS
internal import AWSServices
internal import Environment
internal import Setup
internal import Support

/// What `doctor` asks others, as far as settings and credentials allow it. Each check has a deadline of its own.
struct DoctorChecks {
    let session: Session
    /// The names of earlier checks that failed.
    private let failed: Set<String>

    init(_ session: Session, before checks: [CheckResult]) {
        self.session = session
        failed = Set(checks.filter { $0.status == .failed }.map(\.check))
    }

    /// In the order in which one is the ground of the next; what does not depend on each other at the same time.
    func results() async throws -> [CheckResult] {
        async let network = network()
        async let caller = caller()
        async let docker = DockerCheck(session).result()
        return try await network + caller + [docker]
    }

    /// What can't be looked at for want of what failed already.
    private func skipped(_ checks: String..., by grounds: String...) -> [CheckResult]? {
        guard let ground = grounds.first(where: failed.contains) else { return nil }
        return checks.map { .unknown($0, "not looked at, since \(ground) failed") }
    }

    private func network() async throws -> [CheckResult] {
        if let skipped = skipped("reachability", "clock", by: "region", "endpoints") { return skipped }
        do {
            let reach = try await Reachability.look(session.client, proxied: isProxied)
            return [reach.result(), reach.sts.map(ClockSkew.judge) ?? .unknown("clock", "STS does not answer")]
        } catch let failure as Failure {
            return [.failed("reachability", failure), .unknown("clock", "STS was not asked")]
        }
    }

    private var isProxied: Bool {
        ["HTTPS_PROXY", "https_proxy", "http_proxy", "ALL_PROXY", "all_proxy"].contains {
            !(session.context.environment[$0] ?? "").isEmpty
        }
    }

    private func caller() async throws -> [CheckResult] {
        if let skipped = skipped("identity", "permissions", by: "region", "endpoints", "credentials") {
            return skipped
        }
        let client = session.client
        let caller: STS.GetCallerIdentityResponse
        do {
            caller = try await Deadline.run(.seconds(4), what: "STS") { try await STS(client).getCallerIdentity() }
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return [.failed("identity", error), .unknown("permissions", "not looked at, since identity failed")]
        }
        let identity = identity(caller)
        do {
            let check = PermissionCheck(client, try await names(caller), within: .seconds(5))
            return [identity] + (try await check.results(Principal(caller: caller.arn)))
        } catch let failure as Failure {
            return [identity, .failed("permissions", failure)]
        }
    }

    private func names(_ caller: STS.GetCallerIdentityResponse) async throws -> PolicyNames {
        var values = ["AWS_ACCOUNT_ID": caller.account, "AWS_REGION": try await session.client.region]
        for key in [Key.stackName, .parentStackName, .bucket, .imageName] {
            values[key.rawValue] = session.settings.value(key)
        }
        let cluster = session.settings.value(.cluster) == nil ? nil : try Names(session.settings).cluster
        return PolicyNames(values: values, cluster: cluster, partition: ARN(caller.arn)?.partition ?? "aws")
    }
}

extension CheckResult {
    static func failed(_ check: String, _ error: any Error) -> CheckResult {
        let failure = error as? Failure
        let kind = ExitStatus.kind(of: error, signal: nil)
        return .failed(
            check, failure?.message ?? "\(error)".split(separator: "\n").joined(separator: "; "), advice: failure?.hint,
            kind: kind == .timedOut ? .failed : kind)
    }
}
