internal import HTTP
internal import Support

/// The instance metadata service of EC2, version 2: a token first, then what lies at a path.
///
/// Version 1, without a token, is asked only where `AWS_EC2_METADATA_V1_DISABLED` or `ec2_metadata_v1_disabled` says `false`.
///
/// https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html
struct InstanceMetadata: Sendable {
    private let settings: AWSSettings
    private let transport: any Transport

    /// Nothing is read and nothing is sent before the first question.
    init(settings: AWSSettings, transport: any Transport) {
        self.settings = settings
        self.transport = transport
    }

    /// How long a token holds, in seconds: six hours, the longest there is.
    private static let tokenLifetime = "21600"
    private static let address = "http://169.254.169.254"
    private static let addressIPv6 = "http://[fd00:ec2::254]"

    /// The right to ask, for several questions; `nil` means version 1.
    struct Pass: Sendable {
        fileprivate let token: Secret?
        fileprivate let place: Place
    }

    /// Where and how patiently to ask.
    fileprivate struct Place: Sendable {
        let base: String
        let timeout: Duration
        let attempts: Int
        let admitsVersion1: Bool
    }

    /// What lies at a path, as text.
    ///
    /// - Parameter path: without a leading slash: `latest/meta-data/placement/region`.
    /// - Throws: `InstanceMetadataError` when there is no answer, `Failure` for settings that can't be used,
    ///   `CancellationError`.
    func text(at path: String) async throws -> String {
        try await text(at: path, pass: try await pass())
    }

    /// Gets a token.
    func pass() async throws -> Pass {
        let place = try place()
        var request = HTTPRequest(method: "PUT", url: "\(place.base)/latest/api/token", body: .bytes([]))
        request.headers.add("x-aws-ec2-metadata-token-ttl-seconds", Self.tokenLifetime)
        var reason = ""
        for _ in 1...place.attempts {
            do {
                let response = try await send(request, place)
                if response.status == 200, !response.text.isEmpty {
                    return Pass(token: Secret(response.text), place: place)
                }
                reason = "HTTP \(response.status) instead of a token"
                // Refused for good: turned off, or a service that knows version 1 only.
                if (400..<500).contains(response.status) { break }
            } catch let error as HTTPError {
                reason = "\(error)"
            }
        }
        guard place.admitsVersion1 else { throw InstanceMetadataError.noAnswer(place.base, reason) }
        return Pass(token: nil, place: place)
    }

    /// What lies at a path, asked with a token got before.
    func text(at path: String, pass: Pass) async throws -> String {
        let place = pass.place
        var request = HTTPRequest(method: "GET", url: "\(place.base)/\(path)")
        // The service admits only those who got a token.
        if let token = pass.token { request.headers.add("x-aws-ec2-metadata-token", token.reveal()) }
        var reason = ""
        for _ in 1...place.attempts {
            do {
                let response = try await send(request, place)
                if response.status == 404 { throw InstanceMetadataError.notThere(request.url) }
                if response.status == 200, !response.text.isEmpty { return response.text }
                reason = response.status == 200 ? "an empty answer" : "HTTP \(response.status)"
            } catch let error as HTTPError {
                reason = "\(error)"
            }
        }
        throw InstanceMetadataError.noAnswer(request.url, reason)
    }

    private func send(_ request: HTTPRequest, _ place: Place) async throws -> (status: Int, text: String) {
        try Task.checkCancellation()
        var request = request
        request.headers["User-Agent"] = "fgctl"
        request.timeouts.connect = place.timeout
        request.timeouts.total = place.timeout
        request.usesProxy = false
        let response = try await transport.send(request)
        let body = try await response.body.collect(upTo: 1 << 20)
        return (response.status, String(decoding: body, as: UTF8.self))
    }
}

/// Why the instance metadata service gave nothing.
enum InstanceMetadataError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Turned off by a setting, named with its origin.
    case disabled(String)
    /// Asked at a URL, without an answer that can be used.
    case noAnswer(String, String)
    /// The service is there, but has nothing at this URL.
    case notThere(String)

    var description: String {
        switch self {
        case .disabled(let origin): "turned off (\(origin))"
        case .noAnswer(let url, let reason): "\(url): \(reason)"
        case .notThere(let url): "nothing at \(url)"
        }
    }
}

extension InstanceMetadata {
    private func place() throws -> Place {
        if let off = settings.value("AWS_EC2_METADATA_DISABLED"), off.value.lowercased() == "true" {
            throw InstanceMetadataError.disabled(off.origin)
        }
        let version1 = try setting("AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled")
        return Place(
            base: try base(), timeout: try timeout(), attempts: try attempts(),
            admitsVersion1: version1?.value.lowercased() == "false")
    }

    private func setting(_ name: String, _ inProfile: String) throws -> SettingLayer.Setting? {
        try settings.value(name) ?? settings.profile()?.setting(inProfile)
    }

    private func base() throws -> String {
        if let own = try setting("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint") {
            var url = own.value
            while url.hasSuffix("/") { url.removeLast() }
            let isPlain = url.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "@") }
            guard url.hasPrefix("http://") || url.hasPrefix("https://"), isPlain else {
                throw Failure(.usage, "'\(own.value)' (\(own.origin)) is not the URL of a metadata service")
            }
            return url
        }
        let mode = try setting("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode")
        switch mode?.value.lowercased() {
        case nil, "ipv4": return Self.address
        case "ipv6": return Self.addressIPv6
        case .some(let other):
            throw Failure(
                .usage, "'\(other)' (\(mode?.origin ?? "")) is not a mode of the metadata service: ipv4 or ipv6")
        }
    }

    private func timeout() throws -> Duration {
        guard let own = try setting("AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout") else {
            return .seconds(1)
        }
        guard let seconds = Double(own.value), (0.01...60).contains(seconds) else {
            throw Failure(.usage, "'\(own.value)' (\(own.origin)) is not a number of seconds from 0.01 to 60")
        }
        return .milliseconds(Int(seconds * 1000))
    }

    private func attempts() throws -> Int {
        guard let own = try setting("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts") else {
            return 1
        }
        guard let count = Int(own.value), (1...100).contains(count) else {
            throw Failure(
                .usage, "'\(own.value)' (\(own.origin)) is not a number of attempts: a whole number from 1 to 100")
        }
        return count
    }
}
