package import AWSServices
internal import Support

/// Compares a folder with one or more trees of objects; writes nothing.
package struct FlatDiff: Sendable {
    package struct Difference: Sendable, Hashable, Codable {
        package enum Kind: String, Sendable, Codable, CaseIterable {
            /// Only the folder has it.
            case onlyLocal
            /// Only the trees have it.
            case onlyRemote
            case differs
        }

        package let path: String
        package let kind: Kind
        /// Why two files differ; `nil` where only one side has the file.
        package let comparison: FileComparison?
        /// In bytes.
        package let localSize: Int64?
        package let remoteSize: Int64?
    }

    package struct Report: Sendable, Codable {
        /// The folder.
        package let local: String
        /// `s3://bucket/prefix/` of each tree.
        package let remote: [String]
        /// In the order of the paths' bytes.
        package let differences: [Difference]
        package let same: FlatReport.FileCount
        /// Links, sockets, pipes and devices that were left out, at most a hundred.
        package let skipped: [String]
        package let overlaid: [OverlaidFile]
        /// Seconds that it took.
        package let seconds: Double

        /// Whether there is no difference.
        package var isSame: Bool { differences.isEmpty }
    }

    private let s3: S3
    private let folder: String
    private let places: [TreePlace]
    private let options: FlatOptions

    /// - Parameters:
    ///   - folder: absolute, or relative to the working directory; one that isn't there counts as empty.
    ///   - options: only filter and owner count.
    package init(_ s3: S3, _ folder: String, _ places: [TreePlace], options: FlatOptions = FlatOptions()) {
        self.s3 = s3
        self.folder = folder
        self.places = places
        self.options = options
    }

    /// - Throws: `Failure` of kind `badInput` naming what can't be read; what S3 throws.
    package func run() async throws -> Report {
        let started = ContinuousClock.now
        let isThere = LocalFileSystem().exists(folder)
        var walking = LocalTree.Options()
        walking.filter = options.filter
        walking.skipsSpecialFiles = true
        let survey = FlatSurvey(
            s3: s3, places: places, tree: isThere ? LocalTree(folder, options: walking) : nil,
            folder: isThere ? try TreeFolder(folder) : nil, filter: options.filter,
            expectedOwner: options.expectedOwner, partSize: options.transfer.partSize)
        let found = try await survey.run(FlatPlan.Rules(.push), keepsDifferences: true)
        let differences = found.pairs.map(Self.difference).sorted { ByteText.order($0.path, $1.path) < 0 }
        return Report(
            local: folder, remote: places.map { "\($0)" }, differences: differences,
            same: .init(files: found.plan.sameFiles, bytes: found.plan.sameBytes), skipped: found.skipped,
            overlaid: found.overlaid, seconds: (ContinuousClock.now - started) / .seconds(1))
    }

    private static func difference(_ pair: MergePair, _ comparison: FileComparison) -> Difference {
        switch pair {
        case .local(let file):
            Difference(
                path: file.path, kind: .onlyLocal, comparison: nil, localSize: file.size, remoteSize: nil)
        case .remote(let file):
            Difference(
                path: file.path, kind: .onlyRemote, comparison: nil, localSize: nil, remoteSize: file.size)
        case .both(let local, let remote):
            Difference(
                path: local.path, kind: .differs, comparison: comparison, localSize: local.size,
                remoteSize: remote.size)
        }
    }
}
