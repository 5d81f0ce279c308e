internal import ConfigSync
internal import Environment
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

    /// Says which of the files that are pushed are env files with secrets: those of projects that lie in the folder.
    ///
    /// - Parameter root: where the paths begin.
    static func warnOfEnvFiles(_ session: Session, _ root: String, _ paths: [String]) {
        let found = paths.filter { path in
            guard path.split(separator: "/").dropLast().last == "env",
                let bytes = try? session.context.files.read(root + "/" + path, limit: 64 << 10),
                let text = String(validating: bytes, as: UTF8.self),
                // What can't be parsed is no env file.
                let file = try? EnvFile.parse(text, path: path, lookup: { _ in "" }),
                file[Key.stackName.rawValue] != nil || file[Key.imageName.rawValue] != nil
            else { return false }
            return file.entries.contains { ContainerEnvironment.looksSecret($0.key) && !$0.value.isEmpty }
        }
        guard let first = found.first.map(ConfigText.plain) else { return }
        let rest = found.count > 1 ? " and \(found.count - 1) more like it are" : " is"
        session.warn("\(first)\(rest) pushed too, an env file with secrets: --exclude '\(first)' leaves it out")
    }
}
