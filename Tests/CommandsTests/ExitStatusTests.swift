import AWS
import Support
import Testing

@testable import Commands

struct ExitStatusTests {
    /// Every class of failure, its code, and its code in commands that pass a container's code through.
    static let table: [(Failure.Kind, Int32, Int32)] = [
        (.failed, 1, 125), (.differs, 2, 125), (.timedOut, 3, 125), (.credentials, 4, 125), (.superseded, 5, 125),
        (.usage, 64, 64), (.badInput, 65, 65), (.notYet, 99, 99), (.notExecutable, 126, 126), (.notFound, 127, 127),
        (.interrupted, 130, 130), (.terminated, 143, 143),
    ]

    @Test func theTableIsComplete() {
        #expect(Set(Self.table.map(\.0)) == Set(Failure.Kind.allCases))
    }

    @Test(arguments: table) func mapsEveryClass(kind: Failure.Kind, own: Int32, passing: Int32) {
        let failure = Failure(kind, "x")
        #expect(ExitStatus.code(for: failure, signal: nil, passesCodeThrough: false) == own)
        #expect(ExitStatus.code(for: failure, signal: nil, passesCodeThrough: true) == passing)
    }

    private static func error(_ code: String) -> AWSError {
        AWSError(code: code, message: "", httpStatus: 400, service: "STS", operation: "GetCallerIdentity")
    }

    @Test func judgesErrorsOfAllLayers() {
        #expect(ExitStatus.kind(of: Self.error("ExpiredToken"), signal: nil) == .credentials)
        #expect(ExitStatus.kind(of: Self.error("AccessDenied"), signal: nil) == .failed)
        #expect(
            ExitStatus.kind(of: Failures([Failure(.badInput, "a"), Failure(.failed, "b")]), signal: nil) == .badInput)
        #expect(ExitStatus.kind(of: Failures([]), signal: nil) == .failed)
        #expect(ExitStatus.kind(of: CancellationError(), signal: nil) == .interrupted)
        #expect(ExitStatus.kind(of: CancellationError(), signal: 2) == .interrupted)
        #expect(ExitStatus.kind(of: CancellationError(), signal: 15) == .terminated)
    }

    @Test(arguments: [false, true]) func aPassedCodeStaysAsItIs(_ passes: Bool) {
        #expect(ExitStatus.code(for: PassedCode(7), signal: nil, passesCodeThrough: passes) == 7)
    }

    @Test func onlyTheFirstSignalCounts() {
        let interruption = Interruption()
        #expect(interruption.signal == nil)
        #expect(interruption.note(15))
        #expect(!interruption.note(2))
        #expect(interruption.signal == 15)
    }
}
