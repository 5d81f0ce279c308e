internal import Support

/// Commands that messages name, so that they act on the ENV that this command acts on.
enum CommandHint {
    /// The text with `-e ENV` put behind each command of fgctl that it names.
    ///
    /// - Parameters:
    ///   - env: as it was given on the command line; `nil` leaves the text as it is.
    ///   - quotedOnly: whether only commands in single quotes count: other texts may tell of a command, not advise one.
    static func text(_ text: String, env: String?, quotedOnly: Bool = false) -> String {
        guard let env, text.contains("fgctl ") else { return text }
        let names = Root.allCommandNames
        let opening = quotedOnly ? "'fgctl " : "fgctl "
        var parts = text.split(separator: opening, omittingEmptySubsequences: false).map(String.init)
        for index in parts.indices.dropFirst() {
            let name = String(parts[index].prefix { $0.isASCII && ($0.isLetter || $0 == "-") })
            let rest = parts[index].dropFirst(name.count)
            guard names.contains(name), !rest.hasPrefix(" -e ") else { continue }
            parts[index] = "\(name) -e \(ShellWords.join([env]))\(rest)"
        }
        return parts.joined(separator: opening)
    }
}

/// What ended a command that was told its ENV on the command line.
struct EnvError: Error {
    let error: any Error
    let env: String
}
