import AWSServices
import ConfigSync
import FoundationEssentials
import Glibc
import HTTP
import Support
import Synchronization
import Testing

@Suite struct FlatSyncTests {
    private let names = ["a", "b c+%", "sub/x", "sub/é", "sub/deep/y", "new\nline", "empty", "z.yaml"]

    private func folder(_ names: [String]) throws -> FolderOnDisk {
        let folder = try FolderOnDisk()
        for name in names { try folder.write(name, name == "empty" ? "" : "contents of \(name)") }
        return folder
    }

    private func push(
        _ server: MemoryS3, _ folder: FolderOnDisk, _ change: (inout FlatOptions) throws -> Void = { _ in }
    ) async throws -> FlatReport {
        var options = FlatOptions()
        try change(&options)
        return try await FlatPush(
            server.s3, from: folder.path, to: TreePlace(bucket: "b", prefix: "p"), options: options
        )
        .run()
    }

    private func pull(
        _ server: MemoryS3, _ to: String, _ prefixes: [String] = ["p"],
        _ change: (inout FlatOptions) throws -> Void = { _ in }
    ) async throws -> FlatReport {
        var options = FlatOptions()
        try change(&options)
        let places = prefixes.map { TreePlace(bucket: "b", prefix: $0) }
        return try await FlatPull(server.s3, from: places, to: to, options: options).run()
    }

    @Test func whatIsPushedIsPulledAndThenThereIsNothingToDo() async throws {
        let server = MemoryS3()
        let here = try folder(names)
        let pushed = try await push(server, here)
        #expect(pushed.error == nil)
        #expect(pushed.transferred.files == names.count)
        #expect(server.keys == names.map { "p/" + $0 }.sorted { ByteText($0) < ByteText($1) })
        #expect(pushed.changes.allSatisfy { $0.action == .upload && $0.reason == .missing })
        let again = try await push(server, here)
        #expect(again.isUpToDate && again.transferred.files == 0 && again.same.files == names.count)
        #expect(server.requests("PUT") == names.count)
        #expect(server.requests("HEAD") == 0)
        let there = try FolderOnDisk()
        let target = there.at("made/for/it")
        let pulled = try await pull(server, target)
        #expect(pulled.error == nil && pulled.transferred.files == names.count && pulled.unverified == 0)
        for name in names { #expect(there.read("made/for/it/" + name) == here.read(name)) }
        #expect(there.all.count == names.count + 5)
        #expect(try await pull(server, target).isUpToDate)
        #expect(server.requests("GET") == names.count)
    }

    @Test func onlyWhatDiffersIsMoved() async throws {
        let server = MemoryS3()
        let here = try folder(names)
        _ = try await push(server, here)
        try here.write("a", "CONTENTS of a")
        try here.write("sub/x", "longer contents of sub/x")
        let report = try await push(server, here)
        #expect(report.changes.map(\.path) == ["a", "sub/x"])
        #expect(report.changes.map(\.reason) == [.content, .size])
        #expect(server.text("p/a") == "CONTENTS of a")
        // A new time alone is nothing.
        var times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
        #expect(utimensat(AT_FDCWD, here.at("z.yaml"), &times, 0) == 0)
        #expect(try await push(server, here).isUpToDate)
        // The other way: the folder gets what it had, with the mode that the file has.
        try here.write("a", "contents of A", mode: 0o600)
        let back = try await pull(server, here.path)
        #expect(back.changes.map(\.path) == ["a"])
        #expect(here.read("a") == "CONTENTS of a")
        #expect(here.mode("a") == 0o600)
    }

    @Test func aDryRunWritesNothing() async throws {
        let server = MemoryS3()
        let here = try folder(names)
        let report = try await push(server, here) { $0.dryRun = true }
        #expect(report.changes.count == names.count && report.transferred.files == 0 && report.dryRun)
        #expect(server.keys == [])
        _ = try await push(server, here)
        let there = try FolderOnDisk()
        let pulled = try await pull(server, there.at("x")) { $0.dryRun = true }
        #expect(pulled.changes.count == names.count)
        #expect(there.all == [])
        #expect(server.requests("GET") == 0)
    }

    @Test func deletingIsAskedForAndGuarded() async throws {
        let server = MemoryS3()
        _ = try await push(server, try folder(names))
        let fewer = try folder(["a", "sub/x"])
        #expect(try await push(server, fewer).extra == names.count - 2)
        #expect(server.keys.count == names.count)
        server.forget()
        let failure = try await #require(throws: Failure.self) {
            _ = try await push(server, fewer) {
                $0.deletes = true
                $0.maxDelete = 5
            }
        }
        #expect(failure.message.contains("nothing was done, since 6 files would be deleted, more than 5"))
        #expect(server.requests.allSatisfy { $0.hasPrefix("LIST") })
        let shown = try await push(server, fewer) {
            $0.deletes = true
            $0.maxDelete = 5
            $0.dryRun = true
        }
        #expect(shown.refused?.failure("x", dryRun: true).hint == "if that is meant, allow it with --max-delete 6")
        #expect(shown.refused?.failure("x", dryRun: false).hint?.hasSuffix("; --dry-run lists them") == true)
        #expect(shown.refused?.text == "6 deletions, --max-delete 5" && shown.changes.count == 6)
        let report = try await push(server, fewer) {
            $0.deletes = true
            $0.maxDelete = 6
        }
        #expect(report.deleted == 6 && report.error == nil && report.refused == nil)
        #expect(server.keys == ["p/a", "p/sub/x"])
        // An empty folder is more likely a mistake than a wish.
        let empty = try FolderOnDisk()
        await #expect(throws: Failure.self) { _ = try await push(server, empty) { $0.deletes = true } }
        let emptied = try await push(server, empty) {
            $0.deletes = true
            $0.dryRun = true
        }
        #expect(emptied.refused?.text == "2 deletions and nothing to copy, no --max-delete")
        #expect(server.keys.count == 2)
        let there = try folder(["a", "other/deep/file", "sub/x"])
        #expect(try await pull(server, there.path) { $0.deletes = true }.deleted == 1)
        #expect(there.all == ["a", "sub/", "sub/x"])
        await #expect(throws: Failure.self) {
            _ = try await pull(server, there.path, ["nothing"]) { $0.deletes = true }
        }
        #expect(there.all.count == 3)
    }

    @Test func nothingIsDeletedAfterAnError() async throws {
        let server = MemoryS3()
        try server.store("p/extra", "x")
        let here = try folder(names)
        server.fail { operation, key in operation == "PUT" && key == "p/sub/x" ? .fault(403, "AccessDenied") : nil }
        let report = try await push(server, here) { $0.deletes = true }
        let error = try #require(report.error)
        #expect(error.message.contains("'sub/x': ") && error.message.contains("AccessDenied"))
        #expect(report.failures.map(\.path) == ["sub/x"])
        #expect(report.keptFromDeleting && report.deleted == 0)
        #expect(report.transferred.files == names.count - 1)
        #expect(server.text("p/extra") == "x")
        server.recover()
        // The next run goes on with what is missing.
        let next = try await push(server, here) { $0.deletes = true }
        #expect(next.error == nil && next.transferred.files == 1 && next.deleted == 1)
        let there = try folder(["mine"])
        server.fail { operation, key in operation == "GET" && key == "p/a" ? .fault(403, "AccessDenied") : nil }
        let pulled = try await pull(server, there.path) { $0.deletes = true }
        #expect(pulled.error != nil && pulled.keptFromDeleting)
        #expect(there.read("mine") != nil && there.read("a") == nil)
        #expect(!there.all.contains { $0.contains(".part") })
    }

    @Test func aListingThatBreaksOffEndsEverything() async throws {
        let server = MemoryS3(pageSize: 100)
        try server.store("p/extra", "x")
        server.fail { operation, _ in
            guard operation == "LIST" else { return nil }
            let text =
                "<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>p/a</Key><Size>1</Size></Contents></ListBucketResult>"
            return HTTPResponse(status: 200, headers: [:], body: HTTPResponseBody(Array(text.utf8)))
        }
        let here = try folder(["a"])
        await #expect(throws: (any Error).self) { _ = try await push(server, here) { $0.deletes = true } }
        #expect(server.text("p/extra") == "x" && server.requests("PUT") == 0)
    }

    @Test(arguments: [
        ["p/../evil", "p/a"], ["p//x"], ["p/a", "p/a/b"], ["p/./x"], ["p/x\0y"],
        ["p/" + String(repeating: "x", count: 256)], ["p/.fgctl-12.part"], ["p/folder-with-bytes/"],
    ])
    func keysThatCannotLieInAFolderAreRefusedBeforeAnythingIsWritten(_ keys: [String]) async throws {
        let server = MemoryS3()
        try server.store("p/fine", "fine")
        for key in keys { try server.store(key, "x") }
        let there = try FolderOnDisk()
        let failure = try await #require(throws: Failure.self) { _ = try await pull(server, there.at("to")) }
        #expect(failure.message.contains("nothing was written"))
        #expect(there.all == [])
        #expect(server.requests("GET") == 0)
        // Left out, they do no harm.
        if keys == ["p/.fgctl-12.part"] {
            _ = try await pull(server, there.at("to")) {
                $0.filter = try TreeFilter(include: [], exclude: [".fgctl-*"])
            }
            #expect(there.read("to/fine") == "fine")
        }
    }

    @Test func whatLiesInTheFolderCountsForItsKeysToo() async throws {
        let server = MemoryS3()
        try server.store("p/a/b", "x")
        let there = try folder(["a"])
        await #expect(throws: Failure.self) { _ = try await pull(server, there.path) }
        #expect(there.all == ["a"])
        // A link is no folder.
        let outside = try FolderOnDisk()
        let other = try FolderOnDisk()
        try other.link("a", to: outside.path)
        await #expect(throws: Failure.self) { _ = try await pull(server, other.path) }
        #expect(outside.all == [])
    }

    @Test func markersOfFoldersAreNoFiles() async throws {
        let server = MemoryS3()
        try server.store("p/", "")
        try server.store("p/sub/", "")
        try server.store("p/sub/x", "x")
        let there = try FolderOnDisk()
        #expect(try await pull(server, there.path).transferred.files == 1)
        #expect(there.all == ["sub/", "sub/x"])
    }

    @Test func theLaterOfSeveralTreesWins() async throws {
        let server = MemoryS3()
        for (key, text) in [
            ("config/a", "1"), ("config/both", "config"), ("config/z", "1"), ("pipelines/both", "pipelines"),
            ("pipelines/m", "2"), ("third/both", "third"), ("configuration", "no"),
        ] { try server.store(key, text) }
        let there = try FolderOnDisk()
        let report = try await pull(server, there.path, ["config", "pipelines/"])
        #expect(there.all == ["a", "both", "m", "z"])
        #expect(there.read("both") == "pipelines")
        #expect(report.overlaid.map(\.path) == ["both"])
        #expect(report.overlaid.first?.from == "s3://b/config/" && report.overlaid.first?.by == "s3://b/pipelines/")
        #expect(try await pull(server, there.path, ["config", "pipelines"]).isUpToDate)
        let all = try await pull(server, there.path, ["pipelines", "config", "third"])
        #expect(there.read("both") == "third" && all.overlaidFiles == 2)
    }

    @Test func filtersHoldOnBothSides() async throws {
        let server = MemoryS3()
        let here = try folder(names + ["secret/key"])
        for key in ["p/secret/old", "p/old.yaml", "p/old.py"] { try server.store(key, "x") }
        let report = try await push(server, here) {
            $0.filter = try TreeFilter(include: ["*.yaml", "secret/**"], exclude: ["secret/"])
            $0.deletes = true
        }
        #expect(report.changes.map(\.path) == ["old.yaml", "z.yaml"])
        #expect(report.changes.map(\.action) == [.delete, .upload])
        #expect(server.keys == ["p/old.py", "p/secret/old", "p/z.yaml"])
    }

    @Test func leftoversOfAnInterruptedRunGo() async throws {
        let server = MemoryS3()
        try server.store("p/sub/x", "x")
        let there = try FolderOnDisk()
        try there.write("sub/.fgctl-1f.part", "half")
        let other = try TreeFolder(there.path)
        _ = try await other.beginWriting(limit: .zero)
        // Somebody else is at work: it may be theirs.
        let failure = try await #require(throws: Failure.self) {
            _ = try await pull(server, there.path) { $0.lockLimit = .milliseconds(100) }
        }
        #expect(failure.kind == .timedOut && failure.message.contains("another process is pulling into it"))
        #expect(there.all.count == 2)
        #expect(try await pull(server, there.path) { $0.dryRun = true }.changes.map(\.path) == ["sub/x"])
        withExtendedLifetime(other) {}
        try server.store("p/sub/y", "y")
        let alone = try FolderOnDisk()
        try alone.write("sub/.fgctl-1f.part", "half")
        #expect(try await pull(server, alone.path).leftovers == 1)
        #expect(alone.all == ["sub/", "sub/x", "sub/y"])
    }

    @Test func twoPullsTakeTurns() async throws {
        let server = MemoryS3()
        try server.store("p/x", "x")
        let there = try FolderOnDisk()
        var other: TreeFolder? = try TreeFolder(there.path)
        _ = try await other?.beginWriting(limit: .zero)
        let told = Mutex<[String?]>([])
        async let report = pull(server, there.path) { $0.waiting = { who in told.withLock { $0.append(who) } } }
        while told.withLock({ $0.isEmpty }) { await Task.yield() }
        #expect(server.requests.isEmpty && there.all.isEmpty)
        try there.write("x", "x")
        other = nil
        // What the other one has written is seen.
        #expect(try await report.isUpToDate)
        #expect(told.withLock { $0 } == ["another process is pulling into \(there.path)", nil])
    }

    @Test func modesAreGivenAndMended() async throws {
        let server = MemoryS3()
        try server.store("p/sub/x", "x")
        let there = try FolderOnDisk()
        var pull = FlatPull(server.s3, from: [TreePlace(bucket: "b", prefix: "p")], to: there.at("to"))
        pull.attributes = FileAttributes(mode: 0o640)
        #expect(try await pull.run().error == nil)
        #expect(there.mode("to") == 0o750 && there.mode("to/sub") == 0o750 && there.mode("to/sub/x") == 0o640)
        chmod(there.at("to/sub/x"), 0o600)
        let report = try await pull.run()
        #expect(report.adjusted == 1 && report.transferred.files == 0)
        #expect(there.mode("to/sub/x") == 0o640)
        #expect(try await pull.run().isUpToDate)
    }

    @Test func aDiffSaysWhatEachSideHas() async throws {
        let server = MemoryS3()
        for (key, text) in [("p/a", "1"), ("p/b", "1"), ("p/c", "12"), ("p/d", "1")] { try server.store(key, text) }
        let here = try FolderOnDisk()
        for (name, text) in [("b", "1"), ("c", "1"), ("d", "2"), ("e", "1")] { try here.write(name, text) }
        let report = try await FlatDiff(server.s3, here.path, [TreePlace(bucket: "b", prefix: "p")]).run()
        #expect(report.differences.map(\.path) == ["a", "c", "d", "e"])
        #expect(report.differences.map(\.kind) == [.onlyRemote, .differs, .differs, .onlyLocal])
        #expect(report.differences.map(\.comparison) == [nil, .size, .content, nil])
        #expect(report.same.files == 1 && !report.isSame)
        #expect(server.requests("PUT") == 0)
    }

    @Test func linksArePushedAsWhatTheyLeadToOrLeftOut() async throws {
        let server = MemoryS3()
        let here = try folder(["real/x"])
        try here.link("l", to: "real/x")
        try here.link("d", to: "real")
        var push = FlatPush(server.s3, from: here.path, to: TreePlace(bucket: "b", prefix: ""))
        #expect(try await push.run().error == nil)
        #expect(server.keys == ["d/x", "l", "real/x"])
        #expect(server.text("l") == "contents of real/x")
        push.skipsLinks = true
        let report = try await push.run()
        #expect(report.skipped == ["d", "l"] && report.extra == 2)
    }
}
