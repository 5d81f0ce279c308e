internal import AWSServices
internal import Support

/// One object of a tree.
package struct RemoteFile: Sendable, Hashable {
    /// Relative to the tree.
    package let path: String
    /// In bytes.
    package let size: Int64
    /// With its quotes, as S3 writes it.
    package let eTag: String
    /// Which of the trees that are read it lies in, counted from 0.
    package let source: Int

    package init(path: String, size: Int64, eTag: String, source: Int = 0) {
        self.path = path
        self.size = size
        self.eTag = eTag
        self.source = source
    }
}

/// A file that several trees have: the last of them counts.
package struct OverlaidFile: Sendable, Hashable, Codable {
    package let path: String
    /// The tree whose file doesn't count: `s3://bucket/prefix/`.
    package let from: String
    /// The tree whose file counts.
    package let by: String
}

/// The objects of one or more trees, as one sorted stream. Where several trees have a path the last tree's object counts.
struct RemoteTrees {
    private struct Head {
        let place: TreePlace
        var listing: S3.Listing
        /// In reverse order.
        var page: [S3.ListedObject] = []
        var next: RemoteFile?
        var isOver = false
        var isEmpty = true
    }

    /// The places in which releases lie.
    private(set) var releasePlaces: [TreePlace] = []
    /// The places of which a complete listing had no object.
    private(set) var emptyPlaces: [TreePlace] = []

    private let filter: TreeFilter
    /// Whether what only the trees have is to be deleted: then no release may lie anywhere in them.
    private let deletes: Bool
    private var heads: [Head]
    /// What an earlier tree has too, at most a thousand of them.
    private(set) var overlaid: [OverlaidFile] = []
    private(set) var overlaidCount = 0

    init(_ s3: S3, _ places: [TreePlace], filter: TreeFilter, expectedOwner: String?, deletes: Bool = false) {
        self.filter = filter
        self.deletes = deletes
        heads = places.map {
            Head(
                place: $0, listing: s3.listing(bucket: $0.bucket, prefix: $0.prefix, expectedOwner: expectedOwner))
        }
    }

    /// The next object; `nil` after the last one of a complete listing. Markers of folders don't count.
    mutating func next() async throws -> RemoteFile? {
        if heads.count == 1 { return try await nextOf(0) }
        for index in heads.indices where heads[index].next == nil && !heads[index].isOver {
            heads[index].next = try await nextOf(index)
            heads[index].isOver = heads[index].next == nil
        }
        var best: RemoteFile?
        for index in heads.indices {
            guard let candidate = heads[index].next else { continue }
            guard let other = best else {
                best = candidate
                continue
            }
            let order = ByteText.order(candidate.path, other.path)
            if order == 0 {
                tell(other, candidate)
                heads[other.source].next = nil
            }
            if order <= 0 { best = candidate }
        }
        if let best { heads[best.source].next = nil }
        return best
    }

    private mutating func tell(_ earlier: RemoteFile, _ later: RemoteFile) {
        overlaidCount += 1
        guard overlaid.count < 1000 else { return }
        overlaid.append(
            OverlaidFile(
                path: later.path, from: "\(heads[earlier.source].place)", by: "\(heads[later.source].place)"))
    }

    private mutating func nextOf(_ index: Int) async throws -> RemoteFile? {
        while true {
            if let object = heads[index].page.popLast() {
                let path = String(object.key.utf8.dropFirst(heads[index].place.prefix.utf8.count)) ?? ""
                // Consoles make empty objects to show folders.
                if object.size == 0, path.isEmpty || path.utf8.last == UInt8(ascii: "/") { continue }
                heads[index].isEmpty = false
                if Self.isOfReleases(path) { tellReleases(heads[index].place) }
                guard filter.admits(path) else { continue }
                if deletes, Self.isInRelease(object.key) { tellReleases(heads[index].place) }
                return RemoteFile(path: path, size: object.size, eTag: object.eTag, source: index)
            }
            guard let page = try await heads[index].listing.nextPage() else {
                let head = heads[index]
                if head.isEmpty, !emptyPlaces.contains(head.place) { emptyPlaces.append(head.place) }
                return nil
            }
            heads[index].page = page.reversed()
        }
    }

    /// Whether only a place of releases has such an object: `releases/<hash>/manifest.json`.
    private static func isOfReleases(_ path: String) -> Bool {
        guard path.hasPrefix("releases/"), path.hasSuffix("/manifest.json") else { return false }
        return ReleaseHash(String(path.dropFirst("releases/".count).dropLast("/manifest.json".count))) != nil
    }

    /// Whether a key is one of a release, wherever its place lies: `…/releases/<hash>/…`.
    static func isInRelease(_ key: String) -> Bool {
        let parts = key.split(separator: "/")
        return zip(parts, parts.dropFirst()).contains { $0 == "releases" && ReleaseHash(String($1)) != nil }
    }

    private mutating func tellReleases(_ place: TreePlace) {
        if !releasePlaces.contains(place) { releasePlaces.append(place) }
    }
}
