/// Which of a service's hosts is asked for.
enum HostVariant: Sendable, Hashable {
    case regular
    case fips
    case dualStack
    case fipsDualStack

    init(fips: Bool, dualStack: Bool) {
        self = fips ? (dualStack ? .fipsDualStack : .fips) : (dualStack ? .dualStack : .regular)
    }
}

/// The hosts of one service: four forms, and where they differ.
///
/// In a form `{region}` stands for the region, `{home}` for the partition's home region, `{suffix}` and `{dual}` for the
/// partition's regular and dual-stack DNS suffixes.
struct ServiceHosts: Sendable, Hashable {
    /// A partition or region where a variant has another form.
    struct Exception: Sendable, Hashable {
        /// A partition's id or a region's name.
        let places: Set<String>
        let variants: Set<HostVariant>
        let form: String
        /// The region that requests are signed for, where it is not the one asked for.
        let signingRegion: String?
    }

    private let regular: String
    private let fips: String
    private let dualStack: String
    private let fipsDualStack: String
    /// Whether there is one endpoint for the whole partition.
    private let isGlobal: Bool
    private let exceptions: [Exception]

    /// A service with an endpoint in each region: `label.region.suffix`.
    static func regional(
        _ label: String, dualStackLabel: String? = nil, _ exceptions: Exception...
    ) -> ServiceHosts {
        let dualStackLabel = dualStackLabel ?? label
        return ServiceHosts(
            regular: "\(label).{region}.{suffix}", fips: "\(label)-fips.{region}.{suffix}",
            dualStack: "\(dualStackLabel).{region}.{dual}", fipsDualStack: "\(dualStackLabel)-fips.{region}.{dual}",
            isGlobal: false, exceptions: exceptions)
    }

    /// A service with one endpoint in each partition.
    static func global(_ label: String, _ exceptions: Exception...) -> ServiceHosts {
        ServiceHosts(
            regular: "\(label).{suffix}", fips: "\(label)-fips.{suffix}", dualStack: "\(label).{dual}",
            fipsDualStack: "\(label)-fips.{dual}", isGlobal: true, exceptions: exceptions)
    }

    private init(
        regular: String, fips: String, dualStack: String, fipsDualStack: String, isGlobal: Bool, exceptions: [Exception]
    ) {
        self.regular = regular
        self.fips = fips
        self.dualStack = dualStack
        self.fipsDualStack = fipsDualStack
        self.isGlobal = isGlobal
        self.exceptions = exceptions
    }

    /// The host of a region and the region that requests are signed for.
    func host(region: String, _ variant: HostVariant) -> (name: String, signingRegion: String) {
        let partition = Partition.of(region)
        let exception = exceptions.first {
            $0.variants.contains(variant) && ($0.places.contains(partition.id) || $0.places.contains(region))
        }
        let name = (exception?.form ?? form(variant)).replacing("{region}", with: region).replacing(
            "{home}", with: partition.homeRegion
        )
        .replacing("{suffix}", with: partition.dnsSuffix).replacing("{dual}", with: partition.dualStackDNSSuffix)
        return (name, exception?.signingRegion ?? (isGlobal ? partition.homeRegion : region))
    }

    private func form(_ variant: HostVariant) -> String {
        switch variant {
        case .regular: regular
        case .fips: fips
        case .dualStack: dualStack
        case .fipsDualStack: fipsDualStack
        }
    }
}

extension ServiceHosts.Exception {
    static func at(
        _ places: Set<String>, _ variants: Set<HostVariant>, _ form: String, signedFor region: String? = nil
    ) -> Self {
        .init(places: places, variants: variants, form: form, signingRegion: region)
    }

    /// In GovCloud the regular host is validated for FIPS, and has no other name for it.
    static func govCloudFIPS(_ label: String, _ places: Set<String> = ["aws-us-gov"]) -> Self {
        at(places, [.fips], "\(label).{region}.{suffix}")
    }
}
