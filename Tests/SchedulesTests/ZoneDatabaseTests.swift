import FoundationEssentials
import Schedules
import Support
import Testing

struct ZoneDatabaseTests {
    /// A folder with two zones and a file that is none.
    private func withZones(_ body: (ZoneDatabase) throws -> Void) throws {
        let files = FileManager.default
        let root = files.temporaryDirectory.path + "/zones-\(UUID().uuidString)"
        try files.createDirectory(atPath: "\(root)/Europe", withIntermediateDirectories: true)
        defer { try? files.removeItem(atPath: root) }
        let zone = Data("TZif2".utf8)
        for name in ["UTC", "Europe/Berlin"] { try zone.write(to: URL(filePath: "\(root)/\(name)")) }
        try Data("# no zone".utf8).write(to: URL(filePath: "\(root)/tzdata"))
        try body(ZoneDatabase(root: root))
    }

    @Test func knowsTheZonesOfTheFolder() throws {
        try withZones { zones in
            #expect(throws: Never.self) { try zones.check("UTC") }
            #expect(throws: Never.self) { try zones.check("Europe/Berlin") }
        }
    }

    @Test(arguments: [
        "", "Europe", "Europe/", "/UTC", "../UTC", "Europe/../UTC", "Mars/Olympus", "tzdata", "posix/UTC", "UTC+2 ",
        "localtime", "Europe//Berlin", "Europe/Berlin\u{0}", String(repeating: "A", count: 51),
    ])
    func refusesTheRest(_ name: String) throws {
        try withZones { zones in
            let failure = #expect(throws: Failure.self) { try zones.check(name) }
            #expect(failure?.kind == .badInput)
        }
    }

    @Test func hintsAtTheSpelling() throws {
        try withZones { zones in
            let failure = #expect(throws: Failure.self) { try zones.check("europe/berlin") }
            #expect(failure?.hint == "did you mean 'Europe/Berlin'?")
        }
    }

    @Test func checksTheFormOnlyWithoutZoneFiles() throws {
        let zones = ZoneDatabase(root: "/nowhere/zoneinfo")
        #expect(throws: Never.self) { try zones.check("America/Argentina/Buenos_Aires") }
        #expect(throws: Never.self) { try zones.check("Etc/GMT+5") }
        #expect(throws: Failure.self) { try zones.check("../etc/passwd") }
    }
}
