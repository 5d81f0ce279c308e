/// What stands at one path of two trees.
package enum MergePair: Sendable, Hashable {
    case local(TreeFile)
    case remote(RemoteFile)
    case both(TreeFile, RemoteFile)

    package var path: String {
        switch self {
        case .local(let file), .both(let file, _): file.path
        case .remote(let file): file.path
        }
    }
}

/// Brings two sorted streams together. Pure.
package enum TreeMerge {
    /// What comes next where these two are the heads of their streams; the heads that it holds are to be taken.
    /// - Returns: `nil` when both streams are over.
    package static func next(_ local: TreeFile?, _ remote: RemoteFile?) -> MergePair? {
        guard let local else { return remote.map { .remote($0) } }
        guard let remote else { return .local(local) }
        let order = ByteText.order(local.path, remote.path)
        return order < 0 ? .local(local) : order > 0 ? .remote(remote) : .both(local, remote)
    }

    /// The pairs of two sorted lists.
    package static func pairs(_ local: [TreeFile], _ remote: [RemoteFile]) -> [MergePair] {
        var pairs: [MergePair] = []
        var (left, right) = (local[...], remote[...])
        while let pair = next(left.first, right.first) {
            switch pair {
            case .local: left.removeFirst()
            case .remote: right.removeFirst()
            case .both:
                left.removeFirst()
                right.removeFirst()
            }
            pairs.append(pair)
        }
        return pairs
    }
}
