/// A condition that did not come true in time.
package struct NeverHappened: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// Waits for a condition that something else brings about, looking each millisecond.
///
/// The limit ends a test that would hang. It is no measure of speed: among a thousand other tests a task waits for its turn.
/// - Parameters:
///   - what: names the condition in the error.
///   - limit: then `NeverHappened` is thrown.
package func eventually(
    _ what: String, within limit: Duration = .seconds(300), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        if ContinuousClock.now >= deadline { throw NeverHappened("not within \(limit): \(what)") }
        try await Task.sleep(for: .milliseconds(1))
    }
}
