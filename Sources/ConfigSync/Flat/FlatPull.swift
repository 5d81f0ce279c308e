package import AWSServices
internal import Glibc
internal import Support

/// Makes a folder like one or more trees of objects; of a path that several of them have the last tree's object counts.
package struct FlatPull: Sendable {
    private let s3: S3
    private let places: [TreePlace]
    private let to: String
    private let options: FlatOptions
    /// What pulled files get; files that are right but for these are adjusted. Left out: a new file is 0644 as far as the
    /// process's mask allows, a replaced one keeps its mode, and its owner where the process may give it.
    package var attributes = FileAttributes()

    /// - Parameters:
    ///   - places: at least one; a later one wins.
    ///   - folder: absolute, or relative to the working directory; made where it is missing.
    package init(_ s3: S3, from places: [TreePlace], to folder: String, options: FlatOptions = FlatOptions()) {
        self.s3 = s3
        self.places = places
        to = folder
        self.options = options
    }

    /// Compares both sides and downloads what differs, each file under a temporary name first; then, if asked to and nothing
    /// failed, deletes.
    ///
    /// - Returns: what was done. **Its `error` is to be thrown** once it is shown: files may have failed.
    /// - Throws: before anything is written: `Failure` of kind `failed` for keys that can't lie in the folder and for too many
    ///   deletions, of kind `badInput` for what can't be read in it, of kind `timedOut` when another pull into it does not end;
    ///   what S3 throws for the listings. `CancellationError`.
    package func run(progress: (any ProgressSink)? = nil) async throws -> FlatReport {
        let started = ContinuousClock.now
        let names = places.map { "\($0)" }
        let what = "pull \(names.joined(separator: ", ")) to \(to)"
        guard !ReleaseFolder.isOne(to) else {
            throw Failure(
                .usage, "\(to): releases lie there, which a flat tree would mix with plain files or delete",
                hint: "leave --flat out, or name another folder")
        }
        let isThere = LocalFileSystem().exists(to)
        let folder = isThere ? try TreeFolder(to, attributes: attributes) : nil
        let writes = !options.dryRun
        var isAlone = false
        if writes, let folder {
            isAlone = try await folder.beginWriting(limit: options.lockLimit, waiting: options.waiting)
        }
        var survey = FlatSurvey(
            s3: s3, places: places, tree: isThere ? tree : nil, folder: folder, filter: options.filter,
            expectedOwner: options.expectedOwner, partSize: options.transfer.partSize)
        let likely = TreeFolder.likelyTraits(of: to)
        survey.traits = likely
        let rules = FlatPlan.Rules(.pull, deletes: options.deletes, attributes: attributes)
        var found = try await survey.run(rules)
        // The folder itself is asked only when it will be written to; it nearly always says what was likely.
        if writes, let folder, found.plan.count(.download) > 0 {
            let traits = try folder.traits()
            if traits != likely {
                survey.traits = traits
                found = try await survey.run(rules)
            }
        }
        try found.safety.check(what)
        try options.guardDeletions(found.plan, what)
        var report = FlatReport(found.plan, .pull, from: names, to: to, dryRun: options.dryRun)
        report.refused = options.refusal(found.plan)
        report.skipped = found.skipped
        report.emptyPlaces = found.emptyPlaces.map { "\($0)" }
        report.overlaid = found.overlaid
        report.overlaidFiles = found.overlaidFiles
        if writes {
            let target = if let folder { folder } else { try await made(found.plan, what) }
            if isAlone {
                for path in found.leftovers { try target.removeLeftover(path) }
                report.leftovers = found.leftovers.count
            }
            try await apply(found.plan, target, &report, progress)
        }
        report.seconds = (ContinuousClock.now - started) / .seconds(1)
        return report
    }

    private var tree: LocalTree {
        var walking = LocalTree.Options()
        walking.filter = options.filter
        walking.symlinks = .opaque
        walking.skipsSpecialFiles = true
        return LocalTree(to, options: walking)
    }

    /// Makes the folder, and asks it itself what it makes of names.
    private func made(_ plan: FlatPlan, _ what: String) async throws -> TreeFolder {
        let folder = try TreeFolder(to, creating: true, attributes: attributes)
        _ = try await folder.beginWriting(limit: options.lockLimit, waiting: options.waiting)
        var safety = KeySafety(try folder.traits())
        for change in plan.changes { safety.take(change.path) }
        try safety.check(what)
        return folder
    }

    private func apply(
        _ plan: FlatPlan, _ folder: TreeFolder, _ report: inout FlatReport, _ progress: (any ProgressSink)?
    ) async throws {
        let downloads = plan.changes.filter { $0.action == .download }
        let sources = places.map { place in
            var download = FileDownload(s3, bucket: place.bucket, into: folder)
            download.expectedOwner = options.expectedOwner
            download.options = options.transfer
            return download
        }
        let unverified = Tally()
        var failed = try await TransferPool(options.pool, on: s3.lanes, progress: progress)
            .run(downloads, counting: &report.transferred) { change, meter in
                let received = try await sources[change.source].fetch(
                    places[change.source].key(change.path), size: change.bytes, to: change.path,
                    attributes: wanted(change.local), meter: meter)
                if received.verification != .verified { unverified.add() }
            }.map { (path: downloads[$0.index].path, error: $0.error) }
        report.unverified = unverified.count
        for change in plan.changes where change.action == .adjust {
            guard let file = change.local else { continue }
            do {
                try folder.adjust(file)
                report.adjusted += 1
            } catch {
                failed.append((change.path, error))
            }
        }
        let deletions = plan.changes.filter { $0.action == .delete }
        report.keptFromDeleting = !failed.isEmpty && !deletions.isEmpty
        report.add(failed)
        guard failed.isEmpty else { return }
        for change in deletions {
            try Task.checkCancellation()
            do {
                try folder.remove(change.path)
                report.deleted += 1
            } catch {
                report.add([(change.path, error)])
            }
        }
    }

    /// What a file gets that replaces another one.
    private func wanted(_ replaced: TreeFile?) -> FileAttributes {
        guard let replaced, replaced.link == nil else { return attributes }
        var wanted = attributes
        if wanted.mode == nil { wanted.mode = replaced.mode }
        if geteuid() == 0 {
            wanted.uid = wanted.uid ?? replaced.owner?.uid
            wanted.gid = wanted.gid ?? replaced.owner?.gid
        }
        return wanted
    }
}
