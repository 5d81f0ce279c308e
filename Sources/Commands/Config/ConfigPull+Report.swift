internal import ConfigSync
internal import Support

extension ConfigPull {
    static func show(_ report: ReleasePuller.Report, _ session: Session) throws {
        try session.result(report, lines: [report.release])
        session.say("pull into \(report.to): \(summary(report)) \(ConfigText.time(report.seconds))")
    }

    static func summary(_ report: ReleasePuller.Report) -> String {
        let release =
            "release \(report.release.prefix(12)) (\(ConfigText.files(report.files)), \(ConfigText.size(report.bytes)))"
        let would = report.dryRun ? "would be " : ""
        if report.isUpToDate { return "\(release) is here: nothing to do" }
        var parts = [release]
        if report.downloadedFiles > 0 {
            parts.append("\(report.downloadedFiles) \(would)downloaded (\(ConfigText.size(report.downloadedBytes)))")
        }
        if report.reusedFiles > 0 { parts.append("\(report.reusedFiles) \(would)taken from releases that were here") }
        if report.repairedFiles > 0 { parts.append("\(report.repairedFiles) \(would)put right") }
        if report.isSwapped {
            parts.append("current \(would)swapped" + (report.previous.map { " from \($0.prefix(12))" } ?? ""))
        }
        return parts.joined(separator: ", ")
    }
}
