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
        let latest = try await logs.latestStreams(of: group, limit: Self.mostLatest).compactMap(\.logStreamName)
        var names = latest.filter(fits)
        if wantsLatest, tasks.isEmpty { return Array(names.prefix(1)) }
        guard latest.count == Self.mostLatest else { return names }
        // A task that is older than those is looked for by its name, beside each of the containers that they are of.
        let heads = Set(latest.compactMap(head)).sorted()
        for task in tasks where !names.contains(where: { Self.id(of: $0)?.hasPrefix(task) == true }) {
            for head in heads {
                names += try await logs.streams(of: group, prefix: "\(head)/\(task)").compactMap(\.logStreamName)
                    .filter(fits)
            }
        }
        return Array(names.prefix(100))
    }

    private static let mostLatest = 50

    private static func id(of stream: String) -> Substring? { stream.split(separator: "/").last }

    /// `<prefix>/<container>` of a stream's name, with the wanted container where one is wanted.
    private func head(_ stream: String) -> String? {
        var parts = stream.split(separator: "/").map(String.init)
        guard parts.count >= 2, parts.popLast() != nil else { return nil }
        if let container { parts[parts.count - 1] = container }
        return parts.joined(separator: "/")
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
