package import AWSServices
package import Support

/// Reads both trees and compares them.
struct FlatSurvey {
    /// Pairs that are compared one after another in a task, and such tasks at a time.
    private static let batch = 64
    private static let tasks = 16

    let s3: S3
    let places: [TreePlace]
    /// `nil` while the folder isn't there.
    let tree: LocalTree?
    let folder: TreeFolder?
    let filter: TreeFilter
    let expectedOwner: String?
    let partSize: Int64
    /// Whether links of the local tree count as what they are; they are left out where they can't be pushed.
    var skipsLinks = false
    /// Where given, all paths of both sides have to be able to lie in that folder.
    var traits: FolderTraits?

    /// Both trees, compared.
    struct Result {
        var plan = FlatPlan()
        var pairs: [(MergePair, FileComparison)] = []
        var overlaid: [OverlaidFile] = []
        var overlaidFiles = 0
        var skipped: [String] = []
        /// Where nothing lies.
        var emptyPlaces: [TreePlace] = []
        var leftovers: [String] = []
        var safety = KeySafety(FolderTraits())
    }

    private typealias Compared = [(MergePair, FileComparison)]

    /// - Parameter keepsDifferences: whether pairs that differ are wanted themselves.
    /// - Throws: what either side throws. Nothing has been written then.
    func run(_ rules: FlatPlan.Rules, keepsDifferences: Bool = false) async throws -> Result {
        var result = Result()
        if let traits { result.safety = KeySafety(traits) }
        let checks = traits != nil
        func add(_ pair: MergePair, _ comparison: FileComparison) {
            result.plan.add(pair, comparison, rules)
            guard keepsDifferences else { return }
            if case .both = pair, comparison == .same { return }
            result.pairs.append((pair, comparison))
        }
        var walk = try tree?.walk()
        var remotes = RemoteTrees(
            s3, places, filter: filter, expectedOwner: expectedOwner,
            deletes: rules.direction == .push && rules.deletes)
        let comparison = folder.map { folder in
            ContentComparison(
                s3: s3, places: places, expectedOwner: expectedOwner, folder: folder,
                followsLinks: tree?.options.symlinks == .follow, partSize: partSize)
        }
        var links: [String] = []
        func nextLocal() throws -> TreeFile? {
            while let file = try walk?.next() {
                guard skipsLinks, file.link != nil else { return file }
                links.append(file.path)
            }
            return nil
        }
        try await withThrowingTaskGroup(of: Compared.self) { group in
            var pending: [(TreeFile, RemoteFile)] = []
            var running = 0
            func begin() async throws {
                guard let comparison, !pending.isEmpty else { return }
                if running >= Self.tasks, let done = try await group.next() {
                    running -= 1
                    for (pair, outcome) in done { add(pair, outcome) }
                }
                let batch = pending
                pending = []
                running += 1
                group.addTask {
                    var compared: Compared = []
                    for (local, remote) in batch {
                        try Task.checkCancellation()
                        compared.append((.both(local, remote), try await comparison.compare(local, remote)))
                    }
                    return compared
                }
            }
            var local = try nextLocal()
            var remote = try await remotes.next()
            while let pair = TreeMerge.next(local, remote) {
                if checks { result.safety.take(pair.path) }
                switch pair {
                case .local:
                    local = try nextLocal()
                    add(pair, .same)
                case .remote:
                    remote = try await remotes.next()
                    add(pair, .same)
                case .both(let left, let right):
                    local = try nextLocal()
                    remote = try await remotes.next()
                    if left.link == nil, left.size == right.size {
                        pending.append((left, right))
                        if pending.count >= Self.batch { try await begin() }
                    } else {
                        add(pair, left.link == nil ? .size : .kind)
                    }
                }
            }
            try await begin()
            while let done = try await group.next() { for (pair, outcome) in done { add(pair, outcome) } }
        }
        let inside = rules.direction == .push ? places.first { RemoteTrees.isInRelease($0.prefix) } : nil
        if let place = remotes.releasePlaces.first ?? inside {
            throw Failure(
                .usage, "\(place): releases lie there, which a flat tree would mix with plain files or delete",
                hint: "leave --flat out, or name another place: s3://bucket/prefix")
        }
        result.emptyPlaces = remotes.emptyPlaces
        result.plan.sort()
        result.overlaid = remotes.overlaid
        result.overlaidFiles = remotes.overlaidCount
        result.skipped = (walk?.skipped ?? []) + links.prefix(100)
        result.leftovers = walk?.leftovers ?? []
        return result
    }
}

/// What flat push and pull have in common.
package struct FlatOptions: Sendable {
    package var filter = TreeFilter()
    /// Whether what only the side written to has is deleted, after everything else succeeded.
    package var deletes = false
    /// With more deletions than this nothing is done at all.
    package var maxDelete: Int?
    package var dryRun = false
    /// The account that the bucket must belong to.
    package var expectedOwner: String?
    package var pool = TransferPool.Options()
    package var transfer = TransferOptions()
    /// How long another pull into the folder is waited for.
    package var lockLimit = Duration.seconds(300)
    /// Told who else pulls into the folder while that is waited for, and `nil` afterwards.
    package var waiting: @Sendable (String?) -> Void = { _ in }

    package init() {
        // Other files may well succeed; more failures than that have one cause.
        pool.failures = 20
    }

    /// Why the deletions of a plan may not be made; `nil` when they may.
    func refusal(_ plan: FlatPlan) -> FlatRefusal? {
        let count = plan.count(.delete)
        if let maxDelete { return count > maxDelete ? FlatRefusal(deletions: count, maxDelete: maxDelete) : nil }
        return count > 0 && plan.sourceFiles == 0 ? FlatRefusal(deletions: count, maxDelete: nil) : nil
    }

    /// - Throws: `Failure` of kind `failed` before anything is written: more deletions than are allowed, or everything would be
    ///   deleted. A dry run tells it in its report.
    func guardDeletions(_ plan: FlatPlan, _ what: String) throws {
        if !dryRun, let refusal = refusal(plan) { throw refusal.failure(what, dryRun: false) }
    }
}

/// Deletions that are not made: too many, or of everything.
package struct FlatRefusal: Sendable, Codable, Hashable {
    package let deletions: Int
    /// What was allowed; `nil` where nothing was said and there is nothing to copy, so that all files would be deleted.
    package let maxDelete: Int?

    /// As a summary tells it: `12 deletions, --max-delete 10`.
    package var text: String {
        let count = deletions == 1 ? "1 deletion" : "\(deletions) deletions"
        return maxDelete.map { "\(count), --max-delete \($0)" } ?? "\(count) and nothing to copy, no --max-delete"
    }

    /// - Parameter dryRun: whether it would be refused only.
    package func failure(_ what: String, dryRun: Bool) -> Failure {
        let outcome = dryRun ? "nothing would be done, since" : "nothing was done, since"
        guard let maxDelete else {
            return Failure(
                .failed,
                "\(what): \(outcome) there is nothing to copy and all \(deletions) files would be deleted",
                hint: "if that is meant, say --max-delete \(deletions)")
        }
        return Failure(
            .failed, "\(what): \(outcome) \(deletions) files would be deleted, more than \(maxDelete)",
            hint: "if that is meant, allow it with --max-delete \(deletions)" + (dryRun ? "" : "; --dry-run lists them")
        )
    }
}
