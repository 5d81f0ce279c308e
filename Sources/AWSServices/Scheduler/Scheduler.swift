package import AWS

/// Amazon EventBridge Scheduler: schedules and their groups.
package struct Scheduler: Sendable {
    package static let service = Service(
        .scheduler, apiVersion: "2021-06-30", wire: .restJSON,
        memberNames: .pascalCase(
            except: [
                "awsvpcConfiguration", "capacityProvider", "weight", "base", "type", "expression", "field",
            ]))

    private let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    /// The schedule of that name in its group; `nil` when there is none.
    package func getSchedule(_ name: String, group: String) async throws -> GetScheduleResponse? {
        do {
            return try await client.send(
                Self.getSchedule, GetScheduleRequest(name: name, groupName: group), on: "\(group)/\(name)")
        } catch let error as AWSError where error.code == "ResourceNotFoundException" {
            return nil
        }
    }

    package func createSchedule(_ request: ScheduleRequest) async throws -> ScheduleResponse {
        try await client.send(Self.createSchedule, request, on: request.label)
    }

    /// Replaces a schedule whole: every field left out goes back to its default.
    package func updateSchedule(_ request: ScheduleRequest) async throws -> ScheduleResponse {
        try await client.send(Self.updateSchedule, request, on: request.label)
    }

    /// - Parameter token: at most 64 characters.
    package func deleteSchedule(_ name: String, group: String, token: String) async throws {
        let request = DeleteScheduleRequest(name: name, groupName: group, clientToken: token)
        _ = try await client.send(Self.deleteSchedule, request, on: "\(group)/\(name)")
    }

    /// All schedules of a group. The answers hold no expression: read each one.
    package func listSchedules(group: String) async throws -> [ScheduleSummary] {
        var found: [ScheduleSummary] = []
        let pages = client.pages(
            Self.listSchedules, ListSchedulesRequest(groupName: group), on: group,
            output: { $0.nextToken }, input: { $0.nextToken = $1 })
        for try await page in pages { found += page.schedules ?? [] }
        return found
    }
}

extension Scheduler {
    private static let getSchedule = Operation<GetScheduleRequest, GetScheduleResponse>(
        "GetSchedule", of: service, .reads, method: "GET", path: "/schedules/{Name}")
    private static let createSchedule = Operation<ScheduleRequest, ScheduleResponse>(
        "CreateSchedule", of: service, .mutates, idempotent: .byToken("clientToken"), method: "POST",
        path: "/schedules/{Name}")
    private static let updateSchedule = Operation<ScheduleRequest, ScheduleResponse>(
        "UpdateSchedule", of: service, .mutates, idempotent: .byToken("clientToken"), method: "PUT",
        path: "/schedules/{Name}")
    private static let deleteSchedule = Operation<DeleteScheduleRequest, Nothing>(
        "DeleteSchedule", of: service, .mutates, idempotent: .byToken("clientToken"), method: "DELETE",
        path: "/schedules/{Name}")
    private static let listSchedules = Operation<ListSchedulesRequest, ListSchedulesResponse>(
        "ListSchedules", of: service, .reads, method: "GET", path: "/schedules")
}
