internal import AWS
internal import Environment
internal import Flows
internal import Templates

/// The images of a set's services: which versions were asked for, and where the sidecar's image lies.
struct ServicesImages {
    static let services: [(part: String, key: Key)] = [
        ("Webserver", .webserverVersion), ("Daemon", .daemonVersion), ("Usercode", .usercodeVersion),
    ]

    let prefix: String
    let registry: String
    /// The version of each service, in the order of `services`; `nil` where none was asked for.
    let versions: [GivenValue?]
    /// The image of fgctl with its registry.
    let sidecar: String
    /// Whether the sidecar's image was named by a key.
    let namesSidecar: Bool

    /// - Parameter asked: VERSION; a service's own key wins over it.
    init(_ session: Session, _ asked: ImageVersion?, registry: String) throws {
        prefix = try Names(session.settings).repository
        self.registry = registry
        versions = Self.services.map { part, key in
            let own = session.settings[key].map {
                GivenValue(name: "\(part)Version", value: $0.value, origin: $0.origin)
            }
            return own ?? asked.map { GivenValue(name: "\(part)Version", value: $0.text, origin: "VERSION") }
        }
        namesSidecar = session.settings[.fgctlImage] != nil
        sidecar = session.settings[.fgctlImage]?.value ?? "\(registry)/\(prefix)/fgctl:\(Version.current)"
    }

    /// The services' images as ECR is asked for them.
    var wanted: [ServicesCheck.Wanted] {
        zip(Self.services, versions).map { service, version in
            .init(repository: "\(prefix)/\(service.part.lowercased())", version: version?.value)
        }
    }

    /// The sidecar's repository in this registry and its tag; `nil` where it lies in another, which is not asked.
    var sidecarInECR: ServicesCheck.Wanted? {
        guard sidecar.hasPrefix(registry + "/") else { return nil }
        let rest = sidecar.dropFirst(registry.count + 1)
        if let at = rest.firstIndex(of: "@") { return .init(repository: String(rest[..<at]), version: nil) }
        guard let colon = rest.lastIndex(of: ":") else { return nil }
        return .init(repository: String(rest[..<colon]), version: String(rest[rest.index(after: colon)...]))
    }

    var sidecarValues: [GivenValue] {
        [
            GivenValue(name: "SidecarImage", value: sidecar, origin: "FGCTL_IMAGE"),
            GivenValue(name: "SidecarRepositoryName", value: sidecarInECR?.repository ?? "", origin: "FGCTL_IMAGE"),
        ]
    }
}
