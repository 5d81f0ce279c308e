internal import ConfigSync
internal import Support
internal import Synchronization

/// Numbers and lines as all config commands write them.
enum ConfigText {
    /// `12 B`, `4.1 KiB`
    static func size(_ bytes: Int64) -> String {
        if bytes < 1024 { return "\(bytes) B" }
        var value = Double(bytes)
        var unit = "B"
        for next in ["KiB", "MiB", "GiB", "TiB"] where value >= 1024 {
            value /= 1024
            unit = next
        }
        return "\((value * 10).rounded() / 10) \(unit)"
    }

    static func files(_ count: Int) -> String { count == 1 ? "1 file" : "\(count) files" }

    /// `(1.2 s)`
    static func time(_ seconds: Double) -> String { "(\((seconds * 10).rounded() / 10) s)" }

    static func line(_ difference: ReleaseDifference) -> String {
        let path = plain(difference.path)
        switch difference.kind {
        case .added: return "+ \(path)  \(side(difference.localSize, difference.localLink))"
        case .removed: return "- \(path)  \(side(difference.remoteSize, difference.remoteLink))"
        case .changed:
            let remote = side(difference.remoteSize, difference.remoteLink)
            let local = side(difference.localSize, difference.localLink)
            return "~ \(path)  \(change(remote, local))"
        case .mode:
            let modes = [difference.remoteMode, difference.localMode].compactMap { $0?.description }
            return "~ \(path)  mode \(modes.joined(separator: " -> "))"
        }
    }

    /// From what to what: `12 B -> 14 B`; of the same size `content differs (12 B)`.
    static func change(_ remote: String, _ local: String) -> String {
        remote == local ? "content differs (\(local))" : "\(remote) -> \(local)"
    }

    private static func side(_ bytes: Int64?, _ link: String?) -> String {
        link.map { "link to \(plain($0))" } ?? size(bytes ?? 0)
    }

    /// A path as it stands in a line: quoted only where it would break the line.
    static func plain(_ path: String) -> String {
        path.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f } ? path : KeySafety.quoted(path)
    }
}

/// Says how far transfers have come: often on a terminal, seldom in logs.
final class ConfigProgress: ProgressSink {
    private let say: @Sendable (String) -> Void
    private let interval: Double
    private let last: Mutex<Double>

    init(_ session: Session) {
        say = { session.say($0) }
        interval = session.context.isTerminal ? 1 : 10
        // What is done before the first line is due needs none.
        last = Mutex(0)
    }

    func show(_ progress: TransferProgress) {
        let isDue = last.withLock { last in
            guard progress.seconds - last >= interval, progress.files < progress.allFiles else { return false }
            last = progress.seconds
            return true
        }
        guard isDue else { return }
        var line = "\(progress.files) of \(ConfigText.files(progress.allFiles)), "
        line += "\(ConfigText.size(progress.bytes)) of \(ConfigText.size(progress.allBytes)), "
        line += "\(ConfigText.size(Int64(progress.bytesPerSecond)))/s"
        if let left = progress.secondsLeft { line += ", \(DurationText.format(.seconds(left.rounded(.up)))) left" }
        say(line)
    }
}
