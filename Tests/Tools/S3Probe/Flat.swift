import AWSServices
import ConfigSync
import Support
import Synchronization

extension Probe {
    /// `flat-push DIR s3://bucket/prefix [delete]`: what was done, as JSON.
    func flatPush(_ folder: String, to place: String, _ words: [String]) async throws {
        let push = FlatPush(s3, from: folder, to: try TreePlace(parsing: place), options: options(words))
        try show(try await push.run(progress: words.contains("progress") ? Lines() : nil))
    }

    /// `flat-pull DIR s3://bucket/prefix... [delete]`
    func flatPull(to folder: String, _ words: [String]) async throws {
        let places = try words.filter { $0.hasPrefix("s3://") }.map { try TreePlace(parsing: $0) }
        let pull = FlatPull(s3, from: places, to: folder, options: options(words))
        try show(try await pull.run(progress: words.contains("progress") ? Lines() : nil))
    }

    private func options(_ words: [String]) -> FlatOptions {
        var options = FlatOptions()
        options.deletes = words.contains("delete")
        options.dryRun = words.contains("dry-run")
        for word in words { if let count = Int(word) { options.pool.smallFiles = count } }
        return options
    }

    private func show(_ report: FlatReport) throws {
        print(
            "\(report.transferred.files) moved, \(report.deleted) deleted, \(report.same.files) same, "
                + "\(report.failures.count) failed, \(report.seconds) s")
        if let error = report.error { throw error }
        measureSelf()
    }

    private struct Lines: ProgressSink {
        func show(_ progress: TransferProgress) { fputLine("\(progress)") }
    }
}
