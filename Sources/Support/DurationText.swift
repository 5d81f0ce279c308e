/// Lengths of time as users write them: `90s`, `15m`, `1h30m`, `2d`, or plain seconds.
package enum DurationText {
    private static let units: [(letter: Character, seconds: Int64)] = [
        ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1),
    ]
    private static let hint = "write it like 90s, 15m, 1h30m, 2d, or as plain seconds"

    /// The length that `text` names; whole seconds, never negative.
    /// - Throws: `Failure(.usage)` naming the text: it is empty, has an unknown or repeated unit, units out of order
    ///   (days, hours, minutes, seconds), or exceeds what can be counted.
    package static func parse(_ text: String) throws -> Duration {
        func wrong(_ why: String) -> Failure { Failure(.usage, "'\(text)' is no duration: \(why)", hint: hint) }
        guard !text.isEmpty else { throw wrong("it is empty") }
        var total: Int64 = 0
        var digits = ""
        var remaining = units[...]
        func add(_ seconds: Int64) throws {
            guard let number = Int64(digits) else { throw wrong("'\(digits)' is too large") }
            let (product, tooLarge) = number.multipliedReportingOverflow(by: seconds)
            let (sum, tooMuch) = total.addingReportingOverflow(product)
            guard !tooLarge, !tooMuch else { throw wrong("it is too long") }
            total = sum
            digits = ""
        }
        for character in text {
            if character.isASCII, character.isNumber {
                digits.append(character)
                continue
            }
            guard units.contains(where: { $0.letter == character }) else {
                throw wrong("'\(character)' is neither a digit nor one of d, h, m, s")
            }
            guard !digits.isEmpty else { throw wrong("no number stands before '\(character)'") }
            guard let place = remaining.firstIndex(where: { $0.letter == character }) else {
                throw wrong("the units must follow each other as d, h, m, s, each once")
            }
            try add(units[place].seconds)
            remaining = units[(place + 1)...]
        }
        if !digits.isEmpty {
            guard remaining.count == units.count else { throw wrong("the last number has no unit") }
            try add(1)
        }
        return .seconds(total)
    }

    /// The shortest form that `parse` reads back: `1h30m`, `2d`, `0s`. Parts of a second are dropped.
    package static func format(_ duration: Duration) -> String {
        var rest = max(0, duration.components.seconds)
        var text = ""
        for unit in units where rest >= unit.seconds {
            text += "\(rest / unit.seconds)\(unit.letter)"
            rest %= unit.seconds
        }
        return text.isEmpty ? "0s" : text
    }
}
