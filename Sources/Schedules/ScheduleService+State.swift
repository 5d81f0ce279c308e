internal import AWS
internal import AWSServices
internal import Support

extension ScheduleService {
    /// A schedule as it is stored.
    /// - Parameter stack: the task stack, for the look at the other engine.
    /// - Throws: `Failure(.failed)` when there is none of that name.
    package func stored(
        _ name: String, group: String, stack: String, for purpose: String
    ) async throws -> StoredSchedule {
        guard let found = try await scheduler.getSchedule(name, group: group) else {
            throw await missing(name, group: group, stack: stack, purpose)
        }
        return StoredSchedule(name: name, group: group, response: found)
    }

    private func missing(_ name: String, group: String, stack: String, _ purpose: String) async -> Failure {
        let hint =
            await engines.hasRule(name, stack: stack)
            ? "there is a rule '\(name)' of the older engine: add --engine rule"
            : "'fgctl schedule-list' shows what there is; a rule of the older engine needs --engine rule"
        return Failure(
            .failed, "\(purpose): there is no schedule '\(name)' in group '\(group)'", hint: hint)
    }

    /// Enables or disables a schedule; all else is written back as it is.
    ///
    /// - Parameter stack: the task stack, for the look at the other engine.
    /// - Returns: whether something was written, and warnings.
    /// - Throws: `Failure(.failed)` when there is no such schedule, or the other engine would run the job too.
    package func set(
        _ state: ScheduleDesired.State, of name: String, group: String, stack: String
    ) async throws -> (isChanged: Bool, warnings: [String]) {
        let purpose = state == .enabled ? "enable schedule" : "disable schedule"
        var race = 1
        while true {
            let existing = try await stored(name, group: group, stack: stack, for: purpose).response
            guard existing.state ?? ScheduleDesired.State.enabled.rawValue != state.rawValue else { return (false, []) }
            guard let target = existing.target else {
                throw Failure(.failed, "\(purpose) \(group)/\(name): AWS gives no target of it")
            }
            let warning = state == .enabled ? try await engines.refuseRule(name, stack: stack) : nil
            var request = ScheduleMerge.request(existing, target, name: name, group: group)
            request.state = state.rawValue
            do {
                let more = try await write(request, "\(purpose) \(group)/\(name)", { _ in }) {
                    _ = try await scheduler.updateSchedule($0)
                }
                return (true, [warning].compactMap { $0 } + more)
            } catch let error as AWSError where race < Self.longestRace && error.code == "ConflictException" {
                race += 1
                try await pauses.sleep(.seconds(1))
            }
        }
    }

    /// Removes a schedule.
    /// - Parameter stack: the task stack, for the look at the other engine.
    /// - Throws: `Failure(.failed)` when there is none of that name.
    package func remove(_ name: String, group: String, stack: String) async throws {
        do {
            try await scheduler.deleteSchedule(name, group: group, token: RequestToken.make())
        } catch let error as AWSError where error.code == "ResourceNotFoundException" {
            throw await missing(name, group: group, stack: stack, "remove schedule")
        }
    }
}
