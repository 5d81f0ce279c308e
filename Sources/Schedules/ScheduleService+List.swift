internal import AWS
package import AWSServices
internal import Support

extension ScheduleService {
    /// The schedules of a group by name; each is read, since the list holds no expressions. One that is removed meanwhile is
    /// left out.
    /// - Throws: `Failure(.failed)` when there is no such group, `AWSError`.
    package func list(group: String) async throws -> [ScheduleSummary] {
        try await stored(group: group).map { ScheduleSummary($0.schedule, name: $0.name, group: group) }
    }

    /// The same, as GetSchedule gives them.
    package func stored(group: String) async throws -> [(name: String, schedule: Scheduler.GetScheduleResponse)] {
        let names: [String]
        do {
            names = try await scheduler.listSchedules(group: group).compactMap(\.name)
        } catch let error as AWSError where error.code == "ResourceNotFoundException" {
            throw Failure(
                .failed, "list schedules: there is no schedule group '\(group)'",
                hint: "the task stack makes it: 'fgctl cf-create-stack'", cause: error)
        }
        typealias Stored = (name: String, schedule: Scheduler.GetScheduleResponse)
        let scheduler = scheduler
        return try await withThrowingTaskGroup(of: Stored?.self) { tasks in
            var found: [Stored] = []
            for (index, name) in names.enumerated() {
                if index >= Self.readsAtOnce, let stored = try await tasks.next() {
                    found += [stored].compactMap { $0 }
                }
                tasks.addTask { try await scheduler.getSchedule(name, group: group).map { (name, $0) } }
            }
            for try await stored in tasks { found += [stored].compactMap { $0 } }
            return found.sorted { $0.name < $1.name }
        }
    }
}
