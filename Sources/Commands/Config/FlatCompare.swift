internal import AWSServices
internal import ConfigSync
internal import Environment
internal import Support

extension FlatCommand {
    static func compare(
        _ session: Session, _ path: String, _ shown: String, _ from: [String], _ filter: TreeFilter
    ) async throws {
        let places = try ConfigPlace.trees(session, from)
        var options = FlatOptions()
        options.filter = filter
        if from.isEmpty { options.expectedOwner = try Names(session.settings).account }
        let folder = ReleaseFolder.source(path)
        let report = try await FlatDiff(S3(session.client), folder, places, options: options).run()
        let lines = report.differences.map { difference in
            let path = ConfigText.plain(difference.path)
            let (local, remote) = (
                ConfigText.size(difference.localSize ?? 0), ConfigText.size(difference.remoteSize ?? 0)
            )
            return switch difference.kind {
            case .onlyLocal: "+ \(path)  \(local)"
            case .onlyRemote: "- \(path)  \(remote)"
            case .differs: "~ \(path)  \(words(difference.comparison, remote, local))"
            }
        }
        try session.result(report, lines: lines)
        let count = report.differences.count
        session.say(
            "compare \(shown) with \(places.map { "\($0)" }.joined(separator: ", ")): "
                + (count == 0 ? "no difference" : "\(ConfigText.files(count)) \(count == 1 ? "differs" : "differ")")
                + ", \(report.same.files) the same")
        if !report.isSame { throw PassedCode(ExitStatus.code(for: .differs)) }
    }

    private static func words(_ comparison: FileComparison?, _ remote: String, _ local: String) -> String {
        switch comparison {
        case .kind: "a link in the folder, a file in S3"
        case .unknown: "of the same size (\(local)), and S3 keeps nothing that tells whether the content differs"
        default: ConfigText.change(remote, local)
        }
    }
}
