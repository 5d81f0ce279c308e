internal import Support

extension AWSSettings {
    /// The endpoint that settings or the profile name for a service.
    ///
    /// In each layer the service's own variable goes before `AWS_ENDPOINT_URL`; a higher layer goes before a lower one, so that
    /// `--endpoint-url` wins over everything; profile files come last.
    /// https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    func configuredEndpoint(_ service: ServiceID) throws -> SettingLayer.Setting? {
        let names = [
            "AWS_ENDPOINT_URL_" + Self.environmentWord(service.sdkID),
            "AWS_ENDPOINT_URL_" + Self.environmentWord(service.name),
            "AWS_ENDPOINT_URL",
        ]
        let found = value(anyOf: names)
        // A flag is no configuration: it holds even when configured endpoints are to be ignored.
        if let found, found.origin.hasPrefix("--") { return found }
        let profile = try profile()
        let ignores =
            value("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") ?? profile?.setting("ignore_configured_endpoint_urls")
        if ignores?.value.lowercased() == "true" { return nil }
        if let found { return found }
        let word = Self.environmentWord(service.sdkID).lowercased()
        return profile?.serviceSetting(word, "endpoint_url")
            ?? profile?.serviceSetting(service.name, "endpoint_url")
            ?? profile?.setting("endpoint_url")
    }

    /// `CloudWatch Logs` → `CLOUDWATCH_LOGS`.
    private static func environmentWord(_ text: String) -> String {
        String(text.uppercased().map { $0 == " " || $0 == "-" ? "_" : $0 })
    }
}
