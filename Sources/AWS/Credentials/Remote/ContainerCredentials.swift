internal import FoundationEssentials
internal import HTTP
internal import Support

/// Credentials that ECS or EKS hands to a container over HTTP.
///
/// https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
struct ContainerCredentials: CredentialProvider {
    let context: CredentialContext

    private var settings: AWSSettings { context.settings }

    var name: String { "container endpoint" }

    func find() async throws -> CredentialFinding {
        guard let target = try target() else {
            return .nothing("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI are not set")
        }
        var request = HTTPRequest(method: "GET", url: target.url, headers: ["Accept": "application/json"])
        request.timeouts.connect = .seconds(2)
        request.timeouts.total = .seconds(5)
        request.usesProxy = false
        let token = try token()
        context.secrets.add(token)
        if let token { request.headers.add("Authorization", token.reveal()) }
        return .found(try await fetch(request, origin: target.origin))
    }

    /// The container's agent may be a moment late: three attempts.
    private func fetch(_ request: HTTPRequest, origin: String) async throws -> Credentials {
        var reason = ""
        for attempt in 1...3 {
            if attempt > 1 { try await context.effects.sleep(.milliseconds(200)) }
            do {
                let response = try await context.transport.send(request)
                let body = try await response.body.collect(upTo: 1 << 20)
                if response.status == 200 { return try decode(body, origin: origin) }
                reason = "HTTP \(response.status)"
                if response.status < 500 { break }
            } catch let error as HTTPError {
                reason = "\(error)"
            }
        }
        throw Failure(.credentials, "ask \(request.url) (\(origin)) for credentials: \(reason)")
    }

    private struct Answer: Decodable {
        let AccessKeyId: String
        let SecretAccessKey: Secret
        let Token: Secret?
        let Expiration: Date?
    }

    private func decode(_ body: [UInt8], origin: String) throws -> Credentials {
        do {
            let answer = try WireDecoder.decode(Answer.self, from: .document(body, .json))
            let keys = Credentials(
                accessKeyID: answer.AccessKeyId, secretAccessKey: answer.SecretAccessKey, sessionToken: answer.Token,
                expiration: answer.Expiration, source: "container endpoint (\(origin))")
            context.secrets.add(keys)
            return keys
        } catch {
            // The decoding error may quote the answer: it is not shown.
            throw Failure(
                .credentials, "the container's credential endpoint (\(origin)) gave an answer that can't be read")
        }
    }
}

extension ContainerCredentials {
    /// The address on which the ECS agent listens inside a task.
    private static let ecsHost = "169.254.170.2"
    /// Hosts that may be asked over plain HTTP besides loopback: ECS's and EKS's agents.
    private static let allowedHosts: Set<String> = [ecsHost, "169.254.170.23", "[fd00:ec2::23]", "localhost", "[::1]"]

    private func target() throws -> (url: String, origin: String)? {
        if let relative = settings.value("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            guard relative.value.hasPrefix("/") else {
                throw Failure(.credentials, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must start with '/'")
            }
            return ("http://\(Self.ecsHost)\(relative.value)", relative.origin)
        }
        guard let full = settings.value("AWS_CONTAINER_CREDENTIALS_FULL_URI") else { return nil }
        // Credentials fetched in clear from any other host could have been put there by anyone.
        guard full.value.hasPrefix("https://") || isAllowedHTTP(full.value) else {
            throw Failure(
                .credentials,
                "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or http on loopback or the container's agent, not \(full.value)"
            )
        }
        return (full.value, full.origin)
    }

    private func isAllowedHTTP(_ url: String) -> Bool {
        guard url.hasPrefix("http://") else { return false }
        let authority = url.dropFirst("http://".count).prefix { $0 != "/" && $0 != "?" && $0 != "#" && $0 != "\\" }
        guard !authority.contains("@") else { return false }
        let host: Substring
        if authority.hasPrefix("[") {
            guard let close = authority.firstIndex(of: "]") else { return false }
            host = authority[...close]
        } else {
            host = authority.prefix { $0 != ":" }
        }
        if Self.allowedHosts.contains(String(host)) { return true }
        let octets = host.split(separator: ".", omittingEmptySubsequences: false)
        return octets.count == 4 && octets[0] == "127" && octets.allSatisfy { UInt8($0) != nil }
    }

    /// The file is read anew each time: EKS rotates it.
    private func token() throws -> Secret? {
        if let file = settings.value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            let text = try context.text(of: file.value, file.origin)
            let token = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
            guard !token.isEmpty else { throw Failure(.credentials, "\(file.value) (\(file.origin)) is empty") }
            return Secret(token)
        }
        guard let token = settings.value("AWS_CONTAINER_AUTHORIZATION_TOKEN") else { return nil }
        guard !token.value.contains(where: \.isNewline) else {
            throw Failure(.credentials, "the token in \(token.origin) contains a line break")
        }
        return Secret(token.value)
    }
}
