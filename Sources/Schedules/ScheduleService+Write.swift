internal import AWS
internal import AWSServices
internal import Support

extension ScheduleService {
    /// What one attempt to write a schedule came to.
    private enum Attempt: Sendable {
        case written
        case roleNotReady(AWSError)
    }

    /// Sends a request; waits while Scheduler can't assume a role that may just have been made.
    /// - Returns: warnings.
    func write(
        _ request: Scheduler.ScheduleRequest, _ what: String, _ onWait: @Sendable (String) -> Void,
        send: (Scheduler.ScheduleRequest) async throws -> Void
    ) async throws -> [String] {
        do {
            try await waitForRole(request, what, onWait, send: send)
            return []
        } catch let error as AWSError where request.startDate != nil && Self.isPastStart(error) {
            // AWS refuses a start in the past, even the one that the schedule has had all along.
            var request = request
            request.startDate = nil
            try await waitForRole(request, what, onWait, send: send)
            return request.scheduleExpression.hasPrefix("rate")
                ? ["\(what): its start date is past and was dropped; the rate counts from now on"] : []
        }
    }

    private func waitForRole(
        _ request: Scheduler.ScheduleRequest, _ what: String, _ onWait: @Sendable (String) -> Void,
        send: (Scheduler.ScheduleRequest) async throws -> Void
    ) async throws {
        let waiter = Waiter<Attempt>(
            what: "the schedule's role", interval: PollInterval(first: .seconds(2), longest: .seconds(10)),
            deadline: Self.roleDeadline, elapsed: pauses.elapsed, sleep: pauses.sleep)
        var last: AWSError?
        do {
            _ = try await waiter.wait {
                do {
                    var request = request
                    // Each call is one of its own: a refused token would only bring back the refusal.
                    request.clientToken = RequestToken.make()
                    try await send(request)
                    return .written
                } catch let error as AWSError where Self.isRoleNotReady(error) {
                    if last == nil {
                        onWait("waiting for role \(request.target.roleArn) to be usable by EventBridge Scheduler")
                    }
                    last = error
                    return .roleNotReady(error)
                }
            } accept: { attempt in
                if case .written = attempt { .done } else { .again() }
            }
        } catch let failure as Failure where failure.kind == .timedOut {
            guard let last else { throw failure }
            throw Failure(
                .failed, "\(what): \(last)",
                hint: "role \(request.target.roleArn) must trust scheduler.amazonaws.com for schedule group "
                    + "'\(request.groupName ?? "default")'",
                cause: last)
        }
    }

    private static func isRoleNotReady(_ error: AWSError) -> Bool {
        error.code == "ValidationException"
            && error.message.contains("must allow AWS EventBridge Scheduler to assume the role")
    }

    private static func isPastStart(_ error: AWSError) -> Bool {
        error.code == "ValidationException" && error.message.contains("StartDate")
            && error.message.contains("cannot be earlier than")
    }
}
