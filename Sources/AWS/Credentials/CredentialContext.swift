internal import FoundationEssentials
internal import HTTP
internal import Support

/// What the sources of credentials share during the life of a client.
struct CredentialContext: Sendable {
    let settings: AWSSettings
    let transport: any Transport
    let effects: AWSClient.Effects
    let store: CredentialStore
    let secrets = KnownSecrets()
    /// Devices whose code a person has given already.
    let devices = UsedDevices()

    init(settings: AWSSettings, transport: any Transport, effects: AWSClient.Effects) {
        self.settings = settings
        self.transport = transport
        self.effects = effects
        store = CredentialStore(settings: settings, effects: effects)
    }

    func now() -> Date { effects.now() }

    /// A client for the calls that get credentials.
    ///
    /// - Parameters:
    ///   - credentials: what it signs with; `nil`: calls go unsigned.
    ///   - overrides: settings that go before all others, by name.
    func client(
        _ credentials: Credentials?, overrides: [String: SettingLayer.Setting] = [:]
    ) -> AWSClient {
        var settings = settings
        if !overrides.isEmpty {
            let layer = SettingLayer(name: "credentials", values: overrides)
            settings = AWSSettings(layers: [layer] + settings.layers, home: settings.home, readFile: settings.readFile)
        }
        return AWSClient(
            settings: settings, transport: transport, effects: effects, credentials: credentials ?? .anonymous,
            secrets: secrets)
    }

    /// The text of a file, `nil` when it is not there; what can't be read counts as not there, as in AWS's own tools, and is
    /// told to who debugs.
    func cachedText(_ path: String) -> String? {
        do {
            return try settings.readFile(path)
        } catch {
            effects.credentials.debug("read \(path): \(error)")
            return nil
        }
    }

    /// The text of a file that settings name.
    /// - Parameter origin: where it is named.
    func text(of path: String, _ origin: String) throws -> String {
        let text: String?
        do {
            text = try settings.readFile(settings.expandHome(path))
        } catch {
            throw Failure(.credentials, "read \(path) (\(origin)): \(error)", cause: error)
        }
        guard let text else { throw Failure(.credentials, "\(path) (\(origin)) is not there") }
        return text
    }

    /// Saves what a source got for later runs; that it could not is no reason to stop now.
    /// - Parameter isPrecious: whether what is lost has to be got anew by a person.
    func save(_ path: String, _ bytes: [UInt8], isPrecious: Bool) {
        guard let save = effects.credentials.save else { return }
        do {
            try save(path, bytes)
        } catch {
            let line = secrets.mask("keep credentials for later: \(error)")
            isPrecious ? effects.credentials.warn(line) : effects.credentials.debug(line)
        }
    }

    /// The failure of a call that should have given credentials.
    func failure(_ what: String, _ error: any Error, hint: String? = nil) -> any Error {
        switch error {
        case is CancellationError: return error
        case let error as AWSError:
            let why = error.message.isEmpty ? error.code : "\(error.code): \(error.message)"
            let id = error.requestID.map { " (AWS request \($0))" } ?? ""
            return Failure(.credentials, "\(what): \(why)\(id)", hint: hint, cause: error)
        case let error as Failure:
            return Failure(error.kind, "\(what): \(error.message)", hint: hint ?? error.hint, cause: error.cause)
        default: return Failure(.credentials, "\(what): \(error)", hint: hint, cause: error)
        }
    }
}
