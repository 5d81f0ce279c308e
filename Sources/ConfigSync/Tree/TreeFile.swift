/// One file of a tree that is synced, as it lies on disk or stands in a release's manifest.
package struct TreeFile: Sendable, Hashable {
    /// The numbers of a user and a group.
    package struct Owner: Sendable, Hashable {
        package let uid: UInt32
        package let gid: UInt32

        package init(uid: UInt32, gid: UInt32) {
            self.uid = uid
            self.gid = gid
        }
    }

    /// Relative to the tree's root, parts joined by `/`, in UTF-8; never empty, absolute or leaving the root.
    package let path: String
    /// In bytes; 0 for a symbolic link.
    package let size: Int64
    /// The permission bits (0o000 to 0o777).
    package let mode: UInt16
    /// Where a symbolic link points, as written in it; `nil` for a plain file.
    package let link: String?
    /// Whose it is on disk; `nil` where that isn't known.
    package let owner: Owner?

    package init(path: String, size: Int64, mode: UInt16, link: String? = nil, owner: Owner? = nil) {
        self.path = path
        self.size = size
        self.mode = mode
        self.link = link
        self.owner = owner
    }
}
