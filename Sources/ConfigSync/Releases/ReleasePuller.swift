internal import AWS
internal import AWSServices
internal import Support

/// Unpacks one release into a folder, and makes `current` name it.
package struct ReleasePuller: Sendable {
    package struct Report: Sendable, Codable, Hashable {
        package let release: String
        /// What `current` named before; `nil` for the first.
        package let previous: String?
        /// `s3://bucket/prefix/`
        package let place: String
        /// The folder.
        package let to: String
        /// The release's.
        package let files: Int
        package let bytes: Int64
        package var downloadedFiles = 0
        package var downloadedBytes: Int64 = 0
        /// Taken over from a release that was here, verified.
        package var reusedFiles = 0
        /// Files of a release that was here and had been altered, put right.
        package var repairedFiles = 0
        /// Whether `current` was swapped, or would be in a dry run.
        package var isSwapped = false
        package var dryRun = false
        /// Releases that were removed from the folder.
        package var removed: [String] = []
        package var seconds: Double = 0

        /// Whether nothing had to be done.
        package var isUpToDate: Bool { !isSwapped && downloadedFiles + reusedFiles + repairedFiles == 0 }
    }

    package struct Options: Sendable {
        /// What files get besides their bytes; without a mode each has its own of the manifest.
        package var attributes = FileAttributes()
        package var dryRun = false
        package var pool = TransferPool.Options()
        /// How long another pull into the folder is waited for.
        package var lockLimit = Duration.seconds(300)
        /// Told who else pulls into the folder while that is waited for, and `nil` afterwards.
        package var waiting: @Sendable (String?) -> Void = { _ in }
        package init() {}
    }

    private let store: ReleaseStore
    private let folder: ReleaseFolder
    private let options: Options

    package init(_ store: ReleaseStore, into folder: ReleaseFolder, options: Options = Options()) {
        self.store = store
        self.folder = folder
        self.options = options
    }

    /// - Parameters:
    ///   - release: which; it is fetched whole or not at all.
    ///   - renewed: asked where another pull into the folder had to be waited for, since that one may have been about a newer
    ///     release; `nil` for a release that was named.
    /// - Throws: `Failure` of kind `failed` naming what is missing, corrupt or can't be written, of kind `timedOut` when another
    ///   pull does not end; what S3 throws. `current` is as it was then.
    package func run(
        _ release: ReleaseHash, renewed: (@Sendable () async throws -> ReleaseHash)? = nil,
        progress: (any ProgressSink)? = nil
    ) async throws -> Report {
        let started = ContinuousClock.now
        var release = release
        var manifest = try await manifest(release)
        if options.dryRun { return try await dryRun(manifest) }
        try folder.prepare(folderAttributes)
        let lock = try await folder.lock(limit: options.lockLimit, waiting: options.waiting)
        defer { withExtendedLifetime(lock) {} }
        if lock.waited, let newer = try await renewed?(), newer != release {
            release = newer
            manifest = try await self.manifest(newer)
        }
        let previous = folder.current()
        var report = report(manifest, previous: previous)
        try await unpack(manifest, &report, progress)
        if previous != release { try folder.swap(to: release) }
        // Without a swap all releases stay, but what interrupted runs of others have left goes.
        let kept: Set<ReleaseHash>? = report.isSwapped ? [release, previous ?? release] : nil
        report.removed = try folder.tidy(keeping: kept).map(\.text)
        report.seconds = (ContinuousClock.now - started) / .seconds(1)
        return report
    }

    /// A release that was pulled before needs no network.
    private func manifest(_ release: ReleaseHash) async throws -> ReleaseManifest {
        if let known = folder.manifest(release) { return known }
        return try await store.existing(release)
    }

    private func report(_ manifest: ReleaseManifest, previous: ReleaseHash?) -> Report {
        var report = Report(
            release: manifest.hash.text, previous: previous?.text, place: "\(store.place)", to: folder.path,
            files: manifest.files.count, bytes: manifest.size)
        report.isSwapped = previous != manifest.hash
        return report
    }

    /// What a pull would do, found as it would find it, but for what it would clean up first.
    private func dryRun(_ manifest: ReleaseManifest) async throws -> Report {
        var report = report(manifest, previous: folder.current())
        report.dryRun = true
        let isThere = LocalFileSystem().isDirectory(folder.release(manifest.hash))
        let root = isThere ? folder.release(manifest.hash) : folder.partial(manifest.hash)
        var work = Work(files: manifest.files.filter { $0.link == nil })
        if LocalFileSystem().isDirectory(root) {
            work = try await survey(manifest, root, try TreeFolder(root), cleans: false)
        }
        if isThere { report.repairedFiles = work.count }
        let donors = try self.donors(manifest)
        for file in work.files {
            var isHere = false
            for donor in file.sha256.flatMap({ donors[$0] }) ?? [] where !isHere { isHere = try await donor.has(file) }
            if isHere {
                report.reusedFiles += 1
            } else {
                report.downloadedFiles += 1
                report.downloadedBytes += file.size
            }
        }
        return report
    }

    private var folderAttributes: FileAttributes {
        var attributes = options.attributes
        attributes.mode = attributes.mode ?? 0o644
        return attributes
    }

    private func wanted(_ file: ReleaseFile) -> FileAttributes {
        var attributes = options.attributes
        attributes.mode = attributes.mode ?? file.mode
        return attributes
    }

    /// Brings the release's folder to what the manifest says: a new one under a temporary name, one that is there in place, a
    /// file at a time.
    private func unpack(
        _ manifest: ReleaseManifest, _ report: inout Report, _ progress: (any ProgressSink)?
    ) async throws {
        let isThere = LocalFileSystem().isDirectory(folder.release(manifest.hash))
        let root = isThere ? folder.release(manifest.hash) : folder.partial(manifest.hash)
        let target = try TreeFolder(root, creating: true, attributes: folderAttributes)
        // To look at a folder's ways is to write into it: never where others read. What is there has been checked.
        if !isThere { try check(manifest, target) }
        let work = try await survey(manifest, root, target, cleans: true)
        for path in work.extra { try target.remove(path) }
        for file in work.links { if let link = file.link { try target.link(file.path, to: link) } }
        let failed = try await fetch(work.files, manifest, target, &report, progress)
        if let first = failed.first { throw first.error }
        if isThere {
            report.repairedFiles = work.count
        } else {
            try folder.keep(manifest)
            try folder.finish(manifest)
        }
    }

    private func check(_ manifest: ReleaseManifest, _ target: TreeFolder) throws {
        var safety = KeySafety(try target.traits())
        for file in manifest.files { safety.take(file.path) }
        try safety.check("pull release \(manifest.hash.short) into \(folder.path)")
    }

    private struct Work {
        var files: [ReleaseFile] = []
        var links: [ReleaseFile] = []
        /// What lies there and is none of the release's.
        var extra: [String] = []

        var count: Int { files.count + links.count + extra.count }
    }

    /// - Parameter cleans: whether files under way that others have left are removed.
    private func survey(
        _ manifest: ReleaseManifest, _ root: String, _ target: TreeFolder, cleans: Bool
    ) async throws -> Work {
        var walking = LocalTree.Options()
        walking.symlinks = .opaque
        walking.skipsSpecialFiles = true
        var walk = try LocalTree(root, options: walking).walk()
        var found: [ByteText: TreeFile] = [:]
        while let file = try walk.next() { found[ByteText(file.path)] = file }
        var work = Work()
        work.extra = walk.skipped
        if cleans { for path in walk.leftovers { try target.removeLeftover(path) } }
        for file in manifest.files {
            let there = found.removeValue(forKey: ByteText(file.path))
            if let link = file.link {
                if there?.link != link { work.links.append(file) }
            } else if let there, there.link == nil, there.size == file.size, wanted(file).fits(there),
                try await sum(of: file.path, target) == file.sha256
            {
                continue
            } else {
                work.files.append(file)
            }
        }
        work.extra += found.keys.map(\.text)
        return work
    }

    /// `nil` for a file that can't be read: it is fetched anew.
    private func sum(of path: String, _ target: TreeFolder) async throws -> String? {
        guard let reader = try? target.reader(path),
            case .sha256(let sum) = try await FileChecksum.of(reader.source, .sha256)
        else { return nil }
        return sum
    }

    private func fetch(
        _ files: [ReleaseFile], _ manifest: ReleaseManifest, _ target: TreeFolder, _ report: inout Report,
        _ progress: (any ProgressSink)?
    ) async throws -> [TransferFailure] {
        let donors = try self.donors(manifest)
        var download = FileDownload(store.s3, bucket: store.place.bucket, into: target)
        download.expectedOwner = store.expectedOwner
        download.advice = Self.advice
        let fetching = download
        let (reused, bytes) = (Tally(), Tally())
        let (place, hash) = (store.place, manifest.hash)
        let failed = try await TransferPool(options.pool, on: store.s3.lanes, progress: files.isEmpty ? nil : progress)
            .run(files, bytes: \.size) { file, meter in
                guard let sum = file.sha256 else { return }
                for donor in donors[sum] ?? [] {
                    if try await donor.copy(file, to: target, wanted(file)) {
                        reused.add()
                        return meter.moved(file.size)
                    }
                }
                do {
                    try await fetching.fetch(
                        place.fileKey(hash, file.path), size: file.size, to: file.path, attributes: wanted(file),
                        checksum: .sha256(sum), meter: meter)
                } catch let error as AlteredObject {
                    throw Failure(
                        .failed, "pull release \(hash.short): \(error)",
                        hint: Self.advice, cause: error)
                } catch let error as AWSError where error.httpStatus == 404 || error.httpStatus == 403 {
                    throw Failure(
                        .failed,
                        "pull release \(hash.short): \(place.shown(place.fileKey(hash, file.path))) is missing or "
                            + "may not be read (\(error.code)), though the manifest names it",
                        hint:
                            "the next 'fgctl config-push' of the same folder puts it right; or it was pruned meanwhile: "
                            + "'fgctl config-list' shows the releases", cause: error)
                }
                bytes.add(Int(file.size))
            }
        report.reusedFiles = reused.count
        report.downloadedFiles = files.count - reused.count - failed.count
        report.downloadedBytes = Int64(bytes.count)
        return failed
    }

    private static let advice = "'fgctl config-push' of the same folder puts the release right"

    /// Files of releases that are here, by their checksums.
    private func donors(_ manifest: ReleaseManifest) throws -> [String: [Donor]] {
        let wanted = Set(manifest.files.compactMap(\.sha256))
        var found: [String: [Donor]] = [:]
        for release in folder.known() {
            guard let known = folder.manifest(release), let tree = try? TreeFolder(folder.release(release)) else {
                continue
            }
            for file in known.files {
                if let sum = file.sha256, wanted.contains(sum) {
                    found[sum, default: []].append(Donor(folder: tree, path: file.path))
                }
            }
        }
        return found
    }
}

/// A file of a release that is here.
///
/// It is copied, not linked: who writes to a file of one release must not alter another.
private struct Donor: Sendable {
    let folder: TreeFolder
    let path: String

    /// Whether it has the bytes that the manifest says.
    func has(_ file: ReleaseFile) async throws -> Bool {
        guard let reader = try? folder.reader(path), reader.source.length == file.size,
            case .sha256(let sum) = try await FileChecksum.of(reader.source, .sha256)
        else { return false }
        return sum == file.sha256
    }

    /// - Returns: `false` when it is not there or doesn't have the bytes that the manifest says.
    func copy(_ file: ReleaseFile, to target: TreeFolder, _ attributes: FileAttributes) async throws -> Bool {
        guard let reader = try? folder.reader(path), reader.source.length == file.size else { return false }
        let staged = try target.stage(file.path, attributes: attributes)
        var offset: Int64 = 0
        while offset < file.size {
            let bytes = try reader.source.read(at: offset, count: Int(min(1 << 20, file.size - offset)))
            try staged.write(bytes, at: offset)
            offset += Int64(bytes.count)
        }
        guard case .sha256(let sum) = try await FileChecksum.of(try staged.source(), .sha256), sum == file.sha256
        else { return false }
        try staged.commit()
        return true
    }
}
