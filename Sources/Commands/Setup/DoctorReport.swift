internal import AWS
internal import Environment
internal import Setup
internal import Support

/// What `doctor` prints; its JSON form is stable.
struct DoctorReport: Encodable {
    /// An endpoint, or why there is none.
    struct Place: Encodable {
        let service: String
        var endpoint: String?
        var source: String?
        var signingName: String?
        var signingRegion: String?
        var error: String?
    }

    var region: String?
    var regionSource: String?
    var credentials = ""
    let envFile: String?
    var services: [Place] = []
    var checks: [CheckResult] = []

    /// What settings and files say, and with `online` what the machine says of its region.
    init(_ session: Session, online: Bool) async throws {
        envFile = session.settings.envFilePath
        let settings = session.client.settings
        var region: SettingLayer.Setting?
        do {
            let found = online ? try await session.client.regionSetting() : try settings.region()
            region = found
            checks.append(.ok("region", "\(found.value) (\(found.origin))"))
        } catch let failure as Failure {
            checks.append(.failed("region", failure))
        }
        (self.region, regionSource) = (region?.value, region?.origin)
        do {
            if online {
                credentials = try await Self.source(session)
                checks.append(.ok("credentials", credentials))
            } else {
                let foreseen = try session.client.foreseenCredentials()
                credentials = foreseen.source ?? "none: \(foreseen.missing)"
                // Whether an instance gives any is not known before it is asked.
                checks.append(
                    foreseen.source.map { .ok("credentials", $0) } ?? .unknown("credentials", foreseen.missing))
            }
        } catch let failure as Failure {
            credentials = "none: \(failure.message)"
            checks.append(.failed("credentials", failure))
        }
        try addServices(settings, region)
    }

    /// Where the credentials come from. At a terminal a person may have to answer first.
    private static func source(_ session: Session) async throws -> String {
        let limit: Duration = session.context.console.ask == nil ? .seconds(5) : .seconds(60)
        do {
            return try await Deadline.run(limit, what: "credentials") { try await session.client.identity().source }
        } catch let failure as Failure where failure.kind == .timedOut {
            throw Failure(.credentials, failure.message, hint: "--debug shows which source is slow", cause: failure)
        }
    }

    private mutating func addServices(_ settings: AWSSettings, _ region: SettingLayer.Setting?) throws {
        var first: Failure?
        for service in ServiceID.all {
            do {
                let endpoint = try Endpoint.resolve(
                    service, settings: settings, region: try region ?? settings.region())
                services.append(
                    Place(
                        service: service.name, endpoint: endpoint.base, source: endpoint.source,
                        signingName: service.signingName, signingRegion: endpoint.signingRegion))
            } catch let failure as Failure {
                first = first ?? failure
                services.append(Place(service: service.name, error: failure.message))
            }
        }
        // Without a region none has an endpoint, which is said once.
        guard region != nil else { return }
        if let first { return checks.append(.failed("endpoints", first)) }
        checks.append(.ok("endpoints", "\(services.count) services"))
    }

    /// The code of the first failed check; 0 when all is well.
    var exitCode: Int32 { checks.lazy.compactMap(\.kind).first.map(ExitStatus.code(for:)) ?? ExitStatus.done }
}
