internal import AWSServices

/// Which streams of a log group are wanted; their names are `<prefix>/<container>/<task id>`.
struct StreamChoice: Sendable {
    /// Task ids.
    let tasks: [String]
    let container: String?
    /// Only the stream that was written to last.
    let wantsLatest: Bool

    /// The names of the streams; `nil` when all are wanted.
    func choose(from group: String, _ logs: CloudWatchLogs) async throws -> [String]? {
        guard wantsLatest || container != nil || !tasks.isEmpty else { return nil }
        // The fifty streams written to last: what is older than those is found by its task's name in the console.
        let names = try await logs.latestStreams(of: group, limit: 50).compactMap(\.logStreamName).filter(fits)
        return wantsLatest && tasks.isEmpty ? Array(names.prefix(1)) : names
    }

    func fits(_ stream: String) -> Bool {
        let parts = stream.split(separator: "/").map(String.init)
        guard parts.count >= 2, let id = parts.last else { return tasks.isEmpty && container == nil }
        return (tasks.isEmpty || tasks.contains { id == $0 || ($0.count >= 8 && id.hasPrefix($0)) })
            && (container == nil || parts[parts.count - 2] == container)
    }

    /// `main/0123abcd` of a stream's name.
    static func short(_ stream: String) -> String {
        let parts = stream.split(separator: "/")
        guard parts.count >= 2, let id = parts.last else { return stream }
        return "\(parts[parts.count - 2])/\(id.prefix(8))"
    }
}
