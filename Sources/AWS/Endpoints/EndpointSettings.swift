internal import Support

extension AWSSettings {
    /// How S3 buckets are addressed.
    enum AddressingStyle: String {
        case auto
        case path
        case virtual
    }

    /// The setting that asks for FIPS endpoints; `nil` when none does.
    ///
    /// https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html
    func fips() throws -> SettingLayer.Setting? {
        // Old names of regions, `fips-us-east-1`, say the same.
        if let region = try rawRegion(), region.value != Self.withoutFIPS(region.value) { return region }
        return try ifTrue(try value("AWS_USE_FIPS_ENDPOINT") ?? profile()?.setting("use_fips_endpoint"))
    }

    /// The setting that asks for dual-stack endpoints; for S3 the one below `s3` in the profile goes first.
    func dualStack(_ service: ServiceID) throws -> SettingLayer.Setting? {
        if service == .s3, let own = try profile()?.s3Setting("use_dualstack_endpoint") { return try ifTrue(own) }
        return try ifTrue(try value("AWS_USE_DUALSTACK_ENDPOINT") ?? profile()?.setting("use_dualstack_endpoint"))
    }

    /// `addressing_style` below `s3` in the profile; `auto` unless set.
    func s3AddressingStyle() throws -> AddressingStyle {
        guard let found = try profile()?.s3Setting("addressing_style") else { return .auto }
        guard let style = AddressingStyle(rawValue: found.value.lowercased()) else {
            throw Failure(.usage, "addressing_style '\(found.value)' (\(found.origin)) is none of: auto, path, virtual")
        }
        return style
    }

    /// What the profile says below `s3`, besides dual-stack.
    func setS3Parameters(_ parameters: inout EndpointParameters) throws {
        parameters.forcesPathStyle = try s3AddressingStyle() == .path
        if let accelerate = try profile()?.s3Setting("use_accelerate_endpoint"), try ifTrue(accelerate) != nil {
            parameters.usesAccelerate = true
            parameters.forcesPathStyle = false
        }
        parameters.usesGlobalEndpoint = try isLegacy(
            try value("AWS_S3_US_EAST_1_REGIONAL_ENDPOINT") ?? profile()?.setting("s3_us_east_1_regional_endpoint")
                ?? profile()?.s3Setting("us_east_1_regional_endpoint"))
    }

    /// Whether STS is asked at its old endpoint for all regions.
    func usesLegacySTS() throws -> Bool {
        try isLegacy(try value("AWS_STS_REGIONAL_ENDPOINTS") ?? profile()?.setting("sts_regional_endpoints"))
    }

    private func isLegacy(_ setting: SettingLayer.Setting?) throws -> Bool {
        guard let setting else { return false }
        switch setting.value.lowercased() {
        case "legacy": return true
        case "regional": return false
        default: throw Failure(.usage, "'\(setting.value)' (\(setting.origin)) is neither regional nor legacy")
        }
    }

    /// The setting when it says true. Anything unclear is refused: FIPS must not be lost by a slip.
    private func ifTrue(_ setting: SettingLayer.Setting?) throws -> SettingLayer.Setting? {
        switch setting?.value.lowercased() {
        case nil, "false": return nil
        case "true": return setting
        default:
            throw Failure(
                .usage, "'\(setting?.value ?? "")' (\(setting?.origin ?? "")) is neither true nor false")
        }
    }
}

extension Profile {
    /// A value below `s3 =` in the profile.
    func s3Setting(_ key: String) -> SettingLayer.Setting? {
        guard let entry = config?.values["s3"]?.nested[key], !entry.text.isEmpty else { return nil }
        return SettingLayer.Setting(value: entry.text, origin: "profile \(name), \(configPath):\(entry.line)")
    }
}
