import Environment
import Testing

struct ImageVersionTests {
    @Test(arguments: [
        ("0.1", true), ("1", true), ("v2", true), ("v1.2.3", true), ("2024.01.31", true), ("123456", true),
        ("1.4-rc1", false), ("v1.2-3-g1a2b3c4", false), ("latest", false), ("1a2b3c4", false), ("deadbee", false),
        ("0123456789abcdef0123456789abcdef01234567", false), ("1234567", false), ("20240131", false), ("1.", false),
        ("1..2", false), ("20210708T101112Z", false),
    ])
    func looksLikeAVersion(_ text: String, _ isNumeric: Bool) throws {
        let version = try #require(ImageVersion(text))
        #expect(version.text == text)
        #expect(version.description == text)
        #expect(version.isNumeric == isNumeric)
    }

    @Test(arguments: [
        "", "prod", "env", "v", "vx", "deadbe", "DEADBEEF", "nightly", "Latest", "-1", ".1", "1 2", "1/2", "1+b", "١",
        "0123456789abcdef0123456789abcdef012345678".replacing("0", with: "f"), String(repeating: "1", count: 129),
    ])
    func looksLikeNone(_ text: String) {
        #expect(ImageVersion(text) == nil)
    }

    @Test(arguments: [
        ("0.9", "0.10"), ("0.1", "0.2"), ("1", "2"), ("v1.9", "v1.10"), ("1.2.99", "1.2.100"), ("0.09", "0.10"),
        ("1.99999999999999999999", "1.100000000000000000000"),
    ])
    func raisesTheLastNumber(_ text: String, _ next: String) throws {
        let version = try #require(ImageVersion(text))
        let raised = try #require(version.next())
        #expect(raised.text == next)
        #expect(raised.isNumeric)
        #expect(version < raised)
    }

    @Test(arguments: ["latest", "1.4-rc1", "deadbee"])
    func othersHaveNoNext(_ text: String) throws {
        #expect(try #require(ImageVersion(text)).next() == nil)
    }

    @Test(arguments: [
        ("0.9", "0.10"), ("1", "1.1"), ("1.9.9", "2"), ("v0.9", "0.10"), ("0.9", "v0.10"), ("01", "2"),
        ("1.0", "1.0.0"),
        // A leading v counts for nothing, in either direction.
        ("0.1", "v1"), ("v0.9", "1"), ("v1", "1.0.1"), ("1.9", "v2"),
        ("latest", "0.1"), ("deadbee", "0.1"), ("9", "10"), ("1.9", "1.99999999999999999999"),
    ])
    func compares(_ lower: String, _ higher: String) throws {
        let (low, high) = (try #require(ImageVersion(lower)), try #require(ImageVersion(higher)))
        #expect(low < high)
        #expect(!(high < low))
        #expect(!(low < low))
    }

    @Test func findsTheHighest() {
        #expect(ImageVersion.highest(in: ["latest", "0.2", "0.10", "0.9", "deadbee", "x", "1.0-rc1"])?.text == "0.10")
        #expect(ImageVersion.highest(in: ["latest", "1234567", "prod"]) == nil)
        #expect(ImageVersion.highest(in: []) == nil)
        #expect(ImageVersion.first.text == "0.1")
        #expect(ImageVersion.first == ImageVersion("0.1"))
    }
}
