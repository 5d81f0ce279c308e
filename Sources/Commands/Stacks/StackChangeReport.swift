internal import Schedules
internal import Stacks

/// What commands print that changed a stack: its report, what was done to it, and to which of its schedules; the JSON form
/// is stable.
struct StackChangeReport: Encodable {
    /// created, updated, unchanged.
    let action: String
    let stack: StackReport
    let schedules: [ScheduleService.Pointing]

    private enum CodingKeys: String, CodingKey { case action, changedSchedules }

    func encode(to encoder: any Encoder) throws {
        try stack.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(action, forKey: .action)
        try container.encode(schedules, forKey: .changedSchedules)
    }

    var lines: [String] { stack.outputs.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" } }
}
