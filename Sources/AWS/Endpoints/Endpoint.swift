internal import Support

/// Where a service is called and with which signing region.
struct Endpoint: Sendable, Hashable {
    /// `scheme://host[:port][/path]`, without a slash at the end.
    let base: String
    let signingRegion: String
    /// For messages: where it was configured, or the region's own.
    let source: String
    /// Whether the user set it; S3 is then addressed by path.
    let isConfigured: Bool

    /// - Throws: `Failure` of kind `usage` for a missing region or a malformed URL.
    static func resolve(_ service: Service, settings: AWSSettings) throws -> Endpoint {
        let region = try settings.region()
        let partition = Partition(region: region.value)
        let signingRegion = service.isGlobal ? partition.globalSigningRegion : region.value
        if let configured = try settings.configuredEndpoint(service) {
            return Endpoint(
                base: try checked(configured), signingRegion: signingRegion, source: configured.origin,
                isConfigured: true)
        }
        let host =
            service.isGlobal
            ? partition.globalHost(service.endpointPrefix)
            : "\(service.endpointPrefix).\(region.value).\(partition.dnsSuffix)"
        return Endpoint(
            base: "https://\(host)", signingRegion: signingRegion, source: "region \(region.value) (\(region.origin))",
            isConfigured: false)
    }

    /// An absolute http(s) URL without query, fragment or user, and without a slash at its end.
    private static func checked(_ setting: SettingLayer.Setting) throws -> String {
        var url = setting.value
        while url.hasSuffix("/") { url.removeLast() }
        let rest: Substring
        if url.hasPrefix("http://") {
            rest = url.dropFirst("http://".count)
        } else if url.hasPrefix("https://") {
            rest = url.dropFirst("https://".count)
        } else {
            throw Failure(.usage, "endpoint '\(setting.value)' (\(setting.origin)) must start with http:// or https://")
        }
        let host = rest.prefix { $0 != "/" }
        let isClean = url.unicodeScalars.allSatisfy {
            $0.value > 0x20 && $0.value < 0x7f && !"?#@\\\"<>".unicodeScalars.contains($0)
        }
        guard !host.isEmpty, host.first != ":", isClean else {
            throw Failure(
                .usage,
                "endpoint '\(setting.value)' (\(setting.origin)) is not a plain URL: scheme://host[:port][/path]")
        }
        return url
    }
}

extension Service {
    /// IAM has one endpoint for each partition.
    var isGlobal: Bool { endpointPrefix == "iam" }
    var isS3: Bool { endpointPrefix == "s3" }
}

/// A group of regions with hosts of its own.
/// https://docs.aws.amazon.com/general/latest/gr/rande.html
struct Partition: Sendable, Hashable {
    let id: String
    let dnsSuffix: String
    let globalSigningRegion: String

    init(region: String) {
        if region.hasPrefix("cn-") {
            self.init(id: "aws-cn", dnsSuffix: "amazonaws.com.cn", globalSigningRegion: "cn-north-1")
        } else if region.hasPrefix("us-gov-") {
            self.init(id: "aws-us-gov", dnsSuffix: "amazonaws.com", globalSigningRegion: "us-gov-west-1")
        } else {
            self.init(id: "aws", dnsSuffix: "amazonaws.com", globalSigningRegion: "us-east-1")
        }
    }

    private init(id: String, dnsSuffix: String, globalSigningRegion: String) {
        self.id = id
        self.dnsSuffix = dnsSuffix
        self.globalSigningRegion = globalSigningRegion
    }

    /// The host of a service that has one endpoint in the partition.
    func globalHost(_ prefix: String) -> String {
        switch id {
        case "aws-cn": "\(prefix).cn-north-1.\(dnsSuffix)"
        case "aws-us-gov": "\(prefix).us-gov.\(dnsSuffix)"
        default: "\(prefix).\(dnsSuffix)"
        }
    }
}
