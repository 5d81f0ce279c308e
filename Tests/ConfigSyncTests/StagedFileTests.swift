import ConfigSync
import Glibc
import Support
import Synchronization
import Testing

@Suite struct StagedFileTests {
    private func write(_ folder: TreeFolder, _ name: String, _ text: String, _ attributes: FileAttributes? = nil) throws
    {
        let file = try folder.stage(name, attributes: attributes)
        try file.write(Array(text.utf8), at: 0)
        try file.commit()
    }

    @Test func aFileAppearsWholeOrNotAtAll() throws {
        let disk = try FolderOnDisk()
        let folder = try TreeFolder(disk.path)
        try disk.write("a/b", "old")
        do {
            let file = try folder.stage("a/b")
            try file.write(Array("new and longer".utf8), at: 0)
            #expect(disk.read("a/b") == "old")
            #expect(disk.all.count == 3)
        }
        // Dropped without being committed.
        #expect(disk.read("a/b") == "old")
        #expect(disk.all == ["a/", "a/b"])
        let file = try folder.stage("a/b")
        try file.write(Array("world".utf8), at: 5)
        try file.write(Array("hello".utf8), at: 0)
        try file.write(Array("!!!".utf8), at: 10)
        try file.truncate(to: 10)
        try file.commit()
        #expect(disk.read("a/b") == "helloworld")
        #expect(disk.all == ["a/", "a/b"])
    }

    @Test func modesAreThereBeforeTheName() throws {
        let disk = try FolderOnDisk()
        let folder = try TreeFolder(disk.path, attributes: FileAttributes(mode: 0o640))
        try write(folder, "new/deep/x", "x")
        #expect(disk.mode("new/deep/x") == 0o640)
        #expect(disk.mode("new") == 0o750)
        #expect(disk.mode("new/deep") == 0o750)
        try write(folder, "y", "y", FileAttributes(mode: 0o755))
        #expect(disk.mode("y") == 0o755)
        try folder.adjust(TreeFile(path: "y", size: 1, mode: 0o755))
        #expect(disk.mode("y") == 0o640)
        try write(try TreeFolder(disk.path), "plain", "p")
        #expect(disk.mode("plain") == 0o644)
    }

    @Test(.enabled(if: geteuid() == 0, "only the superuser gives files away"))
    func ownersAreGiven() throws {
        let disk = try FolderOnDisk()
        let folder = try TreeFolder(disk.path, attributes: FileAttributes(uid: 4711, gid: 4712))
        try write(folder, "sub/x", "x")
        try folder.link("sub/l", to: "x")
        let files = try LocalTree(
            disk.path,
            options: {
                var o = LocalTree.Options(); o.symlinks = .keep; return o
            }()
        ).files()
        #expect(files.map(\.owner) == [.init(uid: 4711, gid: 4712), .init(uid: 4711, gid: 4712)])
        #expect(files.map(\.link) == ["x", nil])
        #expect(files.last?.mode == 0o644)
    }

    @Test(.enabled(if: geteuid() != 0, "the superuser may do it"))
    func whatMayNotBeGivenIsSaid() throws {
        let disk = try FolderOnDisk()
        let folder = try TreeFolder(disk.path, attributes: FileAttributes(uid: 0))
        let failure = try #require(throws: Failure.self) { try write(folder, "x", "x") }
        #expect(failure.message == "change owner of \(disk.path)/x: Operation not permitted")
        #expect(disk.all == [])
    }

    @Test(arguments: ["out/x", "out/deep/x", "in/x", "up/x"])
    func nothingIsWrittenThroughALink(_ path: String) throws {
        let disk = try FolderOnDisk()
        let outside = try FolderOnDisk()
        mkdir(disk.at("real"), 0o755)
        try disk.link("out", to: outside.path)
        try disk.link("in", to: "real")
        try disk.link("up", to: "..")
        let folder = try TreeFolder(disk.path)
        let failure = try #require(throws: Failure.self) { _ = try folder.stage(path) }
        #expect(failure.message.contains("is no folder but a file or a symbolic link"))
        #expect(throws: Failure.self) { try folder.remove(path) }
        #expect(outside.all == [])
        #expect(disk.all == ["in", "out", "real/", "up"])
    }

    @Test func aLinkIsReplacedAndNotFollowed() throws {
        let disk = try FolderOnDisk()
        let outside = try FolderOnDisk()
        try outside.write("target", "untouched")
        try disk.link("x", to: outside.at("target"))
        let folder = try TreeFolder(disk.path)
        try write(folder, "x", "mine")
        #expect(outside.read("target") == "untouched")
        #expect(disk.read("x") == "mine")
        #expect(throws: Failure.self) {
            try disk.link("y", to: outside.at("target"))
            _ = try folder.reader("y")
        }
    }

    @Test(arguments: ["../x", "/x", "a//b", "a/../x", "", "a/", "x\0y"])
    func pathsThatLeaveAreRefused(_ path: String) throws {
        let disk = try FolderOnDisk()
        let folder = try TreeFolder(disk.path)
        #expect(throws: Failure.self) { _ = try folder.stage(path) }
        #expect(throws: Failure.self) { try folder.remove(path) }
        #expect(disk.all == [])
    }

    @Test func removingTakesEmptyFoldersAlong() throws {
        let disk = try FolderOnDisk()
        try disk.write("a/b/c/x", "x")
        try disk.write("a/y", "y")
        let folder = try TreeFolder(disk.path)
        _ = try folder.reader("a/b/c/x")
        try folder.remove("a/b/c/x")
        #expect(disk.all == ["a/", "a/y"])
        try folder.remove("a/b/c/x")
        // A folder that was known before is made anew.
        try write(folder, "a/b/c/z", "z")
        #expect(disk.read("a/b/c/z") == "z")
    }

    @Test func anEmptyFolderGivesWayAndAFullOneDoesNot() throws {
        let disk = try FolderOnDisk()
        mkdir(disk.at("empty"), 0o755)
        try disk.write("full/x", "x")
        let folder = try TreeFolder(disk.path)
        try write(folder, "empty", "file")
        #expect(disk.read("empty") == "file")
        #expect(throws: Failure.self) { try write(folder, "full", "file") }
        #expect(disk.all == ["empty", "full/", "full/x"])
    }

    @Test func onlyOneWritesAndTheOtherIsTold() async throws {
        let disk = try FolderOnDisk()
        let first = try TreeFolder(disk.path)
        #expect(try await first.beginWriting(limit: .zero))
        let second = try TreeFolder(disk.path)
        let told = Mutex<[String?]>([])
        let failure = try await #require(throws: Failure.self) {
            _ = try await second.beginWriting(limit: .milliseconds(100)) { who in told.withLock { $0.append(who) } }
        }
        #expect(failure.kind == .timedOut && failure.message.contains("another process is pulling into it"))
        #expect(told.withLock { $0 } == ["another process is pulling into \(disk.path)"])
        withExtendedLifetime(first) {}
    }

    @Test func leftoversAndNothingElseAreRemoved() throws {
        let disk = try FolderOnDisk()
        let first = try TreeFolder(disk.path)
        try disk.write("sub/.fgctl-12.part", "x")
        try disk.write("sub/mine", "x")
        try first.removeLeftover("sub/.fgctl-12.part")
        try first.removeLeftover("sub/mine")
        #expect(disk.all == ["sub/", "sub/mine"])
        #expect(try first.traits() == FolderTraits(ignoresCase: false))
        #expect(TreeFolder.likelyTraits(of: disk.at("not/there/yet")) == FolderTraits(ignoresCase: false))
    }

    @Test func aFileThatChangesWhileItIsReadIsNoticed() throws {
        let disk = try FolderOnDisk()
        try disk.write("x", "12345")
        let reader = try TreeFolder(disk.path).reader("x")
        #expect(try reader.readWhole() == Array("12345".utf8))
        try disk.write("x", "1234567")
        #expect(try reader.readWhole() == nil)
        #expect(try !reader.isUnchanged())
    }
}
