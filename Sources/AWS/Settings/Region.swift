internal import Support

extension AWSSettings {
    /// The region that the settings name and where; `nil` when none does.
    ///
    /// In each layer `AWS_REGION` goes before `AWS_DEFAULT_REGION`; the profile comes last.
    /// - Throws: `Failure` of kind `usage` for a malformed name, `badInput` for unreadable profile files.
    package func namedRegion() throws -> SettingLayer.Setting? {
        guard let found = try rawRegion() else { return nil }
        return try Self.checkedRegion(.init(value: Self.withoutFIPS(found.value), origin: found.origin))
    }

    /// The region that the settings name.
    /// - Throws: as `namedRegion`, and `Failure` of kind `usage` when none is named.
    package func region() throws -> SettingLayer.Setting {
        guard let found = try namedRegion() else { throw Self.noRegion() }
        return found
    }

    /// The region as it is written.
    func rawRegion() throws -> SettingLayer.Setting? {
        try value(anyOf: ["AWS_REGION", "AWS_DEFAULT_REGION"]) ?? profile()?.setting("region")
    }

    /// `fips-us-gov-west-1` and `us-gov-west-1-fips` were once written for the FIPS endpoints of a region.
    static func withoutFIPS(_ region: String) -> String {
        region.replacing("fips-", with: "").replacing("-fips", with: "")
    }

    /// The region becomes part of host names: it must not be able to name another host.
    static func checkedRegion(_ setting: SettingLayer.Setting) throws -> SettingLayer.Setting {
        guard EndpointURL.isHostLabel(setting.value) else {
            throw Failure(.usage, "'\(setting.value)' (\(setting.origin)) is not a region's name")
        }
        return setting
    }

    /// - Parameter instance: why the metadata service gave none; `nil` when it was not asked.
    static func noRegion(instance: String? = nil) -> Failure {
        Failure(
            .usage, "no AWS region is set" + (instance.map { " (instance metadata service: \($0))" } ?? ""),
            hint: "give --region, set AWS_REGION in the env file or the environment, or region in the AWS profile")
    }
}
