internal import Support

/// What a folder makes of names.
package struct FolderTraits: Sendable, Hashable {
    /// Whether names that differ only by case, or in how their letters are composed, are one file.
    package var ignoresCase: Bool

    package init(ignoresCase: Bool = false) { self.ignoresCase = ignoresCase }
}

/// Refuses keys that can't all become files of one folder, before anything is written.
///
/// Takes the keys in the order of their bytes; holds them only where the folder ignores case.
package struct KeySafety: Sendable {
    package enum Problem: Sendable, Hashable {
        case empty
        case absolute
        /// Two slashes in a row or one at the end.
        case emptyPart
        /// A part `.` or `..`.
        case dots
        case nul
        /// A part of more than 255 bytes.
        case nameTooLong
        /// A name that fgctl gives to files under way.
        case reserved
        /// Another key needs this one to be a folder: it is given.
        case isFolderToo(String)
        /// Another key differs only by case: it is given.
        case isSameAs(String)
    }

    /// Bytes of one part that Linux takes.
    package static let longestName = 255
    /// Problems that a message names.
    private static let named = 10

    private let traits: FolderTraits
    /// The keys before this one that may still turn out to be its folders.
    private var candidates: [String] = []
    /// Names as the folder sees them, by parts; in use only where it ignores case.
    private var seen: [String: String] = [:]
    /// The first of what was found, in order.
    package private(set) var problems: [(key: String, problem: Problem)] = []
    /// How many were found.
    package private(set) var count = 0

    package init(_ traits: FolderTraits) { self.traits = traits }

    /// Looks at the next key. The same one again is taken for the same file.
    package mutating func take(_ key: String) {
        if let problem = Self.problem(of: key) { return found(key, problem) }
        while let last = candidates.last, !Self.isPrefix(last, of: key) { candidates.removeLast() }
        for candidate in candidates where candidate.utf8.count < key.utf8.count {
            let next = key.utf8[key.utf8.index(key.utf8.startIndex, offsetBy: candidate.utf8.count)]
            if next == UInt8(ascii: "/") { found(candidate, .isFolderToo(key)) }
        }
        candidates.append(key)
        if traits.ignoresCase { takeFolded(key) }
    }

    /// - Parameter what: what was attempted, on what: `pull s3://b/c into /d`.
    /// - Throws: `Failure` of kind `failed` that names the keys and what is wrong with each.
    package func check(_ what: String) throws {
        guard count > 0 else { return }
        let lines = problems.map { "\(Self.quoted($0.key)): \(Self.words($0.problem))" }
        let rest = count > problems.count ? "; and \(count - problems.count) more" : ""
        throw Failure(
            .failed,
            "\(what): nothing was written, since these names can't lie in a folder: "
                + lines.joined(separator: "; ") + rest,
            hint: "rename them, or leave them out with --exclude")
    }

    /// What is wrong with a key by itself.
    package static func problem(of key: String) -> Problem? {
        var key = key
        return key.withUTF8 { bytes -> Problem? in
            guard let first = bytes.first else { return .empty }
            if first == 0x2f { return .absolute }
            var start = 0
            var end = 0
            while end <= bytes.count {
                let isEnd = end == bytes.count || bytes[end] == 0x2f
                if !isEnd {
                    if bytes[end] == 0 { return .nul }
                    end += 1
                    continue
                }
                let length = end - start
                if length == 0 { return .emptyPart }
                if length > longestName { return .nameTooLong }
                if bytes[start] == 0x2e {
                    if length == 1 || length == 2 && bytes[start + 1] == 0x2e { return .dots }
                    if TemporaryName.isOne(UnsafeBufferPointer(rebasing: bytes[start..<end])) { return .reserved }
                }
                end += 1
                start = end
            }
            return nil
        }
    }

    private mutating func found(_ key: String, _ problem: Problem) {
        count += 1
        if problems.count < Self.named { problems.append((key, problem)) }
    }

    private mutating func takeFolded(_ key: String) {
        var end = key.startIndex
        while true {
            let slash = key[end...].firstIndex(of: "/") ?? key.endIndex
            let path = String(key[..<slash])
            // Texts of Swift are the same when they differ only in how their letters are composed.
            let folded = path.lowercased()
            if let other = seen[folded], ByteText(other) != ByteText(path) {
                return found(key, .isSameAs(other))
            }
            seen[folded] = path
            if slash == key.endIndex { return }
            end = key.index(after: slash)
        }
    }

    private static func isPrefix(_ prefix: String, of key: String) -> Bool {
        key.utf8.starts(with: prefix.utf8)
    }

    private static func words(_ problem: Problem) -> String {
        switch problem {
        case .empty: "is empty"
        case .absolute: "begins with a slash"
        case .emptyPart: "has an empty part between slashes"
        case .dots: "has a part '.' or '..'"
        case .nul: "holds a NUL"
        case .nameTooLong: "has a name of more than \(longestName) bytes"
        case .reserved: "has a name that fgctl keeps for files under way"
        case .isFolderToo(let other): "is a file, and a folder in \(quoted(other))"
        case .isSameAs(let other): "differs only by case from \(quoted(other)), and the folder ignores case"
        }
    }

    /// For messages: control characters escaped.
    package static func quoted(_ key: String) -> String {
        var out = "'"
        for scalar in key.unicodeScalars {
            out += scalar.value < 0x20 || scalar.value == 0x7f ? "\\u{\(String(scalar.value, radix: 16))}" : "\(scalar)"
        }
        return out + "'"
    }
}
