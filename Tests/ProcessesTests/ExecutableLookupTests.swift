import FoundationEssentials
import Support
import Testing

@testable import Processes

@Suite struct ExecutableLookupTests {
    private func failure(_ name: String, path: String = "/usr/bin:/bin") -> Failure? {
        #expect(throws: Failure.self) { try ExecutableLookup(path: path, directory: "/usr").find(name) }
    }

    @Test func findsOnPath() throws {
        #expect(try ExecutableLookup(path: "/no/such:/bin:/usr/bin", directory: "/").find("sh") == "/bin/sh")
    }

    @Test func findsRelativePathFromTheDirectory() throws {
        #expect(try ExecutableLookup(path: "", directory: "/usr").find("bin/env") == "/usr/bin/env")
    }

    @Test func missingProgramSaysWhatToDo() {
        let failure = failure("fgctl-no-such-program")
        #expect(failure?.kind == .notFound)
        #expect(failure?.message == "run fgctl-no-such-program: command not found")
        #expect(failure?.hint == "install fgctl-no-such-program, or add its folder to PATH")
        #expect(self.failure("/no/such/file")?.message == "run /no/such/file: no such file")
    }

    @Test func neverLooksInTheWorkingDirectory() {
        #expect(failure("env", path: ":bin:.")?.kind == .notFound)
    }

    @Test func fileWithoutExecuteBitIsNotExecutable() {
        #expect(failure("/etc/passwd")?.kind == .notExecutable)
        #expect(
            failure("passwd", path: "/etc")?.message == "run passwd: /etc/passwd is not executable: permission denied")
    }

    @Test func directoryIsNotExecutable() {
        #expect(failure("/usr/bin")?.message == "run /usr/bin: is a directory")
    }

    @Test func missingInterpreterIsNotFound() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "fgctl-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data("#!/no/such/interpreter\n".utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
        let failure = await #expect(throws: Failure.self) {
            try await RealProcessRunner().capture(Command(file.path, mutates: false))
        }
        #expect(failure?.kind == .notFound)
    }

    @Test func fileThatIsNoProgramIsNotExecutable() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "fgctl-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data("no program\n".utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
        let failure = await #expect(throws: Failure.self) {
            try await RealProcessRunner().capture(Command(file.path, mutates: false))
        }
        #expect(failure?.kind == .notExecutable)
    }
}
