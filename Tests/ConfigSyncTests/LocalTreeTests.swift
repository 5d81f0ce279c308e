import ConfigSync
import Glibc
import Support
import Testing

@Suite struct LocalTreeTests {
    private func paths(_ folder: FolderOnDisk, _ change: (inout LocalTree.Options) throws -> Void = { _ in }) throws
        -> [String]
    {
        var options = LocalTree.Options()
        try change(&options)
        return try LocalTree(folder.path, options: options).files().map(\.path)
    }

    private func refusal(_ folder: FolderOnDisk, _ change: (inout LocalTree.Options) -> Void = { _ in }) throws
        -> String
    {
        let failure = try #require(throws: Failure.self) { _ = try paths(folder, change) }
        #expect(failure.kind == .badInput)
        return failure.message
    }

    @Test func filesComeInTheOrderOfTheirBytes() throws {
        let folder = try FolderOnDisk()
        let names = [
            "a/b", "a-b", "a.b", "a0", "a/b-c/d", "a/b.c", "Z", "é", "z", "e\u{301}", "a b+%\n", "b/.hidden",
            "\u{1F600}",
        ]
        for name in names { try folder.write(name, name) }
        mkdir(folder.at("empty"), 0o755)
        let found = try paths(folder)
        #expect(found == names.sorted { ByteText($0) < ByteText($1) })
        let file = try #require(try LocalTree(folder.path).files().first)
        #expect(file.size == 1 && file.mode == 0o644 && file.owner?.uid == geteuid())
    }

    @Test func filtersPruneAndChoose() throws {
        let folder = try FolderOnDisk()
        for name in ["a.yaml", "b.py", "sub/c.yaml", ".git/x", "sub/.git/y"] { try folder.write(name) }
        #expect(
            try paths(folder) { $0.filter = try TreeFilter(include: [], exclude: [".git"]) } == [
                "a.yaml", "b.py", "sub/c.yaml",
            ])
        #expect(try paths(folder) { $0.filter = try TreeFilter(include: ["*.yaml"], exclude: ["sub/"]) } == ["a.yaml"])
    }

    @Test func linksAreFollowedInsideAndRefusedOutside() throws {
        let folder = try FolderOnDisk()
        let outside = try FolderOnDisk()
        try outside.write("secret", "s")
        try folder.write("real/x", "12345")
        try folder.link("b", to: "real/x")
        try folder.link("d", to: "real")
        try folder.link("sub/up", to: "../real/x")
        #expect(try paths(folder) == ["b", "d/x", "real/x", "sub/up"])
        #expect(try LocalTree(folder.path).files().first?.size == 5)
        // Kept.
        let kept = try LocalTree(
            folder.path,
            options: {
                var o = LocalTree.Options(); o.symlinks = .keep; return o
            }()
        ).files()
        #expect(kept.map(\.path) == ["b", "d", "real/x", "sub/up"])
        #expect(kept.map(\.link) == ["real/x", "real", nil, "../real/x"])
        // Out of the folder, by name, by way of another link, absolutely.
        try folder.link("evil", to: outside.at("secret"))
        #expect(try refusal(folder).contains("evil: the link to '\(outside.at("secret"))' leaves the folder"))
        #expect(try refusal(folder) { $0.symlinks = .keep }.contains("leaves the folder"))
        #expect(try paths(folder) { $0.symlinks = .opaque }.contains("evil"))
        #expect(try paths(folder) { $0.filter = try TreeFilter(include: [], exclude: ["evil"]) }.count == 4)
        unlink(folder.at("evil"))
        try folder.link("gone", to: "nowhere")
        #expect(try refusal(folder).contains("gone: the link to 'nowhere' leads nowhere"))
        unlink(folder.at("gone"))
        try folder.link("real/circle", to: "..")
        #expect(try refusal(folder).contains("circle: the link leads in a circle"))
    }

    @Test func theRootItselfMayBeALink() throws {
        let folder = try FolderOnDisk()
        try folder.write("real/x")
        try folder.link("current", to: "real")
        try folder.link("real/y", to: "x")
        #expect(try LocalTree(folder.at("current")).files().map(\.path) == ["x", "y"])
    }

    @Test func specialFilesAreNamed() throws {
        let folder = try FolderOnDisk()
        try folder.write("a")
        #expect(mkfifo(folder.at("pipe"), 0o644) == 0)
        #expect(try refusal(folder).contains("pipe: is no file but a named pipe"))
        var options = LocalTree.Options()
        options.skipsSpecialFiles = true
        var walk = try LocalTree(folder.path, options: options).walk()
        #expect(try walk.next()?.path == "a")
        #expect(try walk.next() == nil)
        #expect(walk.skipped == ["pipe"])
    }

    @Test func namesThatAreNoUTF8AreRefused() throws {
        let folder = try FolderOnDisk()
        let descriptor = open(folder.path + "/bad", O_CREAT | O_WRONLY, 0o644)
        close(descriptor)
        var bad = Array((folder.path + "/b").utf8CString.dropLast()) + [CChar(bitPattern: 0xff), 0]
        #expect(rename(folder.path + "/bad", &bad) == 0)
        #expect(try refusal(folder).contains("holds a name that is no UTF-8"))
        unlink(&bad)
    }

    @Test func whatIsNotThereIsSaid() throws {
        let folder = try FolderOnDisk()
        let failure = try #require(throws: Failure.self) { _ = try LocalTree(folder.at("nothing")).files() }
        #expect(failure.message == "\(folder.path)/nothing: can't be read: No such file or directory")
        try folder.write("file")
        #expect(throws: Failure.self) { _ = try LocalTree(folder.at("file")).files() }
    }

    @Test(.enabled(if: geteuid() != 0, "the superuser reads everything"))
    func unreadableFilesAreNamed() throws {
        let folder = try FolderOnDisk()
        try folder.write("closed", "x", mode: 0)
        #expect(try refusal(folder) { $0.checksReadable = true }.contains("closed: can't be read: Permission denied"))
    }

    @Test func filesUnderWayDoNotCount() throws {
        let folder = try FolderOnDisk()
        try folder.write("a")
        try folder.write("sub/.fgctl-12.part")
        var walk = try LocalTree(folder.path).walk()
        while try walk.next() != nil {}
        #expect(walk.leftovers == ["sub/.fgctl-12.part"])
        #expect(try paths(folder) == ["a"])
    }
}
