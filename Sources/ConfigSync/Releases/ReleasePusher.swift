internal import AWS
internal import AWSServices
package import FoundationEssentials
internal import Support

/// Writes a folder's files as a release, and makes it the current one.
package struct ReleasePusher: Sendable {
    package struct Report: Sendable, Codable, Hashable {
        package let release: String
        /// What the pointer named before; `nil` for the first release.
        package let previous: String?
        /// `s3://bucket/prefix/`
        package let place: String
        /// The release's.
        package let files: Int
        package let bytes: Int64
        /// Moved now.
        package var uploadedFiles = 0
        package var uploadedBytes: Int64 = 0
        /// Copied inside S3 from the release before.
        package var copiedFiles = 0
        package var copiedBytes: Int64 = 0
        /// There already.
        package var presentFiles = 0
        /// Whether all of the release was there already.
        package var existed = false
        /// Whether the pointer was changed, or would be in a dry run.
        package var isNewCurrent = false
        package var dryRun = false
        /// Releases that were deleted, or would be in a dry run.
        package var pruned: [String] = []
        /// Releases that stay only because a service or a task pins them.
        package var pinned: [String] = []
        /// How the files differ from the current release.
        package var differences: [ReleaseDifference] = []
        package var seconds: Double = 0
    }

    package struct Options: Sendable {
        package var dryRun = false
        /// Whether the release is made the current one; who deploys it first makes it so later.
        package var makesCurrent = true
        /// How many releases stay; `nil` deletes none.
        package var keep: Int?
        /// Releases that are not to be deleted besides, asked for when there is one to delete; `nil` when nobody can tell: then
        /// none is deleted.
        package var pinned: @Sendable () async throws -> Set<ReleaseHash>? = { [] }
        /// An ARN.
        package var person: String
        package var now: @Sendable () -> Date
        package var pool = TransferPool.Options()

        package init(person: String, now: @escaping @Sendable () -> Date) {
            self.person = person
            self.now = now
        }
    }

    private let store: ReleaseStore
    private let source: ReleaseSource
    private let options: Options

    package init(_ store: ReleaseStore, _ source: ReleaseSource, options: Options) {
        self.store = store
        self.source = source
        self.options = options
    }

    /// Files first, the manifest after all of them, the pointer last; each step is left out where it is done already.
    ///
    /// - Throws: `Failure` of kind `superseded` when somebody else changed the pointer meanwhile: the release is there then, and
    ///   is not the current one. Of kind `badInput` for files that can't be read or change. What S3 throws.
    package func run(progress: (any ProgressSink)? = nil) async throws -> Report {
        let started = ContinuousClock.now
        try check()
        let manifest = try ReleaseManifest(
            files: source.files,
            // Releases of one second are told apart.
            createdAt: options.now().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)),
            createdBy: options.person)
        let found = try await store.pointer()
        var current: ReleaseManifest?
        if let release = found?.pointer.release { current = try await sound(release) }
        var report = Report(
            release: manifest.hash.text, previous: found?.pointer.release.text, place: "\(store.place)",
            files: manifest.files.count, bytes: manifest.size)
        report.dryRun = options.dryRun
        report.differences = ReleaseDifference.of(local: manifest.files, remote: current?.files ?? [])
        let isCurrent = found?.pointer.release == manifest.hash
        // What lies there is compared with the folder's bytes: who altered an object has the next push put it right.
        let present = try await present(manifest)
        report.existed = try await isWhole(manifest, current, present)
        if !report.existed {
            try await move(manifest, current, present, &report, progress)
        } else if !isCurrent, !options.dryRun {
            // Made young again, so that nobody prunes it before the pointer names it.
            try await store.write(manifest)
        }
        if !isCurrent, options.makesCurrent {
            report.isNewCurrent = true
            if !options.dryRun { try await point(to: manifest, found, &report, progress) }
        }
        if let keep = options.keep {
            let pruner = ReleasePruner(
                store, keep: keep, dryRun: options.dryRun, pinned: options.pinned, now: options.now)
            let outcome = try await pruner.run()
            report.pruned = outcome.deleted.map(\.text)
            report.pinned = outcome.pinned.map(\.text)
        }
        report.seconds = (ContinuousClock.now - started) / .seconds(1)
        return report
    }

    private func isWhole(
        _ manifest: ReleaseManifest, _ current: ReleaseManifest?, _ present: Set<ByteText>
    ) async throws -> Bool {
        guard present.count == manifest.files.count(where: { $0.link == nil }) else { return false }
        if current?.hash == manifest.hash { return true }
        return try await sound(manifest.hash) != nil
    }

    /// A release's manifest; `nil` where there is none, or a corrupt one: a push writes it anew.
    private func sound(_ release: ReleaseHash) async throws -> ReleaseManifest? {
        do { return try await store.manifest(release) } catch let failure as Failure
            where failure.cause is CorruptManifest
        {
            return nil
        }
    }

    private func point(
        to manifest: ReleaseManifest, _ found: ReleaseStore.FoundPointer?, _ report: inout Report,
        _ progress: (any ProgressSink)?
    ) async throws {
        let pointer = ReleasePointer(
            release: manifest.hash, previous: found?.pointer.release,
            updatedAt: options.now().formatted(.iso8601), updatedBy: options.person)
        try await store.flip(pointer, from: found)
        // Somebody who prunes may have taken it for an old one just before.
        if report.existed, try await store.manifest(manifest.hash) == nil {
            try await move(manifest, nil, try await present(manifest), &report, progress)
        }
    }

    private func check() throws {
        guard !source.files.isEmpty else {
            throw Failure(
                .badInput, "push \(source.path): no file is to be pushed",
                hint: "name another folder, or look at --include and --exclude")
        }
        var safety = KeySafety(FolderTraits())
        for file in source.files { safety.take(file.path) }
        try safety.check("push \(source.path) to \(store.place)")
        for file in source.files {
            // 64 of the hash, 16 of the words around.
            guard store.place.releasesPrefix.utf8.count + 64 + 7 + file.path.utf8.count <= 1024 else {
                throw Failure(
                    .badInput, "push \(source.path): the key of \(KeySafety.quoted(file.path)) has more than 1024 bytes"
                )
            }
        }
    }

    private func move(
        _ manifest: ReleaseManifest, _ current: ReleaseManifest?, _ present: Set<ByteText>, _ report: inout Report,
        _ progress: (any ProgressSink)?
    ) async throws {
        // A release that is put right is no source for its own files.
        let current = current?.hash == manifest.hash ? nil : current
        let plan = ReleasePushPlan(manifest.files, previous: current?.files ?? [], present: present)
        report.presentFiles = plan.present.count
        if !options.dryRun {
            try await upload(plan, manifest, progress)
            try await copy(plan, manifest, from: current, progress)
            try await store.write(manifest)
        }
        report.uploadedFiles = plan.uploads.count
        report.uploadedBytes = plan.uploads.reduce(0) { $0 + $1.size }
        report.copiedFiles = plan.copies.count
        report.copiedBytes = plan.copies.reduce(0) { $0 + $1.file.size }
    }

    private func upload(
        _ plan: ReleasePushPlan, _ manifest: ReleaseManifest, _ progress: (any ProgressSink)?
    ) async throws {
        var upload = FileUpload(store.s3, bucket: store.place.bucket, from: source.folder)
        upload.expectedOwner = store.expectedOwner
        upload.followsLinks = source.followsLinks
        let sending = upload
        let (place, made) = (store.place, source.changes)
        let sink = plan.uploads.isEmpty ? nil : progress
        let failed = try await TransferPool(options.pool, on: store.s3.lanes, progress: sink)
            .run(plan.uploads, bytes: \.size) { file, meter in
                try await sending.send(
                    file.path, to: place.fileKey(manifest.hash, file.path), checksum: file.sha256.map { .sha256($0) },
                    made: made[ByteText(file.path)], meter: meter)
            }
        if let first = failed.first { throw explained(first.error) }
    }

    private func copy(
        _ plan: ReleasePushPlan, _ manifest: ReleaseManifest, from current: ReleaseManifest?,
        _ progress: (any ProgressSink)?
    ) async throws {
        guard let current, !plan.copies.isEmpty else { return }
        let (s3, place, owner, source) = (store.s3, store.place, store.expectedOwner, source)
        let failed = try await TransferPool(options.pool, on: store.s3.lanes, progress: progress)
            .run(plan.copies, bytes: \.file.size) { copy, meter in
                let key = place.fileKey(manifest.hash, copy.file.path)
                var request = S3.CopyRequest(
                    from: place.bucket, place.fileKey(current.hash, copy.from), to: place.bucket, key)
                request.expectedBucketOwner = owner
                request.expectedSourceBucketOwner = owner
                do {
                    try await s3.copy(request)
                    meter.moved(copy.file.size)
                } catch let error as AWSError where [403, 404, 412].contains(error.httpStatus) {
                    // It may have been pruned, or may not be read: the bytes are here too.
                    var upload = FileUpload(s3, bucket: place.bucket, from: source.folder)
                    upload.expectedOwner = owner
                    upload.followsLinks = source.followsLinks
                    try await upload.send(
                        copy.file.path, to: key, checksum: copy.file.sha256.map { .sha256($0) }, meter: meter)
                }
            }
        if let first = failed.first { throw explained(first.error) }
    }

    /// What an interrupted push has left of this release, compared by content.
    private func present(_ manifest: ReleaseManifest) async throws -> Set<ByteText> {
        let place = TreePlace(bucket: store.place.bucket, prefix: store.place.filesPrefix(manifest.hash))
        let comparison = ContentComparison(
            s3: store.s3, places: [place], expectedOwner: store.expectedOwner, folder: source.folder,
            followsLinks: source.followsLinks, partSize: TransferOptions().partSize)
        var listing = store.s3.listing(bucket: place.bucket, prefix: place.prefix, expectedOwner: store.expectedOwner)
        var found: [ByteText: RemoteFile] = [:]
        do {
            while let page = try await listing.nextPage() {
                for object in page {
                    let path = String(object.key.utf8.dropFirst(place.prefix.utf8.count)) ?? ""
                    found[ByteText(path)] = RemoteFile(path: path, size: object.size, eTag: object.eTag)
                }
            }
        } catch { throw explained(error) }
        if found.isEmpty { return [] }
        var same: Set<ByteText> = []
        for file in manifest.files where file.link == nil {
            guard let remote = found[ByteText(file.path)], remote.size == file.size else { continue }
            let local = TreeFile(path: file.path, size: file.size, mode: file.mode)
            if try await comparison.compare(local, remote) == .same { same.insert(ByteText(file.path)) }
        }
        return same
    }

    private func explained(_ error: any Error) -> any Error {
        guard let error = error as? AWSError else { return error }
        return store.explained(error, "push \(source.path) to \(store.place)") ?? error
    }
}
