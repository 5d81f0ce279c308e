/// A condition that did not come true in time.
package struct NeverHappened: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// Waits for a condition that something else brings about, looking each millisecond.
/// - Parameters:
///   - what: names the condition in the error.
///   - limit: then `NeverHappened` is thrown. It only ends what hangs, on a machine that may be busy.
package func eventually(
    _ what: String, within limit: Duration = .seconds(120), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        if ContinuousClock.now >= deadline { throw NeverHappened("not within \(limit): \(what)") }
        try await Task.sleep(for: .milliseconds(1))
    }
}
