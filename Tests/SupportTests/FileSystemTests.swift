import Support
import TestSupport
import Testing

struct PathTextTests {
    @Test(arguments: [
        ("a//b/./c/../d", "a/b/d"), ("/../a/", "/a"), ("../a", "../a"), ("a/..", "."), ("", "."), ("/", "/"),
        ("../../x/..", "../.."),
    ])
    func normalizes(_ path: String, _ expected: String) {
        #expect(PathText.normalized(path) == expected)
    }

    @Test(arguments: [
        ("/srv", "env/default", "/srv/env/default"), ("/srv", "/etc/x", "/etc/x"),
        ("/srv/sub", "../env", "/srv/env"),
    ])
    func joins(_ directory: String, _ path: String, _ expected: String) {
        #expect(PathText.join(directory, path) == expected)
    }

    @Test(arguments: [("/a/b", "/a"), ("/a", "/"), ("/", nil)])
    func findsTheParent(_ path: String, _ expected: String?) {
        #expect(PathText.parent(of: path) == expected)
    }

    @Test(arguments: [
        ("/p/env/default", "/p", "env/default"), ("/p/env/default", "/p/sub/deep", "../../env/default"),
        ("/p", "/p", "."),
        ("/x", "/", "x"),
    ])
    func writesAsSeenFromAFolder(_ path: String, _ directory: String, _ expected: String) {
        #expect(PathText.relative(path, to: directory) == expected)
    }
}

struct LocalFileSystemTests {
    private let files = LocalFileSystem()

    @Test func knowsFilesAndFolders() {
        #expect(files.isDirectory("/proc/self"))
        #expect(files.isFile("/proc/self/stat"))
        #expect(!files.exists("/proc/self/no-such-file"))
        #expect(files.owner(of: "/proc/self/stat") == files.currentUser)
        #expect(files.names(in: "/proc/self").contains("stat"))
        #expect(files.names(in: "/proc/self") == files.names(in: "/proc/self").sorted())
        #expect(files.names(in: "/no/such/folder").isEmpty)
    }

    @Test func readsWholeFiles() throws {
        #expect(try files.read("/proc/self/comm", limit: 1000).last == 0x0A)
        #expect(try files.read("/dev/null", limit: 0).isEmpty)
    }

    @Test func saysWhyAFileCanNotBeRead() throws {
        let missing = try #require(throws: Failure.self) { try files.read("/no/such", limit: 10) }
        #expect(missing.kind == .badInput)
        #expect(missing.message == "/no/such: can't be read: No such file or directory")
        let folder = try #require(throws: Failure.self) { try files.read("/proc/self", limit: 10) }
        #expect(folder.message == "/proc/self: can't be read: Is a directory")
        let large = try #require(throws: Failure.self) { try files.read("/dev/zero", limit: 100_000) }
        #expect(large.message == "/dev/zero: is larger than 100000 bytes")
    }
}
