internal import Support

/// What there is in a place.
package struct ReleaseListing: Sendable {
    package struct Entry: Sendable, Codable, Hashable {
        package let release: String
        package let isCurrent: Bool
        package let isPrevious: Bool
        /// True for a release whose manifest is there and can't be believed.
        package let isCorrupt: Bool?
        /// `nil`, as the next ones, for a release without a manifest: it is incomplete.
        package let files: Int?
        package let bytes: Int64?
        /// ISO 8601, UTC.
        package let createdAt: String?
        /// An ARN.
        package let createdBy: String?
    }

    private static let tasks = 16

    private let store: ReleaseStore

    package init(_ store: ReleaseStore) { self.store = store }

    /// - Returns: the newest first, incomplete ones last.
    package func run(_ pointer: ReleasePointer?) async throws -> [Entry] {
        let store = store
        let releases = try await store.releases()
        var entries: [Entry] = []
        try await withThrowingTaskGroup(of: Entry.self) { group in
            var rest = releases[...]
            func begin() {
                guard let release = rest.popFirst() else { return }
                group.addTask {
                    var (manifest, isCorrupt): (ReleaseManifest?, Bool?)
                    do { manifest = try await store.manifest(release) } catch let failure as Failure
                        where failure.cause is CorruptManifest
                    {
                        isCorrupt = true
                    }
                    return Entry(
                        release: release.text, isCurrent: pointer?.release == release,
                        isPrevious: pointer?.previous == release, isCorrupt: isCorrupt, files: manifest?.files.count,
                        bytes: manifest?.size,
                        createdAt: manifest?.createdAt, createdBy: manifest?.createdBy)
                }
            }
            for _ in 0..<Self.tasks { begin() }
            while let entry = try await group.next() {
                entries.append(entry)
                begin()
            }
        }
        return entries.sorted { ($0.createdAt ?? "", $0.release) > ($1.createdAt ?? "", $1.release) }
    }
}
