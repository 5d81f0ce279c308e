internal import HTTP
internal import Support
internal import Synchronization

/// The region and the endpoints of a client: settings don't change under it, so each is found once.
final class EndpointCache: Sendable {
    private struct State {
        var region: Result<SettingLayer.Setting, Failure>?
        /// By the service's name.
        var endpoints: [String: Endpoint] = [:]
    }

    private let settings: AWSSettings
    private let transport: any Transport
    private let state = Mutex(State())

    init(settings: AWSSettings, transport: any Transport) {
        self.settings = settings
        self.transport = transport
    }

    func endpoint(_ service: ServiceID) async throws -> Endpoint {
        if let known = state.withLock({ $0.endpoints[service.name] }) { return known }
        let found = try Endpoint.resolve(service, settings: settings, region: try await region())
        state.withLock { $0.endpoints[service.name] = found }
        return found
    }

    /// The region that settings name, else that of the machine, as AWS's CLI has it.
    ///
    /// The metadata service is asked once, for a second at most; elsewhere than on EC2 that second passes before the message
    /// that no region is set.
    /// - Throws: `Failure` of kind `usage` when there is none, `CancellationError`.
    func region() async throws -> SettingLayer.Setting {
        if let known = state.withLock({ $0.region }) { return try known.get() }
        let found: Result<SettingLayer.Setting, Failure>
        if let named = try settings.namedRegion() {
            found = .success(named)
        } else {
            found = try await ofInstance()
        }
        state.withLock { $0.region = found }
        return try found.get()
    }

    private func ofInstance() async throws -> Result<SettingLayer.Setting, Failure> {
        do {
            let name = try await InstanceMetadata(settings: settings, transport: transport)
                .text(at: "latest/meta-data/placement/region")
            return .success(
                try AWSSettings.checkedRegion(.init(value: name, origin: "instance metadata service")))
        } catch let error as InstanceMetadataError {
            return .failure(AWSSettings.noRegion(instance: "\(error)"))
        } catch let failure as Failure {
            return .failure(failure)
        }
    }
}
