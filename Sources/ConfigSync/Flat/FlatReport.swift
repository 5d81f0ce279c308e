internal import AWS
package import Support

/// What a flat push or pull did, or would do. Made also when there was nothing to do.
package struct FlatReport: Sendable, Codable {
    package struct FileCount: Sendable, Codable, Hashable {
        package var files = 0
        package var bytes: Int64 = 0

        package init(files: Int = 0, bytes: Int64 = 0) {
            self.files = files
            self.bytes = bytes
        }
    }

    package struct FailedFile: Sendable, Codable, Hashable {
        package let path: String
        package let message: String
    }

    package let direction: FlatDirection
    /// The trees that are read: `s3://bucket/prefix/` or a folder.
    package let from: [String]
    package let to: String
    package let dryRun: Bool
    /// Everything that is to be done, in the order of the paths' bytes.
    package let changes: [FlatChange]
    /// What has been moved; 0 in a dry run.
    package var transferred = FileCount()
    package var deleted = 0
    package var adjusted = 0
    /// What was the same on both sides.
    package let same: FileCount
    /// Files that only the side written to has, and that were left there.
    package let extra: Int
    /// Sockets, pipes, devices and links that were left out, at most a hundred.
    package var skipped: [String] = []
    /// Trees that were read and hold nothing: `s3://bucket/prefix/`. Of a pull only.
    package var emptyPlaces: [String] = []
    /// Files that an earlier tree has too (pull from several), at most a thousand, and how many there are.
    package var overlaid: [OverlaidFile] = []
    package var overlaidFiles = 0
    /// Files under way that an interrupted run had left behind.
    package var leftovers = 0
    /// Downloaded files for which S3 keeps no checksum of the whole: their length was verified, no more.
    package var unverified = 0
    package var failures: [FailedFile] = []
    /// Whether deletions were asked for and not made, since something failed before.
    package var keptFromDeleting = false
    /// Of a dry run: why the run itself would do nothing.
    package var refused: FlatRefusal?
    /// Seconds that it took.
    package var seconds: Double = 0
    /// What to throw once the report is shown; `nil` when everything was done.
    package private(set) var error: Failure?

    private enum CodingKeys: CodingKey {
        case direction, from, to, dryRun, changes, transferred, deleted, adjusted, same, extra, skipped
        case emptyPlaces, overlaid, overlaidFiles, leftovers, unverified, failures, keptFromDeleting, refused, seconds
    }

    init(_ plan: FlatPlan, _ direction: FlatDirection, from: [String], to: String, dryRun: Bool) {
        self.direction = direction
        self.from = from
        self.to = to
        self.dryRun = dryRun
        changes = plan.changes
        same = FileCount(files: plan.sameFiles, bytes: plan.sameBytes)
        extra = plan.extraFiles
    }

    /// Nothing differed.
    package var isUpToDate: Bool { changes.isEmpty }

    /// Notes what failed; the first error decides how the process ends.
    mutating func add(_ failed: [(path: String, error: any Error)]) {
        guard let first = failed.first else { return }
        failures += failed.map { FailedFile(path: $0.path, message: "\($0.error)") }
        var kind = Failure.Kind.failed
        if let failure = first.error as? Failure { kind = failure.kind }
        let named = failures.prefix(5).map { "\(KeySafety.quoted($0.path)): \($0.message)" }.joined(separator: "; ")
        let rest = failures.count > 5 ? "; and \(failures.count - 5) more" : ""
        error = Failure(
            kind, "\(direction.rawValue) \(from.joined(separator: ", ")) to \(to): \(named)\(rest)",
            hint: keptFromDeleting
                ? "nothing was deleted; run it again" : "run it again: what is done is not done twice",
            cause: first.error)
    }
}

extension TransferPool {
    /// Moves the files of changes, and counts those that were moved.
    func run(
        _ changes: [FlatChange], counting count: inout FlatReport.FileCount,
        work: @escaping @Sendable (FlatChange, TransferMeter) async throws -> Void
    ) async throws -> [TransferFailure] {
        let (files, bytes) = (Tally(), Tally())
        let failed = try await run(changes, bytes: \.bytes) { change, meter in
            try await work(change, meter)
            files.add()
            bytes.add(Int(change.bytes))
        }
        count.files += files.count
        count.bytes += Int64(bytes.count)
        return failed
    }
}
