package import AWS
internal import FoundationEssentials
internal import HTTP
internal import Support

/// Whether the endpoints of the services that commands use answer.
package struct Reachability: Sendable {
    /// What is in the way, as far as the failure tells.
    enum Trouble: String, Sendable, Hashable {
        case name = "DNS"
        case refused = "refused"
        case noAnswer = "no answer"
        case tls = "TLS"
        case proxy = "proxy"
        case other = "connection"
    }

    struct Failed: Sendable {
        let trouble: Trouble
        let reason: String
    }

    /// One endpoint, and the services that share it.
    struct Place: Sendable {
        let endpoint: Endpoint
        var services: [String]
        var outcome: Result<AWSClient.Probe, Problem>

        struct Problem: Error { let failed: Failed }
    }

    /// What commands other than `doctor` call.
    static let services: [ServiceID] = [
        .sts, .cloudFormation, .ecs, .ecr, .events, .scheduler, .s3, .logs, .ec2,
    ]

    /// For each endpoint. All are asked at the same time.
    private static let limit = Duration.seconds(4)

    var places: [Place]
    /// Whether the environment names a proxy.
    let proxied: Bool

    /// Asks every endpoint once.
    /// - Parameter proxied: whether the environment names a proxy.
    /// - Throws: `Failure` when there is no endpoint to ask, `CancellationError`.
    package static func look(_ client: AWSClient, proxied: Bool) async throws -> Reachability {
        var endpoints: [(endpoint: Endpoint, services: [String])] = []
        for service in services {
            let endpoint = try await client.endpoint(for: service)
            if let index = endpoints.firstIndex(where: { $0.endpoint.base == endpoint.base }) {
                endpoints[index].services.append(service.name)
            } else {
                endpoints.append((endpoint, [service.name]))
            }
        }
        let places = try await withThrowingTaskGroup(of: (Int, Place).self) { group in
            for (index, (endpoint, services)) in endpoints.enumerated() {
                group.addTask {
                    let outcome = try await ask(endpoint, client)
                    return (index, Place(endpoint: endpoint, services: services, outcome: outcome))
                }
            }
            var places: [(Int, Place)] = []
            for try await place in group { places.append(place) }
            return places.sorted { $0.0 < $1.0 }.map(\.1)
        }
        return Reachability(places: places, proxied: proxied)
    }

    private static func ask(
        _ endpoint: Endpoint, _ client: AWSClient
    ) async throws -> Result<AWSClient.Probe, Place.Problem> {
        do {
            let probe = try await client.probe(endpoint, within: limit)
            // Said by proxies only: no AWS endpoint asks for it.
            guard probe.status != 407 else {
                return .failure(.init(failed: Failed(trouble: .proxy, reason: "the proxy wants a login (HTTP 407)")))
            }
            return .success(probe)
        } catch let error as HTTPError {
            try Task.checkCancellation()
            return .failure(.init(failed: Failed(trouble: trouble(error), reason: error.brief)))
        }
    }

    static func trouble(_ error: HTTPError) -> Trouble {
        switch error {
        case .tls: return .tls
        case .timedOut(let reason, _): return reason.lowercased().contains("resolv") ? .name : .noAnswer
        case .cannotConnect(_, let reason):
            // libcurl has words, not codes, for what went wrong on the way.
            let text = reason.lowercased()
            if text.contains("proxy") || text.contains("connect tunnel") { return .proxy }
            if text.contains("resolve") { return .name }
            if text.contains("refused") { return .refused }
            if text.contains("timed out") { return .noAnswer }
            return .other
        default: return .other
        }
    }

    /// The answer of STS, when it gave one.
    package var sts: AWSClient.Probe? {
        places.first { $0.services.contains(ServiceID.sts.name) }.flatMap { try? $0.outcome.get() }
    }

    package func result() -> CheckResult {
        var failed: [(place: Place, failed: Failed)] = []
        var slowest: (time: Duration, name: String) = (.zero, "")
        for place in places {
            switch place.outcome {
            case .failure(let problem): failed.append((place, problem.failed))
            case .success(let probe):
                if probe.duration >= slowest.time { slowest = (probe.duration, place.services[0]) }
            }
        }
        guard let first = failed.first else {
            let count = places.reduce(0) { $0 + $1.services.count }
            let time = Int((slowest.time / .milliseconds(1)).rounded())
            return .ok(
                "reachability",
                "\(count) services answer at \(places.count) endpoint\(places.count == 1 ? "" : "s"), "
                    + (places.count == 1 ? "in \(time) ms" : "\(slowest.name) last, in \(time) ms"))
        }
        // Mostly all fail alike, which is said once.
        var kinds: [(why: String, places: [String])] = []
        for (place, failed) in failed {
            let why = "\(failed.trouble.rawValue): \(failed.reason)"
            let text = "\(place.services.joined(separator: ", ")) at \(place.endpoint.base)"
            if let index = kinds.firstIndex(where: { $0.why == why }) {
                kinds[index].places.append(text)
            } else {
                kinds.append((why, [text]))
            }
        }
        return .failed(
            "reachability",
            kinds.map { "\($0.why): \($0.places.joined(separator: "; "))" }.joined(separator: "; "),
            advice: Self.advice(first.failed.trouble, first.place, proxied: proxied))
    }

    private static func advice(_ trouble: Trouble, _ place: Place, proxied: Bool) -> String {
        switch trouble {
        case .tls: return "AWS_CA_BUNDLE names the certificates to trust, where the network opens TLS"
        case .proxy: return proxyAdvice
        default: break
        }
        if proxied { return "the environment sets a proxy: is it up? \(proxyAdvice)" }
        if place.endpoint.isConfigured {
            return "the endpoint is set by \(place.endpoint.source): is it up, and the address right?"
        }
        let first =
            trouble == .name
            ? "check the region's name and this network's DNS"
            : "check routes, security groups and firewalls for port 443 out"
        return first
            + "; a private VPC needs a NAT gateway, or a VPC endpoint with private DNS for each of these services"
    }

    private static let proxyAdvice = "check HTTPS_PROXY, and list in NO_PROXY what is reached without it"
}
