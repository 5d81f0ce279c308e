import AWS
import FoundationEssentials
import Support
import Testing

@testable import Setup

struct ClockSkewTests {
    private static let server = Date(timeIntervalSince1970: 1_767_225_600)

    private func judge(_ ahead: Double, date: Date? = server) -> CheckResult {
        ClockSkew.judge(
            .init(
                status: 200, serverDate: date, localDate: Self.server.addingTimeInterval(ahead),
                duration: .milliseconds(1)))
    }

    @Test(arguments: [
        (0.2, CheckResult.Status.ok), (-59, .ok), (60.4, .ok), (61, .warn), (-61, .warn), (299, .warn), (301, .failed),
        (-301, .failed), (1e12, .failed),
    ])
    func thresholds(ahead: Double, expected: CheckResult.Status) {
        #expect(judge(ahead).status == expected)
    }

    @Test func saysHowFarAndWhatToDo() {
        let failed = judge(600.5)
        #expect(failed.detail == "10 min ahead of the clock of STS")
        #expect(failed.advice?.contains("corrects its own requests") == true)
        #expect(failed.kind == .failed)
        #expect(judge(-119.5).detail == "2 min behind the clock of STS")
    }

    @Test func anAnswerWithoutDateTellsNothing() { #expect(judge(0, date: nil).status == .unknown) }

    @Test func lengths() {
        #expect(
            [0.3, 12, 603, 3600, 10_920, 34_560_000].map(ClockSkew.text) == [
                "under 1 s", "12 s", "10 min 3 s", "1 h", "3 h 2 min", "400 d",
            ])
    }
}
