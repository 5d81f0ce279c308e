import Support
import TestSupport
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
        let folder = try TemporaryFolder()
        let file = try await program("#!/no/such/interpreter\n", in: folder)
        let failure = await #expect(throws: Failure.self) {
            try await RealProcessRunner().capture(Command(file, mutates: false))
        }
        #expect(failure?.kind == .notFound)
    }

    @Test func fileThatIsNoProgramIsNotExecutable() async throws {
        let folder = try TemporaryFolder()
        let file = try await program("no program\n", in: folder)
        let failure = await #expect(throws: Failure.self) {
            try await RealProcessRunner().capture(Command(file, mutates: false))
        }
        #expect(failure?.kind == .notExecutable)
    }

    /// Makes an executable file; its path.
    ///
    /// Another process writes it: were it open for writing here, a child that another test starts at that moment would hold it
    /// open until it runs its own program, and running the file would fail as busy (ETXTBSY).
    private func program(_ text: String, in folder: TemporaryFolder) async throws -> String {
        let path = folder.path("program")
        let made = try await RealProcessRunner().capture(
            Command(
                "sh", ["-c", #"cat >"$1" && chmod 755 "$1""#, "sh", path], mutates: false,
                standardInput: .bytes(Array(text.utf8))))
        try #require(made.exit == .code(0))
        return path
    }
}
