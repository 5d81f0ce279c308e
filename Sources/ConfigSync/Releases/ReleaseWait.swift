internal import AWS
internal import AWSServices
internal import Support

/// Finds the release that is to be pulled, and waits where that may help.
package struct ReleaseWait: Sendable {
    private let store: ReleaseStore
    /// Told why it waits, when the reason changes.
    private let say: @Sendable (String) -> Void
    private let reason = LastReason()

    package init(_ store: ReleaseStore, say: @escaping @Sendable (String) -> Void) {
        self.store = store
        self.say = say
    }

    /// Notes for what the work itself waits; `nil`: it goes on.
    package func note(_ what: String, _ waiting: String?) {
        if reason.set(waiting ?? ""), let waiting { say("\(what): waiting: \(waiting)") }
    }

    /// Does the work again while S3 doesn't answer or there is no pointer yet.
    ///
    /// - Parameter limit: how long all of it may take; `nil`: one attempt (each request is tried several times anyway).
    /// - Throws: `Failure` of kind `timedOut` at the limit, with the last reason; at once what waiting doesn't change.
    package func run<Output: Sendable>(
        limit: Duration?, _ what: String, _ work: @escaping @Sendable () async throws -> Output
    ) async throws -> Output {
        guard let limit else { return try await work() }
        _ = reason.set("")
        do {
            return try await Deadline.run(limit, what: what) {
                var attempt = 0
                while true {
                    do { return try await work() } catch let error where Self.mayPass(error) {
                        if reason.set("\(error)") { say("\(what): waiting: \(reason.text)") }
                        attempt += 1
                        try await Task.sleep(for: .milliseconds(min(5000, 250 << min(attempt, 5))))
                    }
                }
            }
        } catch let failure as Failure where failure.kind == .timedOut {
            let why = reason.text.isEmpty ? "it was still under way" : reason.text
            throw Failure(
                .timedOut, "\(what): not done after \(DurationText.format(limit)): \(why)",
                hint: failure.hint ?? "raise --timeout, or run it again: files that have been fetched stay")
        }
    }

    /// Whether the same may succeed a little later.
    package static func mayPass(_ error: any Error) -> Bool {
        switch error {
        case is AWSNoAnswer, is NoPointer, is AlteredObject, is FolderInUse: true
        case let error as AWSError: error.httpStatus >= 500 || error.isThrottling
        case let failure as Failure: failure.cause.map { mayPass($0) } ?? false
        default: false
        }
    }

    /// The release that the pointer names.
    package func current() async throws -> ReleaseStore.FoundPointer {
        guard let found = try await store.pointer() else {
            let failure = store.noPointer
            throw Failure(failure.kind, failure.message, hint: failure.hint, cause: NoPointer())
        }
        return found
    }

    /// Pulls the release that the pointer names.
    package func pullCurrent(
        _ puller: ReleasePuller, progress: (any ProgressSink)?
    ) async throws -> ReleasePuller.Report {
        try await puller.run(
            try await current().pointer.release, renewed: { try await current().pointer.release }, progress: progress)
    }

    private struct NoPointer: Error {}
}
