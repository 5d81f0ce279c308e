internal import Support

/// Which files of a tree count. The order of the patterns doesn't matter: a file counts when it matches an include, or there
/// are none, and no exclude.
///
/// A pattern without a slash (`*.yaml`, `.git`) names files and folders at any depth; one with a slash (`a/*.py`, `/b`) is
/// anchored at the tree's root; one that ends in a slash (`drafts/`) names folders only. What lies in a matching folder
/// matches too. `*` and `?` stay within a name, `**` as a whole part spans folders, `[a-z]`, `[!a-z]`, and `\` before a
/// character that is meant as itself.
package struct TreeFilter: Sendable {
    private let includes: [Glob]
    private let excludes: [Glob]

    /// Everything counts.
    package init() {
        includes = []
        excludes = []
    }

    /// - Throws: `Failure` of kind `usage` that quotes a malformed pattern.
    package init(include: [String], exclude: [String]) throws {
        includes = try include.map { try Glob($0, option: "--include") }
        excludes = try exclude.map { try Glob($0, option: "--exclude") }
    }

    package var isEmpty: Bool { includes.isEmpty && excludes.isEmpty }

    /// Whether the file at `path` (relative to the root) counts.
    package func admits(_ path: String) -> Bool {
        if isEmpty { return true }
        let parts = Glob.parts(path)
        if excludes.contains(where: { $0.matches(parts) }) { return false }
        return includes.isEmpty || includes.contains { $0.matches(parts) }
    }

    /// Whether nothing below the folder at `path` can count.
    package func leavesOut(folder path: String) -> Bool {
        if excludes.isEmpty { return false }
        let parts = Glob.parts(path)
        return excludes.contains { $0.matchesFolder(parts) }
    }
}

/// One pattern for paths.
struct Glob: Sendable {
    private enum Piece: Sendable, Equatable {
        case scalar(Unicode.Scalar)
        case one
        case any
        case set([ClosedRange<Unicode.Scalar>], isNegated: Bool)

        /// Whether it stands for this one character.
        func takes(_ scalar: Unicode.Scalar) -> Bool {
            switch self {
            case .scalar(let own): own == scalar
            case .one: true
            case .any: false
            case .set(let ranges, let isNegated): ranges.contains { $0.contains(scalar) } != isNegated
            }
        }
    }

    private enum Part: Sendable, Equatable {
        case name([Piece])
        /// `**`: any number of parts.
        case anything
    }

    private let parts: [Part]
    private let isFolderOnly: Bool

    init(_ pattern: String, option: String) throws {
        func wrong(_ why: String) -> Failure {
            Failure(.usage, "\(option) '\(pattern)': \(why)", hint: "patterns are like '*.yaml', 'a/**', 'drafts/'")
        }
        var texts = pattern.split(separator: "/", omittingEmptySubsequences: false)
        isFolderOnly = texts.count > 1 && texts.last?.isEmpty == true
        if isFolderOnly { texts.removeLast() }
        let isAnchored = texts.count > 1
        if isAnchored, texts.first?.isEmpty == true { texts.removeFirst() }
        if texts.isEmpty || texts.contains(where: \.isEmpty) { throw wrong("the pattern is empty between slashes") }
        if texts.contains(where: { $0 == "." || $0 == ".." }) { throw wrong("'.' and '..' match nothing in a tree") }
        var parts: [Part] = isAnchored ? [] : [.anything]
        for text in texts {
            if text == "**" {
                if parts.last != .anything { parts.append(.anything) }
            } else {
                guard let pieces = Self.pieces(text) else { throw wrong("'[' or '\\' is not complete") }
                parts.append(.name(pieces))
            }
        }
        // `a/**` is what lies in `a`, not `a`.
        if parts.last == .anything { parts.append(.name([.any])) }
        self.parts = parts
    }

    static func parts(_ path: String) -> [Substring] { path.split(separator: "/", omittingEmptySubsequences: false) }

    /// Whether the pattern names the file of these parts or a folder above it.
    func matches(_ path: [Substring]) -> Bool {
        if !isFolderOnly, isMatch(path[...]) { return true }
        return matchesFolder(path.dropLast())
    }

    /// Whether the pattern names the folder of these parts or one above it.
    func matchesFolder(_ path: some RandomAccessCollection<Substring>) -> Bool {
        let path = Array(path)
        return (0..<path.count).contains { isMatch(path[...$0]) }
    }

    /// `**` as `*` in `isMatch(name:)`: only the last one has to be tried again.
    private func isMatch(_ path: ArraySlice<Substring>) -> Bool {
        var (part, at) = (0, path.startIndex)
        var again: (part: Int, at: Int)?
        while at < path.endIndex {
            if part < parts.count, case .anything = parts[part] {
                again = (part, at)
                part += 1
                continue
            }
            if part < parts.count, case .name(let pieces) = parts[part], Self.isMatch(pieces, path[at]) {
                part += 1
                at += 1
                continue
            }
            guard let retry = again else { return false }
            again = (retry.part, retry.at + 1)
            part = retry.part + 1
            at = retry.at + 1
        }
        return parts[part...].allSatisfy { $0 == .anything }
    }

    private static func isMatch(_ pieces: [Piece], _ name: Substring) -> Bool {
        let scalars = Array(name.unicodeScalars)
        var (piece, at) = (0, 0)
        var again: (piece: Int, at: Int)?
        while at < scalars.count {
            if piece < pieces.count, pieces[piece] == .any {
                again = (piece, at)
                piece += 1
            } else if piece < pieces.count, pieces[piece].takes(scalars[at]) {
                piece += 1
                at += 1
            } else if let retry = again {
                again = (retry.piece, retry.at + 1)
                piece = retry.piece + 1
                at = retry.at + 1
            } else {
                return false
            }
        }
        return pieces[piece...].allSatisfy { $0 == .any }
    }

    /// `nil` when a set or an escape isn't complete.
    private static func pieces(_ text: Substring) -> [Piece]? {
        var pieces: [Piece] = []
        var rest = Array(text.unicodeScalars)[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "*": if pieces.last != .any { pieces.append(.any) }
            case "?": pieces.append(.one)
            case "\\":
                guard let next = rest.popFirst() else { return nil }
                pieces.append(.scalar(next))
            case "[":
                guard let set = set(&rest) else { return nil }
                pieces.append(set)
            default: pieces.append(.scalar(scalar))
            }
        }
        return pieces
    }

    private static func set(_ rest: inout ArraySlice<Unicode.Scalar>) -> Piece? {
        var isNegated = false
        if rest.first == "!" || rest.first == "^" {
            isNegated = true
            rest.removeFirst()
        }
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        while let scalar = rest.popFirst() {
            // A bracket that comes first is a member.
            if scalar == "]", !ranges.isEmpty { return .set(ranges, isNegated: isNegated) }
            guard let low = scalar == "\\" ? rest.popFirst() : scalar else { return nil }
            if rest.first == "-", let high = rest.dropFirst().first, high != "]" {
                rest.removeFirst(2)
                guard low <= high else { return nil }
                ranges.append(low...high)
            } else {
                ranges.append(low...low)
            }
        }
        return nil
    }
}
