import Glibc
import HTTP
import TestSupport
import Testing

/// TLS against `openssl s_server` with a certificate of an authority made for the test.
@Suite(.enabled(if: TLSServer.program != nil, "skipped: no openssl program"))
struct TLSTests {
    private static func configuration(_ bundle: String?) -> HTTPConfiguration {
        var configuration = HTTPConfiguration()
        configuration.caBundle = bundle
        return configuration
    }

    @Test func trustsTheGivenBundleAlone() async throws {
        let server = try await TLSServer()
        try await withTransport(Self.configuration(server.bundle)) { transport in
            for _ in 0..<2 {
                let answer = try await transport.get(server.url(host: "127.0.0.1"))
                #expect(answer.status == 200)
                #expect(answer.text.contains("s_server"))
            }
        }
        try await withTransport { transport in
            let error = await failure { _ = try await transport.get(server.url(host: "127.0.0.1")) }
            guard case .tls("127.0.0.1", _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(error?.mayHaveBeenSent == false)
        }
    }

    @Test func refusesACertificateForAnotherName() async throws {
        let server = try await TLSServer()
        try await withTransport(Self.configuration(server.bundle)) { transport in
            let error = await failure { _ = try await transport.get(server.url(host: "localhost")) }
            guard case .tls("localhost", _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func aMissingBundleIsNamed() async throws {
        let server = try await TLSServer()
        try await withTransport(Self.configuration(server.folder + "/absent.pem")) { transport in
            let error = await failure { _ = try await transport.get(server.url(host: "127.0.0.1")) }
            guard case .invalidRequest(let reason) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(reason.contains("absent.pem"))
        }
    }

    @Test func plainTextWhereTLSIsExpected() async throws {
        let server = try LoopbackServer { connection in try connection.write("HTTP/1.1 400 Bad\r\n\r\n") }
        try await withTransport { transport in
            let error = await failure { _ = try await transport.get("https://127.0.0.1:\(server.port)/") }
            guard case .tls = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func aBreakInTheHandshakeIsAConnectionFailure() async throws {
        let server = try LoopbackServer { connection in connection.reset() }
        try await withTransport { transport in
            let error = await failure { _ = try await transport.get("https://127.0.0.1:\(server.port)/") }
            guard case .cannotConnect = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }
}

/// `openssl s_server` in a folder of its own, with an authority and a certificate for 127.0.0.1.
private final class TLSServer {
    static let program: String? = (["/usr/bin/openssl", "/usr/local/bin/openssl"] as [String]).first {
        access($0, X_OK) == 0
    }

    let folder: String
    private let process: pid_t
    private let port: String

    var bundle: String { folder + "/ca.pem" }
    func url(host: String) -> String { "https://\(host):\(port)/" }

    init() async throws {
        let program = try #require(Self.program)
        var template = Array("/tmp/fgctl-tls-XXXXXX".utf8CString)
        folder = String(cString: try #require(mkdtemp(&template)))
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        let commands = [
            "req -x509 \(key) -subj /CN=test-authority -keyout ca.key -out ca.pem",
            "req -x509 \(key) -subj /CN=test -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=CA:FALSE"
                + " -CA ca.pem -CAkey ca.key -keyout key.pem -out cert.pem",
        ]
        for command in commands {
            let made = try Self.start(program, command, in: folder, output: "log")
            try await eventually("openssl \(command)") { waitpid(made, nil, WNOHANG) == made }
        }
        process = try Self.start(
            program, "s_server -accept 127.0.0.1:0 -www -cert cert.pem -key key.pem", in: folder, output: "server")
        var found = ""
        let output = folder + "/server"
        try await eventually("the server listens") {
            // What follows the last line end may be half a line.
            let lines = Self.text(output).split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            let line = lines.first { $0.hasPrefix("ACCEPT") }
            found = line?.split(separator: ":").last.map { String($0) } ?? ""
            return !found.isEmpty
        }
        port = found
    }

    deinit {
        kill(process, SIGKILL)
        waitpid(process, nil, 0)
        for name in ["ca.key", "ca.pem", "key.pem", "cert.pem", "log", "server"] { unlink(folder + "/" + name) }
        rmdir(folder)
    }

    private typealias AddCloseFrom =
        @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, CInt) -> CInt
    /// `posix_spawn_file_actions_addclosefrom_np`, which Swift's Glibc module leaves out.
    private static var addCloseFrom: AddCloseFrom? {
        dlsym(dlopen(nil, RTLD_NOW), "posix_spawn_file_actions_addclosefrom_np").map {
            unsafeBitCast($0, to: AddCloseFrom.self)
        }
    }

    /// Starts a program in a folder; its output goes to a file there.
    private static func start(_ program: String, _ words: String, in folder: String, output: String) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let flags = O_WRONLY | O_CREAT | O_TRUNC
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, folder + "/" + output, flags, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // Sockets of other tests, which run in this process too: held open here, their ends would never be seen.
        let closeFrom = try #require(Self.addCloseFrom)
        try #require(closeFrom(&actions, 3) == 0)
        // Paths in the words are relative: made absolute here, since a child's folder can't be set portably.
        let arguments =
            [program]
            + words.split(separator: " ").map { word in
                word.hasSuffix(".pem") || word.hasSuffix(".key") ? folder + "/" + word : String(word)
            }
        var pointers = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var environment: [UnsafeMutablePointer<CChar>?] = [nil]
        var process = pid_t()
        let code = posix_spawn(&process, program, &actions, nil, &pointers, &environment)
        guard code == 0 else { throw NeverHappened("\(program): error \(code)") }
        return process
    }

    private static func text(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        let bytes = [UInt8](unsafeUninitializedCapacity: 65_536) { space, count in
            count = max(0, read(descriptor, space.baseAddress, space.count))
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
