import FoundationEssentials
import HTTP
import Processes
import Support
import Synchronization
import TestSupport

@testable import Commands

/// Surroundings of a command that are all made up: AWS from a script, files in memory, no other program.
final class World: Sendable {
    let aws: StubAWS
    let context: CommandContext
    private let lines: Lines

    private final class Lines: Sendable {
        let out = Mutex<[String]>([])
        let err = Mutex<[String]>([])
    }

    /// No program may be started by what is tested here.
    private struct NoPrograms: ProcessRunner {
        func run(_ command: Command, output: ProcessOutput) async throws -> Exit {
            throw Failure(.notFound, "\(command.executable): the test starts no programs")
        }
    }

    static let envFile = """
        STACK_NAME=nightly
        PARENT_STACK_NAME=demo-network
        IMAGE_NAME=hello
        AWS_REGION=eu-west-1
        AWS_ACCESS_KEY_ID=AKIDFILE
        AWS_SECRET_ACCESS_KEY=hidden-word
        """

    init(
        _ answers: [String: [StubAWS.Answer]] = [:], files: [String: String] = ["/p/env/default": World.envFile],
        environment: [String: String] = [:], interruption: Interruption = Interruption(),
        onRequest: @escaping @Sendable (HTTPRequest) -> Void = { _ in },
        ask: (@Sendable (String) async throws -> String?)? = nil
    ) {
        let aws = StubAWS(answers)
        let lines = Lines()
        self.aws = aws
        self.lines = lines
        context = CommandContext(
            programName: "fgctl", environment: environment, directory: "/p",
            console: Console(
                out: { line in lines.out.withLock { $0.append(line) } },
                err: { line in lines.err.withLock { $0.append(line) } }, ask: ask),
            makeTransport: { _ in
                StubTransport { request, _ in
                    onRequest(request)
                    return try await aws.transport.send(request)
                }
            }, processes: NoPrograms(), files: MemoryFileSystem(files),
            now: { Date(timeIntervalSince1970: 1_767_225_600) }, interruption: interruption)
    }

    func run(_ arguments: String...) async -> Int32 { await Application.run(arguments, context: context) }

    var out: [String] { lines.out.withLock { $0 } }
    var err: [String] { lines.err.withLock { $0 } }
}

extension StubAWS.Answer {
    static func caller(_ account: String = "111122223333") -> Self {
        .init(
            """
            <GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::\(account):user/u</Arn>
            <UserId>AIDA</UserId><Account>\(account)</Account></GetCallerIdentityResult></GetCallerIdentityResponse>
            """)
    }

    static let noStack = Self(
        """
        <ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>
        <Message>Stack with id x does not exist</Message></Error><RequestId>r</RequestId></ErrorResponse>
        """, status: 400)

    static let expired = Self(
        """
        <ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>it is over</Message></Error>
        <RequestId>7f</RequestId></ErrorResponse>
        """, status: 403)
}
