internal import Support

/// Where a service is called, with which signing region, and why there.
package struct Endpoint: Sendable, Hashable {
    /// `scheme://host[:port][/path]`, without a slash at the end.
    package let base: String
    package let signingRegion: String
    /// For messages: where it was configured, or the region's own.
    package let source: String
    /// Whether the user set it.
    package let isConfigured: Bool
    /// What it was found by; S3 asks again with a bucket.
    let parameters: EndpointParameters

    /// - Parameter region: the region of the settings or of the machine.
    /// - Throws: `Failure` of kind `usage` for settings that can't be used or can't go together.
    package static func resolve(
        _ service: ServiceID, settings: AWSSettings, region: SettingLayer.Setting
    ) throws -> Endpoint {
        var parameters = EndpointParameters(region: region.value)
        let fips = try settings.fips()
        let dualStack = try settings.dualStack(service)
        parameters.usesFIPS = fips != nil
        parameters.usesDualStack = dualStack != nil
        if service == .s3 { try settings.setS3Parameters(&parameters) }
        if service == .sts { parameters.usesGlobalEndpoint = try settings.usesLegacySTS() }
        let configured = try settings.configuredEndpoint(service)
        if let configured {
            parameters.endpoint = try EndpointURL(configured.value, origin: configured.origin).text
            // By path, as servers that stand in for S3 have it, unless the user says they can do otherwise.
            if service == .s3 { parameters.forcesPathStyle = try settings.s3AddressingStyle() != .virtual }
        }
        let location = try service.location(parameters)
        var source = "region \(region.value) (\(region.origin))"
        if let fips { source += ", FIPS (\(fips.origin))" }
        if let dualStack { source += ", dual-stack (\(dualStack.origin))" }
        return Endpoint(
            base: location.url, signingRegion: location.signingRegion ?? region.value,
            source: configured?.origin ?? source, isConfigured: configured != nil, parameters: parameters)
    }
}

extension Service {
    var isS3: Bool { id == .s3 }
}
