import FoundationEssentials
import Glibc
import Support
import Testing

@testable import ConfigSync

/// What a pull does, and that a dry run says the same of it beforehand.
@Suite struct ReleasePullerTests {
    private let server = MemoryS3(pageSize: 100)
    private let here: FolderOnDisk
    private let there: FolderOnDisk
    private var store: ReleaseStore { ReleaseStore(server.s3, ReleasePlace(TreePlace(bucket: "b", prefix: "c"))) }

    init() throws {
        here = try FolderOnDisk()
        there = try FolderOnDisk()
        for name in ["a", "b", "sub/c"] { try here.write(name, "contents of \(name)") }
        try here.link("sub/link", to: "../a")
    }

    private func push(at time: Double = 0) async throws -> ReleaseHash {
        let options = ReleasePusher.Options(person: "p", now: { Date(timeIntervalSince1970: time) })
        let report = try await ReleasePusher(store, try await ReleaseSource.read(here.path), options: options).run()
        return try #require(ReleaseHash(report.release))
    }

    private func pull(_ release: ReleaseHash, dryRun: Bool = false) async throws -> ReleasePuller.Report {
        var options = ReleasePuller.Options()
        options.dryRun = dryRun
        return try await ReleasePuller(store, into: ReleaseFolder(there.path), options: options).run(release)
    }

    /// The same numbers, and nothing written; then the pull itself.
    private func same(_ release: ReleaseHash, _ comment: Comment) async throws -> ReleasePuller.Report {
        let before = there.all
        let foreseen = try await pull(release, dryRun: true)
        #expect(there.all == before, comment)
        let done = try await pull(release)
        for path in [\ReleasePuller.Report.downloadedFiles, \.reusedFiles, \.repairedFiles] {
            #expect(foreseen[keyPath: path] == done[keyPath: path], comment)
        }
        #expect(foreseen.downloadedBytes == done.downloadedBytes, comment)
        #expect(foreseen.isSwapped == done.isSwapped && foreseen.isUpToDate == done.isUpToDate, comment)
        return foreseen
    }

    @Test func aDryRunSaysWhatAPullDoes() async throws {
        let first = try await push()
        let whole = try await same(first, "the first one")
        #expect(whole.downloadedFiles == 3 && whole.isSwapped)
        #expect(try await same(first, "again").isUpToDate)

        let base = ".releases/\(first)/"
        try there.write(base + "a", "CONTENTS of a")
        unlink(there.at(base + "b"))
        unlink(there.at(base + "sub/link"))
        try there.write(base + "more", "more")
        try there.write(base + "sub/.fgctl-1f.part", "half")
        let damaged = try await same(first, "damaged")
        #expect(damaged.downloadedFiles == 2 && damaged.repairedFiles == 4 && !damaged.isSwapped)
        #expect(damaged.downloadedBytes == 26)
        #expect(there.read(base + "a") == "contents of a" && there.read(base + "more") == nil)

        try here.write("b", "other")
        let second = try await push()
        let next = try await same(second, "another release")
        #expect((next.downloadedFiles, next.downloadedBytes, next.reusedFiles) == (1, 5, 2))
        #expect(try await same(first, "back").isSwapped)
    }

    @Test func whatAnInterruptedPullHasFetchedIsNotCounted() async throws {
        let release = try await push()
        try there.write(".releases/.partial-\(release)/a", "contents of a")
        try there.write(".releases/.partial-\(release)/b", "half")
        #expect(try await same(release, "interrupted").downloadedFiles == 2)
    }

    // MARK: The list

    @Test func releasesOfOneSecondAreListedInTheirOrder() async throws {
        var pushed: [String] = []
        for number in 0..<6 {
            try here.write("a", "\(number)")
            pushed.append(try await push(at: 1_700_000_000 + Double(number) / 10).text)
        }
        let listed = try await ReleaseListing(store).run(nil)
        #expect(listed.map(\.release) == pushed.reversed())
        #expect(listed.last?.createdAt == "2023-11-14T22:13:20.000Z")
    }
}
