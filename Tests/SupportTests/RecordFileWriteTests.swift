import FoundationEssentials
import Glibc
import Support
import Testing

/// Files that are written over whatever is there.
struct RecordFileWriteTests {
    private func inFolder(_ work: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "record-\(UUID().uuidString)").path()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try work(folder)
    }

    private func mode(_ path: String) -> UInt32? {
        var info = stat()
        return stat(path, &info) == 0 ? info.st_mode & 0o777 : nil
    }

    @Test func makesFoldersAndReplacesWhole() throws {
        try inFolder { folder in
            let path = "\(folder)/cli/cache/a.json"
            try RecordFile.write(path, Array("a longer first text".utf8))
            try RecordFile.write(path, Array("second".utf8))
            #expect(try RecordFile.read(path, limit: 100) == Array("second".utf8))
            #expect(mode(path) == 0o600)
            #expect(mode("\(folder)/cli") == 0o700)
            #expect(LocalFileSystem().names(in: "\(folder)/cli/cache") == ["a.json"])
        }
    }

    /// Somebody else's wider mode doesn't stay.
    @Test func whatIsReplacedBecomesPrivate() throws {
        try inFolder { folder in
            let path = "\(folder)/a.json"
            try RecordFile.write(path, [1])
            #expect(chmod(path, 0o644) == 0)
            try RecordFile.write(path, [2])
            #expect(mode(path) == 0o600)
        }
    }

    @Test func whatCanNotBeWrittenIsNamed() throws {
        try inFolder { folder in
            try RecordFile.write("\(folder)/file", [1])
            let failure = #expect(throws: Failure.self) { try RecordFile.write("\(folder)/file/a.json", [2]) }
            #expect(failure?.message.hasPrefix("write \(folder)/file/a.json: ") == true)
            let taken = #expect(throws: Failure.self) { try RecordFile.write(folder, [2]) }
            #expect(taken?.message.hasPrefix("write \(folder): ") == true)
            // No draft stays behind.
            #expect(LocalFileSystem().names(in: folder) == ["file"])
        }
    }
}
