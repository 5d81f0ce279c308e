import Glibc
import Support
import Synchronization
import Testing

@testable import ConfigSync

@Suite struct ReleaseFolderTests {
    private let disk: FolderOnDisk
    private let folder: ReleaseFolder

    init() throws {
        disk = try FolderOnDisk()
        folder = ReleaseFolder(disk.path)
        try folder.prepare(FileAttributes())
    }

    private func manifest(_ path: String) throws -> ReleaseManifest {
        let file = ReleaseFile(path: path, size: 0, sha256: String(repeating: "0", count: 64), mode: 0o644)
        return try ReleaseManifest(files: [file], createdAt: "t", createdBy: "p")
    }

    // MARK: The lock

    @Test func whoHasTheFolderIsNamedAndNotWaitedForForEver() async throws {
        let mine = try await folder.lock(limit: .seconds(60))
        let told = Mutex<[String?]>([])
        let failure = try await #require(throws: Failure.self) {
            _ = try await folder.lock(limit: .seconds(1)) { who in told.withLock { $0.append(who) } }
        }
        #expect(failure.kind == .timedOut && failure.cause is FolderInUse)
        #expect(
            failure.message
                == "pull into \(disk.path): process \(getpid()) is pulling into it, and is not done after 1s")
        #expect(failure.hint?.contains("\(disk.path)/.releases/.lock") == true)
        #expect(told.withLock { $0 } == ["process \(getpid()) is pulling into \(disk.path)"])
        #expect(ReleaseWait.mayPass(failure))
        withExtendedLifetime(mine) {}
    }

    @Test func theTurnComesWhenTheOtherEnds() async throws {
        var mine: ReleaseLock? = try await folder.lock(limit: .zero)
        #expect(mine?.waited == false)
        let told = Mutex<[String?]>([])
        async let theirs = folder.lock(limit: .seconds(60)) { who in told.withLock { $0.append(who) } }
        while told.withLock({ $0.isEmpty }) { await Task.yield() }
        mine = nil
        #expect(try await theirs.waited)
        #expect(told.withLock { $0.count } == 2 && told.withLock { $0.last } == .some(nil))
    }

    @Test(arguments: ["", "nonsense", "12", "x host"]) func aLockWithoutANameIsAnothersAllTheSame(_ text: String)
        async throws
    {
        let mine = try await folder.lock(limit: .zero)
        try disk.write(".releases/.lock", text)
        let failure = try await #require(throws: Failure.self) { _ = try await folder.lock(limit: .zero) }
        #expect(failure.message.contains("another process is pulling into it"))
        try disk.write(".releases/.lock", "7 elsewhere\n")
        let second = try await #require(throws: Failure.self) { _ = try await folder.lock(limit: .zero) }
        #expect(second.message.contains("process 7 on 'elsewhere' is pulling into it"))
        withExtendedLifetime(mine) {}
    }

    // MARK: What is left

    @Test func manifestsWithoutTheirReleaseGo() throws {
        let (there, orphan) = (try manifest("a"), try manifest("b"))
        try disk.write(".releases/\(there.hash)/a")
        try folder.keep(there)
        try folder.keep(orphan)
        for name in [".other.json", "\(orphan.hash).json", ".\(orphan.hash)"] { try disk.write(".releases/" + name) }
        #expect(try folder.tidy(keeping: nil) == [])
        #expect(folder.manifest(there.hash) == there)
        #expect(folder.manifest(orphan.hash) == nil)
        let kept = disk.all.filter { $0.hasPrefix(".releases/.") || $0.hasSuffix(".json") }
        #expect(
            kept.sorted()
                == [
                    ".releases/.\(orphan.hash)", ".releases/.\(there.hash).json", ".releases/.other.json",
                    ".releases/\(orphan.hash).json",
                ].sorted())
    }

    /// More files than are synchronised one by one.
    @Test func aReleaseOfManyFilesGetsItsName() throws {
        let files = (0..<300).map {
            ReleaseFile(path: "f\($0)", size: 0, sha256: String(repeating: "0", count: 64), mode: 0o644)
        }
        let manifest = try ReleaseManifest(files: files, createdAt: "t", createdBy: "p")
        for file in files { try disk.write(".releases/.partial-\(manifest.hash)/\(file.path)") }
        try folder.finish(manifest)
        #expect(disk.all.contains(".releases/\(manifest.hash)/f299"))
        #expect(!disk.all.contains(".releases/.partial-\(manifest.hash)/"))
    }
}
