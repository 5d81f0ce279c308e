/// Which way files go.
package enum FlatDirection: String, Sendable, Codable, CaseIterable { case push, pull }

/// How two files of one path compare.
package enum FileComparison: String, Sendable, Codable, CaseIterable {
    case same
    /// They have different sizes.
    case size
    /// They have the same size and different bytes.
    case content
    /// One is a symbolic link.
    case kind
    /// The same size, and nothing that S3 says tells more: moved, to be sure.
    case unknown
}

/// One thing to be done to one file.
package struct FlatChange: Sendable, Hashable, Codable {
    package enum Action: String, Sendable, Codable, CaseIterable {
        case upload, download
        /// Of an object (push) or a file (pull) that the other side doesn't have.
        case delete
        /// Owner or mode of a file whose bytes are right.
        case adjust
    }

    package enum Reason: String, Sendable, Codable, CaseIterable {
        /// It isn't there.
        case missing
        case size, content, kind, unknown
        /// The other side doesn't have it.
        case extra
        /// Owner or mode are other ones.
        case attributes
    }

    /// Relative to both trees.
    package let path: String
    package let action: Action
    package let reason: Reason
    /// To be moved; of a deleted file what it had.
    package let bytes: Int64
    /// The tree that a download comes from, counted from 0.
    let source: Int
    /// The file on this machine, if there is one.
    let local: TreeFile?

    private enum CodingKeys: CodingKey { case path, action, reason, bytes }

    init(
        _ path: String, _ action: Action, _ reason: Reason, bytes: Int64, source: Int = 0, local: TreeFile? = nil
    ) {
        self.path = path
        self.action = action
        self.reason = reason
        self.bytes = bytes
        self.source = source
        self.local = local
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            try values.decode(String.self, forKey: .path), try values.decode(Action.self, forKey: .action),
            try values.decode(Reason.self, forKey: .reason), bytes: try values.decode(Int64.self, forKey: .bytes))
    }
}

/// What has to be done so that one tree becomes like the other. Pure: made of pairs and how they compare.
package struct FlatPlan: Sendable, Hashable {
    /// Which changes are wanted at all.
    package struct Rules: Sendable {
        package var direction: FlatDirection
        package var deletes: Bool
        /// What pulled files are to have.
        package var attributes: FileAttributes

        package init(_ direction: FlatDirection, deletes: Bool = false, attributes: FileAttributes = FileAttributes()) {
            self.direction = direction
            self.deletes = deletes
            self.attributes = attributes
        }
    }

    /// In the order of the paths' bytes.
    package private(set) var changes: [FlatChange] = []
    /// Files that are the same on both sides, and their bytes.
    package private(set) var sameFiles = 0
    package private(set) var sameBytes: Int64 = 0
    /// Files that only the side written to has and that are left there.
    package private(set) var extraFiles = 0
    /// Files of the side that is read.
    package private(set) var sourceFiles = 0

    package init() {}

    /// - Parameter pairs: of two sorted trees.
    package init(_ rules: Rules, _ pairs: [(MergePair, FileComparison)]) {
        for (pair, comparison) in pairs { add(pair, comparison, rules) }
    }

    /// - Parameter comparison: of the two files of a pair; looked at for such a pair only.
    package mutating func add(_ pair: MergePair, _ comparison: FileComparison, _ rules: Rules) {
        switch (pair, rules.direction) {
        case (.local(let file), .push):
            sourceFiles += 1
            changes.append(FlatChange(file.path, .upload, .missing, bytes: file.size, local: file))
        case (.remote(let file), .pull):
            sourceFiles += 1
            changes.append(FlatChange(file.path, .download, .missing, bytes: file.size, source: file.source))
        case (.local(let file), .pull): addExtra(file.path, file.size, file, rules)
        case (.remote(let file), .push): addExtra(file.path, file.size, nil, rules)
        case (.both(let local, let remote), _):
            sourceFiles += 1
            guard let reason = Self.reason(comparison) else { return addSame(local, rules) }
            let isPush = rules.direction == .push
            changes.append(
                FlatChange(
                    local.path, isPush ? .upload : .download, reason, bytes: isPush ? local.size : remote.size,
                    source: remote.source, local: local))
        }
    }

    /// Puts the changes into the order of their paths, where pairs came in another one.
    package mutating func sort() { changes.sort { ByteText.order($0.path, $1.path) < 0 } }

    package func count(_ actions: FlatChange.Action...) -> Int { changes.count { actions.contains($0.action) } }

    private mutating func addExtra(_ path: String, _ size: Int64, _ local: TreeFile?, _ rules: Rules) {
        if rules.deletes {
            changes.append(FlatChange(path, .delete, .extra, bytes: size, local: local))
        } else {
            extraFiles += 1
        }
    }

    private mutating func addSame(_ local: TreeFile, _ rules: Rules) {
        sameFiles += 1
        sameBytes += local.size
        if rules.direction == .pull, !rules.attributes.fits(local) {
            changes.append(FlatChange(local.path, .adjust, .attributes, bytes: 0, local: local))
        }
    }

    private static func reason(_ comparison: FileComparison) -> FlatChange.Reason? {
        switch comparison {
        case .same: nil
        case .size: .size
        case .content: .content
        case .kind: .kind
        case .unknown: .unknown
        }
    }
}
