internal import FoundationEssentials
internal import Processes
internal import Support

/// Credentials that a program prints, as JSON.
///
/// https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
struct ProcessCredentials: Sendable {
    /// Programs may wait for a person at a browser.
    private static let timeout = Duration.seconds(300)
    /// Bytes.
    private static let limit = 1 << 20

    let context: CredentialContext
    let profile: Profile

    func find() async throws -> CredentialFinding {
        guard let setting = profile.value("credential_process") else { return .nothing("no credential_process") }
        let what = "run credential_process (\(setting.origin))"
        guard let processes = context.effects.credentials.processes else {
            throw Failure(.credentials, "\(what): programs can't be run here")
        }
        let output: CapturedOutput
        do {
            // Split into words and run without a shell, as AWS's own tools do.
            let words = try ShellWords.split(setting.value)
            guard let program = words.first else { throw Failure(.credentials, "it names no program") }
            let hasPerson = context.effects.credentials.ask != nil
            let command = Command(
                context.settings.expandHome(program), Array(words.dropFirst()), mutates: false,
                standardInput: hasPerson ? .inherit : .none, timeout: Self.timeout)
            output = try await processes.capture(command, limit: Self.limit)
        } catch let failure as Failure {
            throw Failure(.credentials, "\(what): \(failure.message)", hint: failure.hint, cause: failure.cause)
        }
        return .found(try credentials(output, what: what, setting: setting))
    }

    private func credentials(
        _ output: CapturedOutput, what: String, setting: SettingLayer.Setting
    ) throws -> Credentials {
        let answer = JSONRecord(output.stdout)
        let secret = answer?.text("SecretAccessKey").map { Secret($0) }
        let token = answer?.text("SessionToken").map { Secret($0) }
        context.secrets.add(secret)
        context.secrets.add(token)
        let said = output.errorText.split(whereSeparator: \.isNewline).map {
            SecretLike.mask(context.secrets.mask(String($0)))
        }
        guard output.exit.isSuccess else {
            let reason = said.isEmpty ? "" : ": \(said.suffix(3).joined(separator: "; "))"
            throw Failure(.credentials, "\(what): \(output.exit)\(reason)")
        }
        for line in said { context.effects.credentials.warn("credential_process: \(line)") }
        guard let answer else {
            throw Failure(.credentials, "\(what): what it printed is no JSON object")
        }
        guard answer.number("Version") == 1 else {
            throw Failure(.credentials, "\(what): what it printed is not of Version 1, the only one there is")
        }
        guard let id = answer.text("AccessKeyId"), let secret else {
            let missing = answer.text("AccessKeyId") == nil ? "AccessKeyId" : "SecretAccessKey"
            throw Failure(.credentials, "\(what): what it printed has no \(missing)")
        }
        var end: Date?
        if let text = answer.text("Expiration") {
            end = answer.time("Expiration")
            guard let end else { throw Failure(.credentials, "\(what): Expiration '\(text)' is not a time") }
            guard end > context.now() else {
                throw Failure(.credentials, "\(what): the keys that it printed ended at \(text)")
            }
        }
        return Credentials(
            accessKeyID: id, secretAccessKey: secret, sessionToken: token, expiration: end,
            source: "profile \(profile.name), credential_process (\(setting.origin))")
    }
}

/// Words that are secrets by what stands before them, how they begin, or their length.
enum SecretLike {
    /// In characters; an AWS secret key has 40.
    private static let shortest = 32

    /// The text with `****` for what is named as a secret, is a known kind of token, or is as long as a key.
    static func mask(_ text: String) -> String {
        let word =
            /(?i)((?:password|passwd|passphrase|secret|token|key|authorization|credential)[a-z0-9_-]*["']?\s*[=:]\s*)((?:(?:bearer|basic)\s+)?(?:"[^"]*"|'[^']*'|[^\s,;]+))/
        var out = text.replacing(word) { match in
            // The ids of AWS's keys are no secret, and tell which key is meant.
            isKeyID(match.2) ? String(match.0) : "\(match.1)****"
        }
        let scheme = /(?i)\b(bearer|basic)\s+[^\s,;]+/
        out = out.replacing(scheme) { "\($0.1) ****" }
        let known = /(?:hvs\.|ghp_|github_pat_|glpat-|xox[a-z]-)[^\s,;"']+/
        out = out.replacing(known) { _ in "****" }
        let run = /[A-Za-z0-9+\/=_-]+/
        return out.replacing(run) { match in
            // Paths are as long as keys, but seldom of all kinds of letters.
            let isSecret =
                match.0.count >= shortest && match.0.contains { $0.isNumber } && match.0.contains { $0.isLowercase }
                && (match.0.contains { $0.isUppercase } || !match.0.contains("/"))
            return isSecret ? "****" : String(match.0)
        }
    }

    private static func isKeyID(_ value: Substring) -> Bool {
        let plain = value.drop { $0 == "\"" || $0 == "'" }
        return plain.hasPrefix("AKIA") || plain.hasPrefix("ASIA")
    }
}
