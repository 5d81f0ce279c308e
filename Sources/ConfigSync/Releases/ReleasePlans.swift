package import FoundationEssentials

/// What a push has to move, decided without looking at anything.
package struct ReleasePushPlan: Sendable, Hashable {
    package struct Copy: Sendable, Hashable {
        package let file: ReleaseFile
        /// The path of the same bytes in the release before.
        package let from: String
    }

    /// From this size on a copy inside S3 (two small requests) is cheaper than an upload.
    package static let copySize: Int64 = 256 << 10

    package private(set) var uploads: [ReleaseFile] = []
    package private(set) var copies: [Copy] = []
    /// There already, left by an interrupted push.
    package private(set) var present: [ReleaseFile] = []

    /// - Parameters:
    ///   - files: of the new release.
    ///   - previous: of the release that counts now; where both have the same bytes these are copied.
    ///   - present: paths whose objects are there and hold the right bytes.
    package init(_ files: [ReleaseFile], previous: [ReleaseFile], present: Set<ByteText>) {
        var known: [String: ReleaseFile] = [:]
        for file in previous { if let sum = file.sha256, known[sum] == nil { known[sum] = file } }
        for file in files {
            // A symbolic link stands in the manifest only.
            guard let sum = file.sha256 else { continue }
            if present.contains(ByteText(file.path)) {
                self.present.append(file)
            } else if file.size >= Self.copySize, let same = known[sum], same.size == file.size {
                copies.append(Copy(file: file, from: same.path))
            } else {
                uploads.append(file)
            }
        }
    }
}

/// Which releases are deleted.
package struct ReleasePrunePlan: Sendable, Hashable {
    /// A release as a listing and its manifest tell it.
    package struct Candidate: Sendable, Hashable {
        package let release: ReleaseHash
        /// When its manifest was last written; `nil` for one without, which a push may be busy with.
        package let writtenAt: Date?

        package init(release: ReleaseHash, writtenAt: Date?) {
            self.release = release
            self.writtenAt = writtenAt
        }
    }

    /// A task that starts now may have read the pointer some time ago.
    package static let grace: TimeInterval = 3600

    /// The oldest first.
    package let deleted: [ReleaseHash]

    /// - Parameters:
    ///   - keep: how many of the newest stay, the current one among them; at least 1.
    ///   - pointer: neither what it names nor what it named before is ever deleted.
    ///   - pinned: nor are these; they don't count as any of the newest unless they are.
    package init(
        _ candidates: [Candidate], keep: Int, pointer: ReleasePointer?, pinned: Set<ReleaseHash> = [], now: Date
    ) {
        guard let pointer else {
            deleted = []
            return
        }
        let whole = candidates.compactMap { candidate in candidate.writtenAt.map { (candidate.release, $0) } }
            .sorted { $0.1 == $1.1 ? $0.0.text > $1.0.text : $0.1 > $1.1 }
        let kept: Set<ReleaseHash> = [pointer.release, pointer.previous ?? pointer.release]
        var room = max(1, keep) - whole.count { kept.contains($0.0) }
        var deleted: [ReleaseHash] = []
        for (release, writtenAt) in whole where !kept.contains(release) {
            room -= 1
            if room >= 0 || pinned.contains(release) { continue }
            if now.timeIntervalSince(writtenAt) > Self.grace { deleted.append(release) }
        }
        self.deleted = deleted.reversed()
    }
}

/// How a folder's files differ from a release's.
package struct ReleaseDifference: Sendable, Hashable, Codable {
    package enum Kind: String, Sendable, Codable, CaseIterable {
        /// Only the folder has it.
        case added
        /// Only the release has it.
        case removed
        /// Both have it, with other bytes or another link.
        case changed
        /// Only the permission bits differ.
        case mode
    }

    package let path: String
    package let kind: Kind
    /// In bytes.
    package let localSize: Int64?
    package let remoteSize: Int64?
    package let localMode: FileMode?
    package let remoteMode: FileMode?
    /// Where a symbolic link points; `nil` for a file.
    package let localLink: String?
    package let remoteLink: String?

    private init(_ kind: Kind, local: ReleaseFile?, remote: ReleaseFile?) {
        path = local?.path ?? remote?.path ?? ""
        self.kind = kind
        localSize = local?.size
        remoteSize = remote?.size
        localMode = local.map { FileMode($0.mode) }
        remoteMode = remote.map { FileMode($0.mode) }
        localLink = local?.link
        remoteLink = remote?.link
    }

    /// Both lists in the order of their paths' bytes.
    package static func of(local: [ReleaseFile], remote: [ReleaseFile]) -> [ReleaseDifference] {
        var found: [ReleaseDifference] = []
        var (left, right) = (0, 0)
        while left < local.count || right < remote.count {
            let order =
                left == local.count
                ? 1 : right == remote.count ? -1 : ByteText.order(local[left].path, remote[right].path)
            if order < 0 {
                found.append(.init(.added, local: local[left], remote: nil))
                left += 1
            } else if order > 0 {
                found.append(.init(.removed, local: nil, remote: remote[right]))
                right += 1
            } else {
                let (mine, theirs) = (local[left], remote[right])
                if mine.sha256 != theirs.sha256 || mine.link != theirs.link {
                    found.append(.init(.changed, local: mine, remote: theirs))
                } else if mine.mode != theirs.mode {
                    found.append(.init(.mode, local: mine, remote: theirs))
                }
                left += 1
                right += 1
            }
        }
        return found
    }
}
