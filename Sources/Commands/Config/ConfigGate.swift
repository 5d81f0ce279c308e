internal import ConfigSync
internal import Support

/// The check that stands before a push.
enum ConfigGate {
    /// - Throws: `Failure` of kind `badInput` when Dagster could not read a file; every finding has been said.
    static func check(_ session: Session, _ path: String, _ shown: String) throws {
        let read = try ConfigFolder(reading: path, shown: shown, files: session.context.files)
        guard !read.files.isEmpty else { return }
        var checker = ConfigChecker()
        checker.prefix = shown == "." ? "" : shown.hasSuffix("/") ? shown : shown + "/"
        let report = checker.check(read.files, paths: read.paths)
        for finding in report.findings { session.say(finding.text) }
        guard report.errors.isEmpty else {
            let count = report.errors.count
            throw Failure(
                .badInput,
                "push \(shown): nothing was pushed, since \(count == 1 ? "1 error was" : "\(count) errors were") found; "
                    + "the first: \(report.errors[0].text)",
                hint: "'fgctl config-check' lists all; --no-check pushes all the same")
        }
    }
}
