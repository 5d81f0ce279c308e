internal import FoundationEssentials

/// Marks lists and maps, which Codable alone can't tell from structures.
protocol WireList { init(emptyWireValue: Void) }
protocol WireMap { init(emptyWireValue: Void) }

extension Array: WireList { init(emptyWireValue: Void) { self = [] } }
extension Dictionary: WireMap where Key == String { init(emptyWireValue: Void) { self = [:] } }

/// A coding key made of any text or index.
struct WireKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(stringValue: String) {
        self.stringValue = stringValue
        intValue = nil
    }

    init(intValue: Int) {
        stringValue = "\(intValue)"
        self.intValue = intValue
    }
}

extension [any CodingKey] {
    /// `containers.0.name`
    var dotted: String { map(\.stringValue).joined(separator: ".") }
}
