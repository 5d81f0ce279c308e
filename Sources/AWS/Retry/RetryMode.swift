internal import Support

/// How calls are tried again: `AWS_RETRY_MODE`, `retry_mode` in the profile.
/// https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
enum RetryMode: String, Sendable, CaseIterable {
    /// The default: three attempts, a quota of retries, random pauses of at most 20 s.
    case standard
    /// The rules of `standard`, and a limit on the rate of requests that follows what the service admits.
    case adaptive
    /// The SDKs' older mode. Here it is `standard` with that mode's five attempts.
    case legacy

    /// All attempts of one call where no number is set.
    var attempts: Int { self == .legacy ? 5 : 3 }
}

extension AWSSettings {
    /// - Throws: `Failure` of kind `usage` for an unknown word.
    func retryMode() throws -> RetryMode {
        guard let setting = try value("AWS_RETRY_MODE") ?? profile()?.setting("retry_mode") else { return .standard }
        guard let mode = RetryMode(rawValue: setting.value.lowercased()) else {
            throw Failure(
                .usage, "'\(setting.value)' (\(setting.origin)) is not a retry mode: standard, adaptive or legacy")
        }
        return mode
    }
}
