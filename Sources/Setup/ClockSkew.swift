package import AWS
internal import FoundationEssentials

/// How far this machine's clock is off AWS's.
package enum ClockSkew {
    /// In seconds. AWS refuses signatures whose date is more than five minutes off.
    ///
    /// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
    private static let refused = 300.0
    private static let noticed = 60.0

    /// Judges by the date in an answer of STS.
    package static func judge(_ probe: AWSClient.Probe) -> CheckResult {
        guard let server = probe.serverDate else {
            return .unknown("clock", "the answer of STS has no date (HTTP \(probe.status))")
        }
        // The date is cut to seconds: half a second later is the middle of what it may be.
        let ahead = probe.localDate.timeIntervalSince(server) - 0.5
        let off = abs(ahead)
        guard off > noticed else { return .ok("clock", "\(text(off)) off the clock of STS") }
        let detail = "\(text(off)) \(ahead > 0 ? "ahead of" : "behind") the clock of STS"
        let repair = "set the clock, and keep it set: timedatectl set-ntp true, or chrony"
        guard off > refused else { return .warn("clock", detail, advice: "\(repair); AWS refuses what is 5 min off") }
        return .failed(
            "clock", detail,
            advice:
                "\(repair); fgctl corrects its own requests meanwhile, but docker, other tools and the dates in logs "
                + "stay wrong")
    }

    /// `12 s`, `10 min 3 s`, `3 h 2 min`, `400 d`.
    static func text(_ seconds: Double) -> String {
        let whole = seconds < 9e15 ? Int(seconds) : Int(9e15)
        switch whole {
        case ..<1: return "under 1 s"
        case ..<60: return "\(whole) s"
        case ..<3600: return "\(whole / 60) min" + (whole % 60 == 0 ? "" : " \(whole % 60) s")
        case ..<172_800: return "\(whole / 3600) h" + (whole / 60 % 60 == 0 ? "" : " \(whole / 60 % 60) min")
        default: return "\(whole / 86_400) d"
        }
    }
}
