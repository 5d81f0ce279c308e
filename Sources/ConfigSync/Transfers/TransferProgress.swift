internal import Synchronization

/// How far transfers have come.
package struct TransferProgress: Sendable, Hashable, Codable {
    /// Files done and in all.
    package var files = 0
    package var allFiles = 0
    /// Bytes moved and in all; what is sent again counts once.
    package var bytes: Int64 = 0
    package var allBytes: Int64 = 0
    /// Seconds since the beginning.
    package var seconds: Double = 0
    /// Bytes per second over the last five seconds.
    package var bytesPerSecond: Double = 0
    /// Files per second over the last five seconds.
    package var filesPerSecond: Double = 0
    /// Seconds until the end at this rate; `nil` while there is no rate yet.
    package var secondsLeft: Double?

    package init() {}
}

/// Told how far transfers have come: about five times a second, and once at their end.
package protocol ProgressSink: Sendable {
    func show(_ progress: TransferProgress)
}

/// Counts what has been moved; cheap enough for every piece of every file.
package final class TransferMeter: Sendable {
    private let files = Atomic<Int>(0)
    private let bytes = Atomic<Int64>(0)
    private let allFiles: Int
    private let allBytes: Int64
    private let started = ContinuousClock.now

    private struct Sample {
        let at: Double
        let files: Int
        let bytes: Int64
    }

    private let samples = Mutex<[Sample]>([Sample(at: 0, files: 0, bytes: 0)])

    package init(allFiles: Int, allBytes: Int64) {
        self.allFiles = allFiles
        self.allBytes = allBytes
    }

    /// Some bytes of a file have been moved.
    package func moved(_ count: Int64) { bytes.wrappingAdd(count, ordering: .relaxed) }

    /// A file is complete.
    package func finishedFile() { files.wrappingAdd(1, ordering: .relaxed) }

    /// - Parameter now: seconds since the beginning; left out: of this machine's clock.
    package func progress(at now: Double? = nil) -> TransferProgress {
        let now = now ?? (ContinuousClock.now - started) / .seconds(1)
        var progress = TransferProgress()
        progress.files = files.load(ordering: .relaxed)
        progress.bytes = bytes.load(ordering: .relaxed)
        progress.allFiles = allFiles
        // Files may have grown since they were counted.
        progress.allBytes = max(allBytes, progress.bytes)
        progress.seconds = now
        let oldest = samples.withLock { samples -> Sample in
            samples.append(Sample(at: now, files: progress.files, bytes: progress.bytes))
            while samples.count > 2, now - samples[0].at > Self.window { samples.removeFirst() }
            return samples[0]
        }
        let time = now - oldest.at
        guard time > 0 else { return progress }
        // What goes again was taken back.
        progress.bytesPerSecond = Double(max(0, progress.bytes - oldest.bytes)) / time
        progress.filesPerSecond = Double(progress.files - oldest.files) / time
        progress.secondsLeft = timeLeft(progress)
        return progress
    }

    /// Seconds over which a rate is taken.
    private static let window = 5.0

    /// By bytes and by files: small files cost time whatever their size. The slower of both counts.
    private func timeLeft(_ progress: TransferProgress) -> Double? {
        let leftBytes = Double(progress.allBytes - progress.bytes)
        let leftFiles = Double(progress.allFiles - progress.files)
        if leftBytes <= 0, leftFiles <= 0 { return 0 }
        var times: [Double] = []
        if leftBytes > 0, progress.bytesPerSecond > 0 { times.append(leftBytes / progress.bytesPerSecond) }
        if leftFiles > 0, progress.filesPerSecond > 0 { times.append(leftFiles / progress.filesPerSecond) }
        return times.max()
    }
}
