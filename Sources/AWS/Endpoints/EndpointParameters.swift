internal import Support

/// What decides an endpoint besides the service, as AWS's endpoint rules name it.
struct EndpointParameters: Sendable, Hashable {
    var region: String?
    var usesFIPS = false
    var usesDualStack = false
    /// The URL that the user set.
    var endpoint: String?
    /// Whether STS and S3 use their old host for all regions, where they had it (`legacy` in settings).
    var usesGlobalEndpoint = false
    /// S3 only.
    var bucket: String?
    /// Whether the bucket stands in the path though it could stand in the host.
    var forcesPathStyle = false
    var usesAccelerate = false

    init(region: String?) { self.region = region }
}

/// Where requests go and which region they are signed for.
struct EndpointLocation: Sendable, Hashable {
    /// Without a slash at the end.
    let url: String
    /// `nil`: no region is known, since the URL was set and no region was.
    let signingRegion: String?
    /// Whether the bucket stands in the host.
    var hasBucketInHost = false
}

extension ServiceID {
    /// The regions that STS's global endpoint was made for.
    private static let legacySTSRegions: Set<String> = [
        "ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1", "eu-central-1",
        "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1",
        "us-west-2",
    ]

    /// Where the service is, by AWS's endpoint rules.
    /// - Throws: `Failure` of kind `usage` for what can't go together.
    func location(_ parameters: EndpointParameters) throws -> EndpointLocation {
        if self == .s3 { return try S3Location.find(parameters) }
        if let url = parameters.endpoint {
            if parameters.usesFIPS { throw Self.conflict("FIPS endpoints", url) }
            if parameters.usesDualStack { throw Self.conflict("dual-stack endpoints", url) }
            return EndpointLocation(url: url, signingRegion: parameters.region)
        }
        guard let region = parameters.region else { throw AWSSettings.noRegion() }
        let variant = HostVariant(fips: parameters.usesFIPS, dualStack: parameters.usesDualStack)
        if self == .sts, parameters.usesGlobalEndpoint, variant == .regular, Self.legacySTSRegions.contains(region) {
            return EndpointLocation(url: "https://sts.amazonaws.com", signingRegion: "us-east-1")
        }
        let host = hosts.host(region: region, variant)
        return EndpointLocation(url: "https://\(host.name)", signingRegion: host.signingRegion)
    }

    static func conflict(_ what: String, _ url: String) -> Failure {
        Failure(
            .usage, "\(what) are asked for, but the endpoint is set to \(url)",
            hint: "unset one: AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT, or AWS_ENDPOINT_URL")
    }
}
