package import Support

/// A file of `KEY=VALUE` lines, read and never executed.
///
/// - `export` before the key, blank lines and `#` comments (also after a value and a blank) are allowed.
/// - Unquoted values end at a blank; a backslash takes away the meaning of the next character; a leading `~/` is `$HOME/`.
/// - `'…'` is literal. In `"…"` the escapes `\n \t \r \" \\ \$` and backslash-backtick hold; other backslashes stay.
/// - `$KEY`, `${KEY}`, `${KEY:-default}` and `${KEY-default}` take earlier lines, then the process environment; a
///   variable that is not set is an error.
/// - `$(…)` and backticks are refused. Quotes close on their own line. The later of two equal keys counts.
package struct EnvFile: Sendable {
    /// One `KEY=VALUE` line.
    package struct Entry: Sendable, Hashable {
        package let key: String
        package let value: String
        /// The line number, from 1.
        package let line: Int
    }

    /// The largest file that is read, in bytes.
    package static let limit = 1 << 20

    /// The path as messages name it.
    package let path: String
    /// The lines in the order of the file; equal keys stand more than once.
    package let entries: [Entry]
    /// The folder from which relative paths in the file count; `nil` when the file was parsed from text.
    package let root: String?
    /// What is allowed but probably not meant, each with `path:line`.
    package let warnings: [String]

    /// The entry that counts for a key: the last one.
    package subscript(_ key: String) -> Entry? { entries.last { $0.key == key } }

    /// - Parameters:
    ///   - path: the path as messages name it.
    ///   - lookup: the process environment.
    /// - Throws: `Failure(.badInput)`, `PATH:LINE:COLUMN: what is wrong`; columns count characters from 1. Values are
    ///   never part of the message.
    package static func parse(_ text: String, path: String, lookup: @escaping (String) -> String?) throws -> EnvFile {
        try parse(Array(text.utf8), path: path, root: nil, lookup: lookup)
    }

    /// Reads and parses the file.
    /// - Throws: as `parse`, and `Failure(.badInput)` naming the path when it can't be read or is larger than `limit`.
    package static func load(
        _ location: EnvLocation, files: any FileSystem, lookup: @escaping (String) -> String?
    ) throws -> EnvFile {
        let bytes: [UInt8]
        do {
            bytes = try files.read(location.path, limit: limit)
        } catch let failure as Failure {
            // The file system names the absolute path; the user knows the other one.
            let detail = failure.message.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? failure.message
            throw Failure(failure.kind, "\(location.shown): \(detail)", hint: failure.hint, cause: failure)
        }
        return try parse(bytes, path: location.shown, root: location.root, lookup: lookup)
    }

    private static func parse(
        _ bytes: [UInt8], path: String, root: String?, lookup: @escaping (String) -> String?
    ) throws -> EnvFile {
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw Failure(.badInput, "\(path):1:1: the file is UTF-16", hint: "save it as UTF-8")
        }
        let content = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        var entries: [Entry] = []
        var values: [String: String] = [:]
        var firstLines: [String: Int] = [:]
        var warnings: [String] = []
        for (index, line) in content.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            let number = index + 1
            do throws(EnvLine.Fault) {
                let earlier = values
                let scalars = try EnvLine.decode(line.last == 0x0D ? line.dropLast() : line)
                var parser = EnvLine(scalars: scalars) { earlier[$0] ?? lookup($0) }
                guard let (key, value) = try parser.parse() else { continue }
                if let first = firstLines[key] {
                    warnings.append("\(path):\(number): \(key) stands on line \(first) too; the later one counts")
                }
                firstLines[key] = firstLines[key] ?? number
                values[key] = value
                entries.append(Entry(key: key, value: value, line: number))
            } catch {
                throw Failure(.badInput, "\(path):\(number):\(error.column): \(error.what)", hint: error.hint)
            }
        }
        return EnvFile(path: path, entries: entries, root: root, warnings: warnings)
    }
}
