package import FoundationEssentials
package import HTTP
internal import Support

/// Calls AWS. Cheap to build and to copy: files and credentials are read at the first call that needs them, and copies share
/// them, the retry quota and the clock correction.
package struct AWSClient: Sendable {
    package let settings: AWSSettings
    /// Whether operations that change something are refused.
    package let dryRun: Bool
    var transport: any Transport
    let effects: Effects
    let shared: SharedState

    /// What a client needs from outside besides the network; tests put their own in place.
    package struct Effects: Sendable {
        package var now: @Sendable () -> Date
        /// A number from 0 up to 1.
        package var random: @Sendable () -> Double
        package var sleep: @Sendable (Duration) async throws -> Void
        /// Told of each attempt.
        package var trace: (@Sendable (WireTrace) -> Void)?
        /// For finding credentials.
        package var credentials: CredentialEffects

        package init(
            now: @escaping @Sendable () -> Date = { Date() },
            random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
            sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
            trace: (@Sendable (WireTrace) -> Void)? = nil,
            credentials: CredentialEffects = CredentialEffects()
        ) {
            self.now = now
            self.random = random
            self.sleep = sleep
            self.trace = trace
            self.credentials = credentials
        }
    }

    package init(
        settings: AWSSettings, transport: any Transport, dryRun: Bool = false, effects: Effects = Effects()
    ) {
        self.settings = settings
        self.transport = transport
        self.dryRun = dryRun
        self.effects = effects
        shared = SharedState(
            settings: settings, transport: transport,
            chain: CredentialChain(settings: settings, transport: transport, effects: effects), effects: effects)
    }

    /// A client that signs with these credentials, whatever the settings say.
    /// - Parameter secrets: what it is to mask besides them, since its calls tell services more than it signs with.
    init(
        settings: AWSSettings, transport: any Transport, dryRun: Bool = false, effects: Effects,
        credentials: Credentials, secrets: KnownSecrets = KnownSecrets()
    ) {
        self.settings = settings
        self.transport = transport
        self.dryRun = dryRun
        self.effects = effects
        shared = SharedState(
            settings: settings, transport: transport,
            chain: CredentialChain(providers: [GivenCredentials(credentials: credentials)], secrets: secrets),
            effects: effects)
    }

    /// As `Transport.lanes`.
    package var lanes: [any TaskExecutor] { transport.lanes }

    /// The region of calls.
    /// - Throws: as `regionSetting`.
    package var region: String { get async throws { try await regionSetting().value } }

    /// The region of calls and where it came from: settings, the profile, else the machine's metadata service.
    /// - Throws: `Failure` of kind `usage` that names the ways to set it when none is.
    package func regionSetting() async throws -> SettingLayer.Setting { try await shared.endpoints.region() }

    /// The credentials that calls are signed with; `source` says where they came from.
    /// - Throws: `Failure` of kind `credentials` that lists every source tried.
    package func identity() async throws -> Credentials { try await shared.credentials.current() }

    /// The endpoint of a service, where it came from, and whether the user set it.
    package func endpoint(for service: ServiceID) async throws -> Endpoint {
        try await shared.endpoints.endpoint(service)
    }

    /// The URL of a bucket, in whose host or path the bucket's name stands.
    package func bucketURL(_ bucket: String) async throws -> String {
        var parameters = try await endpoint(for: .s3).parameters
        parameters.bucket = bucket
        return try S3Location.find(parameters).url
    }
}
