internal import AWS
internal import AWSServices
internal import FoundationEssentials
internal import Support

/// Deletes old releases.
struct ReleasePruner {
    let store: ReleaseStore
    let keep: Int
    let dryRun: Bool
    let pinned: @Sendable () async throws -> Set<ReleaseHash>?
    let now: @Sendable () -> Date

    /// - Parameter pinned: see `ReleasePusher.Options`.
    init(
        _ store: ReleaseStore, keep: Int, dryRun: Bool,
        pinned: @escaping @Sendable () async throws -> Set<ReleaseHash>?,
        now: @escaping @Sendable () -> Date
    ) {
        self.store = store
        self.keep = keep
        self.dryRun = dryRun
        self.pinned = pinned
        self.now = now
    }

    /// - Returns: what was deleted, or would be in a dry run; and what would have been if it were not pinned.
    func run() async throws -> (deleted: [ReleaseHash], pinned: [ReleaseHash]) {
        var candidates: [ReleasePrunePlan.Candidate] = []
        for release in try await store.releases() {
            candidates.append(.init(release: release, writtenAt: try await store.writtenAt(release)))
        }
        let pointer = try await store.pointer()?.pointer
        let unpinned = ReleasePrunePlan(candidates, keep: keep, pointer: pointer, now: now())
        guard !unpinned.deleted.isEmpty, let pinned = try await pinned() else { return ([], []) }
        let plan = ReleasePrunePlan(candidates, keep: keep, pointer: pointer, pinned: pinned, now: now())
        let kept = unpinned.deleted.filter { !plan.deleted.contains($0) }
        if dryRun { return (plan.deleted, kept) }
        var deleted: [ReleaseHash] = []
        for release in plan.deleted { if try await delete(release) { deleted.append(release) } }
        return (deleted, kept)
    }

    /// The manifest goes first: from then on the release is not there, and nobody sees half of it.
    private func delete(_ release: ReleaseHash) async throws -> Bool {
        // It may have been pushed again, or rolled back to, since the plan was made.
        guard let manifest = try await store.manifest(release), try await mayGo(release) else { return false }
        let place = store.place
        try await store.s3.deleteObject(
            bucket: place.bucket, key: place.manifestKey(release), expectedOwner: store.expectedOwner)
        guard try await !isNamed(release) else {
            try await store.write(manifest)
            return false
        }
        var listing = store.s3.listing(
            bucket: place.bucket, prefix: place.filesPrefix(release), expectedOwner: store.expectedOwner)
        var keys: [String] = []
        while let page = try await listing.nextPage() { keys += page.map(\.key) }
        let refused = try await store.s3.deleteObjects(
            bucket: place.bucket, keys: keys, expectedOwner: store.expectedOwner)
        if let first = refused.first {
            throw Failure(
                .failed,
                "prune release \(release.short): \(refused.count) of \(keys.count) files could not be deleted; "
                    + "\(place.shown(first.key)): \(first.code ?? "") \(first.message ?? "")",
                hint: "the new release is in place; delete s3://\(place.bucket)/\(place.filesPrefix(release)) by hand")
        }
        return true
    }

    private func isNamed(_ release: ReleaseHash) async throws -> Bool {
        let pointer = try await store.pointer()?.pointer
        return pointer?.release == release || pointer?.previous == release
    }

    private func mayGo(_ release: ReleaseHash) async throws -> Bool {
        guard try await !isNamed(release), let writtenAt = try await store.writtenAt(release) else { return false }
        return now().timeIntervalSince(writtenAt) > ReleasePrunePlan.grace
    }
}
