import Glibc

/// An S3 on loopback, for tests and benchmarks: see `Options.help`.
@main
enum Main {
    static func main() {
        // sendfile(2) can't be asked to spare us the signal when a client goes in the middle of a large body.
        signal(SIGPIPE, SIG_IGN)
        let words = Array(CommandLine.arguments.dropFirst())
        do {
            if words.first == "--help" {
                print(Options.help)
            } else if words.first == "load" {
                try LoadGenerator(Options(Array(words.dropFirst()))).run()
            } else {
                let server = try Server(Options(words))
                print(server.port)
                fflush(nil)
                server.run()
            }
        } catch let error as Options.Usage {
            stop("\(error.message)\n\(Options.help)", 64)
        } catch {
            stop((error as? Server.Unable)?.message ?? "\(error)", 1)
        }
    }

    private static func stop(_ message: String, _ code: CInt) -> Never {
        let text = Array("loopback-s3: \(message)\n".utf8)
        _ = write(2, text, text.count)
        exit(code)
    }
}
