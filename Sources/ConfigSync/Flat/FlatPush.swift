package import AWSServices
internal import Support

/// Makes a tree of objects like a folder.
package struct FlatPush: Sendable {
    private let s3: S3
    private let from: String
    private let place: TreePlace
    private let options: FlatOptions
    /// Whether symbolic links are left out, and named; otherwise what they lead to inside the folder is pushed.
    package var skipsLinks = false
    /// Whether sockets, pipes and devices are left out, and named; otherwise they are refused.
    package var skipsSpecialFiles = false

    /// Bytes of a key that S3 takes.
    private static let longestKey = 1024

    /// - Parameter folder: absolute, or relative to the working directory.
    package init(_ s3: S3, from folder: String, to place: TreePlace, options: FlatOptions = FlatOptions()) {
        self.s3 = s3
        from = folder
        self.place = place
        self.options = options
    }

    /// Compares both sides and uploads what differs; then, if asked to and nothing failed, deletes.
    ///
    /// - Parameter admits: throws what speaks against the push; asked while both sides are read, before anything is written.
    /// - Returns: what was done. **Its `error` is to be thrown** once it is shown: files may have failed.
    /// - Throws: before anything is written: `Failure` of kind `badInput` naming what can't be read, of kind `failed` for too
    ///   many deletions; what S3 throws for the listing. `CancellationError`.
    package func run(
        progress: (any ProgressSink)? = nil, admits: @escaping @Sendable () throws -> Void = {}
    ) async throws -> FlatReport {
        let started = ContinuousClock.now
        let what = "push \(from) to \(place)"
        var walking = LocalTree.Options()
        walking.filter = options.filter
        walking.symlinks = skipsLinks ? .opaque : .follow
        walking.skipsSpecialFiles = skipsSpecialFiles
        walking.checksReadable = true
        let folder = try TreeFolder(from)
        let survey = FlatSurvey(
            s3: s3, places: [place], tree: LocalTree(from, options: walking), folder: folder, filter: options.filter,
            expectedOwner: options.expectedOwner, partSize: options.transfer.partSize, skipsLinks: skipsLinks)
        async let admitted: Void = admits()
        let found = try await survey.run(FlatPlan.Rules(.push, deletes: options.deletes))
        try await admitted
        try checkKeys(found.plan, what)
        try options.guardDeletions(found.plan, what)
        var report = FlatReport(found.plan, .push, from: [from], to: "\(place)", dryRun: options.dryRun)
        report.refused = options.refusal(found.plan)
        report.skipped = found.skipped
        if !options.dryRun { try await apply(found.plan, folder, &report, progress) }
        report.seconds = (ContinuousClock.now - started) / .seconds(1)
        return report
    }

    private func apply(
        _ plan: FlatPlan, _ folder: TreeFolder, _ report: inout FlatReport, _ progress: (any ProgressSink)?
    ) async throws {
        var upload = FileUpload(s3, bucket: place.bucket, from: folder)
        upload.expectedOwner = options.expectedOwner
        upload.options = options.transfer
        upload.followsLinks = !skipsLinks
        let uploads = plan.changes.filter { $0.action == .upload }
        let sending = upload
        let failed = try await TransferPool(options.pool, on: s3.lanes, progress: progress)
            .run(uploads, counting: &report.transferred) { change, meter in
                try await sending.send(change.path, to: place.key(change.path), meter: meter)
            }
        let deletions = plan.changes.filter { $0.action == .delete }
        report.keptFromDeleting = !failed.isEmpty && !deletions.isEmpty
        report.add(failed.map { (uploads[$0.index].path, $0.error) })
        guard failed.isEmpty, !deletions.isEmpty else { return }
        let refused = try await s3.deleteObjects(
            bucket: place.bucket, keys: deletions.map { place.key($0.path) }, expectedOwner: options.expectedOwner)
        report.deleted = deletions.count - refused.count
        report.add(
            refused.map { error in
                let why = [error.code, error.message].compactMap { $0 }.joined(separator: ": ")
                let path = String(error.key.dropFirst(place.prefix.count))
                return (path, Failure(.failed, "delete s3://\(place.bucket)/\(error.key): \(why)"))
            })
    }

    private func checkKeys(_ plan: FlatPlan, _ what: String) throws {
        for change in plan.changes where change.action == .upload {
            guard place.prefix.utf8.count + change.path.utf8.count <= Self.longestKey else {
                throw Failure(
                    .failed,
                    "\(what): nothing was written, since the key of \(KeySafety.quoted(change.path)) has more "
                        + "than \(Self.longestKey) bytes")
            }
        }
    }
}
