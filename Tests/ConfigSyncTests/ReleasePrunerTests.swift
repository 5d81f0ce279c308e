import AWS
import FoundationEssentials
import HTTP
import Support
import Testing

@testable import ConfigSync

@Suite struct ReleasePrunerTests {
    private let server = MemoryS3(pageSize: 100)
    private let manifests: [ReleaseManifest]

    /// Five releases, an hour and more old; the last one is current.
    init() throws {
        manifests = try (0..<5).map { number in
            let file = ReleaseFile(path: "f", size: 1, sha256: String(repeating: "\(number)", count: 64), mode: 0o644)
            return try ReleaseManifest(files: [file], createdAt: "t", createdBy: "p")
        }
        for (number, manifest) in manifests.enumerated() {
            let base = "c/releases/\(manifest.hash)/"
            let written = "Thu, 01 Jan 1970 0\(number):00:00 GMT"
            try server.store(
                base + "manifest.json", String(decoding: try manifest.encoded(), as: UTF8.self),
                headers: ["Last-Modified": written])
            try server.store(base + "files/f", "x")
        }
        let pointer = ReleasePointer(
            release: manifests[4].hash, previous: manifests[3].hash, updatedAt: "t", updatedBy: "p")
        try server.store("c/current.json", String(decoding: try pointer.encoded(), as: UTF8.self))
    }

    private func prune(
        dryRun: Bool = false, pinned: @escaping @Sendable () async throws -> Set<ReleaseHash>?, keep: Int = 2
    ) async throws -> (deleted: [ReleaseHash], pinned: [ReleaseHash]) {
        let store = ReleaseStore(server.s3, ReleasePlace(TreePlace(bucket: "b", prefix: "c")))
        return try await ReleasePruner(
            store, keep: keep, dryRun: dryRun, pinned: pinned, now: { Date(timeIntervalSince1970: 100 * 3600) }
        ).run()
    }

    @Test func whatTasksStartWithStays() async throws {
        let hashes = manifests.map(\.hash)
        let planned = try await prune(dryRun: true, pinned: { [hashes[1]] })
        #expect(planned.deleted == [hashes[0], hashes[2]] && planned.pinned == [hashes[1]])
        #expect(server.keys.count == 11)
        let done = try await prune(pinned: { [hashes[1], hashes[4]] })
        #expect(done.deleted == planned.deleted && done.pinned == planned.pinned)
        #expect(server.text("c/releases/\(hashes[1])/files/f") == "x")
        #expect(server.keys.count == 7)
    }

    @Test func nothingGoesWhereNobodyCanTellWhatIsNeeded() async throws {
        let outcome = try await prune(pinned: { nil })
        #expect(outcome.deleted == [] && outcome.pinned == [] && server.keys.count == 11)
        await #expect(throws: CancellationError.self) { _ = try await prune(pinned: { throw CancellationError() }) }
        #expect(server.keys.count == 11)
    }

    @Test func nobodyIsAskedWhereNothingIsToGo() async throws {
        let outcome = try await prune(pinned: { throw CancellationError() }, keep: 5)
        #expect(outcome.deleted == [])
    }
}
