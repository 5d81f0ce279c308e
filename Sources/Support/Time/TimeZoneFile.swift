/// A time zone of the IANA database, read from its compiled file (TZif, versions 1 to 4).
///
/// Instants are seconds since 1970 in UTC; local times are seconds since 1970 as if the clock showed UTC
/// (`CivilTime.seconds`). After the file's last transition its footer, a rule in POSIX form, goes on for ever.
///
/// https://www.rfc-editor.org/rfc/rfc9636
package struct TimeZoneFile: Sendable {
    /// The IANA name.
    package let name: String
    private let transitions: [ZoneTransition]
    /// In force before the first transition.
    private let firstOffset: Int
    private let rule: TimeZoneRule?

    package static let utc = TimeZoneFile(name: "UTC", transitions: [], firstOffset: 0, rule: nil)

    private init(name: String, transitions: [ZoneTransition], firstOffset: Int, rule: TimeZoneRule?) {
        self.name = name
        self.transitions = transitions
        self.firstOffset = firstOffset
        self.rule = rule
    }

    /// A compiled zone is a few KiB; nothing near this size is one.
    private static let sizeLimit = 1 << 20

    /// Reads a zone by name. `UTC` is known without any file.
    /// - Parameter root: the folder of the compiled zones.
    /// - Throws: `Failure(.badInput)` when there is no such zone, or its file is damaged.
    package init(named name: String, root: String = "/usr/share/zoneinfo", files: some FileSystem = LocalFileSystem())
        throws
    {
        if name == "UTC" {
            self = .utc
            return
        }
        let path = "\(root)/\(name)"
        guard Self.isName(name), files.isFile(path) else {
            throw Failure(
                .badInput, "time zone '\(name)' is unknown",
                hint:
                    "give a name of the IANA database, such as Europe/Berlin or UTC; its files are looked for in \(root)"
            )
        }
        try self.init(name: name, bytes: try files.read(path, limit: Self.sizeLimit))
    }

    /// - Throws: `Failure(.badInput)` when the bytes are no TZif.
    package init(name: String, bytes: [UInt8]) throws {
        var reader = TZifReader(name: name, bytes: bytes)
        var block = try reader.block(wide: false)
        var rule: TimeZoneRule?
        if block.version >= UInt8(ascii: "2") {
            // The same again with 64-bit times, then the footer.
            block = try reader.block(wide: true)
            let footer = try reader.footer()
            if !footer.isEmpty {
                guard let parsed = TimeZoneRule(footer) else {
                    throw Failure(
                        .badInput, "time zone '\(name)': its file is damaged: the rule '\(footer)' can't be read")
                }
                rule = parsed
            }
        }
        self.init(name: name, transitions: block.transitions, firstOffset: block.firstOffset, rule: rule)
    }

    /// Whether a text has the form of a zone's name, so that it names nothing outside the folder of zones: words of
    /// letters, digits, `_`, `-` and `+` that begin with a letter, parted by `/`.
    package static func isName(_ name: String) -> Bool {
        name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { part in
            guard let first = part.first, isLetter(first) else { return false }
            return part.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || [0x5F, 0x2D, 0x2B].contains($0) }
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte & 0xDF) }

    // MARK: Instants and local times

    /// How far the zone's clock is ahead of UTC at an instant, in seconds.
    package func offset(at instant: Int) -> Int {
        guard let last = transitions.last, instant < last.instant else {
            return rule?.offset(at: instant) ?? transitions.last?.offset ?? firstOffset
        }
        var (low, high) = (0, transitions.count)
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle].instant <= instant { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? firstOffset : transitions[low - 1].offset
    }

    /// What the zone's clock shows at an instant.
    package func local(_ instant: Int) -> CivilTime { CivilTime(seconds: instant + offset(at: instant)) }

    /// The instants at which the zone's clock shows a time: none in a gap, two where the clock was put back, else one.
    /// - Returns: earliest first.
    package func instants(of local: CivilTime) -> [Int] {
        let seconds = local.seconds
        // No clock is further from UTC than this.
        let reach = 26 * 3600
        var found: Set<Int> = []
        for offset in offsets(from: seconds - reach, to: seconds + reach) {
            let instant = seconds - offset
            if self.offset(at: instant) == offset { found.insert(instant) }
        }
        return found.sorted()
    }

    /// All distances from UTC that are in force at some time within the bounds.
    private func offsets(from start: Int, to end: Int) -> Set<Int> {
        var found: Set<Int> = [offset(at: start), offset(at: end)]
        for transition in transitions where transition.instant > start && transition.instant <= end {
            found.insert(transition.offset)
        }
        if let rule, end >= transitions.last?.instant ?? Int.min {
            for year in CivilTime(seconds: start).year...CivilTime(seconds: end).year {
                for transition in rule.transitions(in: year)
                where transition.instant > start && transition.instant <= end {
                    found.insert(transition.offset)
                }
            }
        }
        return found
    }
}

/// A change of a zone's clock.
struct ZoneTransition: Sendable {
    let instant: Int
    /// Seconds ahead of UTC from then on.
    let offset: Int
}

/// Reads the blocks of a TZif file.
private struct TZifReader {
    struct Block {
        let version: UInt8
        let transitions: [ZoneTransition]
        let firstOffset: Int
    }

    let name: String
    let bytes: [UInt8]
    private var position = 0

    init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    private func damaged(_ why: String) -> Failure {
        Failure(.badInput, "time zone '\(name)': its file is damaged: \(why)")
    }

    private mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
        guard count >= 0, bytes.count - position >= count else { throw damaged("it ends at byte \(bytes.count)") }
        defer { position += count }
        return bytes[position..<(position + count)]
    }

    /// A big-endian number in two's complement.
    private mutating func number(_ width: Int) throws -> Int {
        let taken = try take(width)
        let unsigned = taken.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return width == 8 ? Int(Int64(bitPattern: unsigned)) : Int(Int32(truncatingIfNeeded: unsigned))
    }

    /// The next header with its data.
    mutating func block(wide: Bool) throws -> Block {
        guard try take(4).elementsEqual("TZif".utf8) else { throw damaged("it does not begin with TZif") }
        let version = try take(16).first ?? 0
        var counts: [Int] = []
        for _ in 0..<6 { counts.append(try number(4)) }
        guard counts.allSatisfy({ $0 >= 0 && $0 <= bytes.count }) else { throw damaged("a count is too large") }
        let (utc, standard, leaps, times, types, letters) = (
            counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]
        )
        let width = wide ? 8 : 4
        var instants: [Int] = []
        for _ in 0..<times { instants.append(try number(width)) }
        let indices = Array(try take(times))
        var offsets: [Int] = []
        for _ in 0..<types {
            offsets.append(try number(4))
            _ = try take(2)
        }
        _ = try take(letters + leaps * (width + 4) + standard + utc)
        guard let first = offsets.first, indices.allSatisfy({ Int($0) < offsets.count }),
            zip(instants, instants.dropFirst()).allSatisfy({ $0 < $1 }), offsets.allSatisfy({ abs($0) < 26 * 3600 })
        else { throw damaged("its tables don't fit each other") }
        let transitions = zip(instants, indices).map { ZoneTransition(instant: $0, offset: offsets[Int($1)]) }
        return Block(version: version, transitions: transitions, firstOffset: first)
    }

    /// The rule between the last two line feeds.
    mutating func footer() throws -> String {
        guard try take(1).first == 0x0A, let end = bytes[position...].firstIndex(of: 0x0A) else {
            throw damaged("its footer is missing")
        }
        return String(decoding: bytes[position..<end], as: UTF8.self)
    }
}
