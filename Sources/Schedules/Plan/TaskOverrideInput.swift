internal import Environment
internal import FoundationEssentials
internal import Support

/// The input of a schedule that starts an ECS task: the JSON text of a TaskOverride, as RunTask takes it.
///
/// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html
struct TaskOverrideInput {
    /// RunTask's limit for overrides, in characters, JSON included.
    static let longest = 8192

    /// Keywords that Scheduler replaces in the input at each run, by the variable that takes them to the job.
    ///
    /// https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
    static let context = [
        (name: "TASK_TRIGGERED_AT", value: "<aws.scheduler.scheduled-time>"),
        (name: "SCHEDULE_EXECUTION_ID", value: "<aws.scheduler.execution-id>"),
    ]

    /// Whether the variables of `context` are added: rules of the older engine replace nothing in their input.
    private let addsContext: Bool
    private var members: [String: JSONValue] = [:]
    private(set) var changes: [ScheduleChange] = []

    /// - Parameter text: the input that is there; `nil` or empty: none.
    /// - Throws: `Failure(.failed)` when it is no TaskOverride; it is then not touched.
    init(_ text: String?, schedule: String, engine: ScheduleEngine = .scheduler) throws {
        addsContext = engine == .scheduler
        guard let text, !text.isEmpty else { return }
        let decoded: JSONValue
        do {
            decoded = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        } catch {
            throw Self.unreadable(schedule, cause: error)
        }
        guard let members = decoded.object, members["containerOverrides", default: .array([])].array != nil else {
            throw Self.unreadable(schedule)
        }
        self.members = members
    }

    private static func unreadable(_ schedule: String, cause: (any Error)? = nil) -> Failure {
        Failure(
            .failed, "schedule \(schedule): its input is not a task override, so it can't be merged",
            hint: "choose another TARGET_ID, or remove that schedule first", cause: cause)
    }

    /// Sets command and environment of one container; everything else stays.
    mutating func set(container: String, command: [String]?, environment: [(name: String, value: String)]) {
        var overrides = members["containerOverrides"]?.array ?? []
        let index = overrides.firstIndex { $0.object?["name"]?.string == container }
        var override = index.flatMap { overrides[$0].object } ?? ["name": .string(container)]
        if let command {
            let old = override["command"]?.array?.compactMap(\.string)
            if old != command {
                note("command", old.map(ShellWords.join), ShellWords.join(command))
                override["command"] = .array(command.map(JSONValue.string))
            }
        }
        override["environment"] = merged(override["environment"]?.array ?? [], environment)
        if let index { overrides[index] = .object(override) } else { overrides.append(.object(override)) }
        members["containerOverrides"] = .array(overrides)
    }

    /// Gives the one override that names a container which the stack no longer has the new container's name.
    mutating func rename(to container: String) {
        var overrides = members["containerOverrides"]?.array ?? []
        guard overrides.count == 1, var override = overrides[0].object, let old = override["name"]?.string,
            old != container
        else { return }
        note("container", old, container)
        override["name"] = .string(container)
        overrides[0] = .object(override)
        members["containerOverrides"] = .array(overrides)
    }

    /// The variables, sorted by name; those of the user win over the ones that fgctl adds.
    private mutating func merged(_ existing: [JSONValue], _ given: [(name: String, value: String)]) -> JSONValue {
        var values: [String: JSONValue] = [:]
        for entry in existing { if let name = entry.object?["name"]?.string { values[name] = entry.object?["value"] } }
        // Given twice, the later one counts; else the same wish would be a change each time.
        var wanted = given.reduce(into: [:]) { $0[$1.name] = $1.value }
        if addsContext {
            for (name, value) in Self.context where wanted[name] == nil && values[name] == nil { wanted[name] = value }
        }
        for (name, value) in wanted.sorted(by: { $0.key < $1.key }) where values[name] != .string(value) {
            note("environment \(name)", shown(values[name]?.string, of: name), shown(value, of: name))
            values[name] = .string(value)
        }
        let sorted = values.sorted { $0.key < $1.key }
        return .array(sorted.map { .object(["name": .string($0.key), "value": $0.value]) })
    }

    private func shown(_ value: String?, of name: String) -> String? {
        value.map { ContainerEnvironment.looksSecret(name) ? "****" : $0 }
    }

    private mutating func note(_ field: String, _ from: String?, _ to: String?) {
        changes.append(ScheduleChange(field: field, from: from, to: to))
    }

    /// The text with sorted keys. The angle brackets of Scheduler's keywords stay as they are.
    /// - Throws: `Failure(.usage)` when it is longer than RunTask takes.
    func text() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(JSONValue.object(members)), as: UTF8.self)
        guard text.count <= Self.longest else {
            throw Failure(
                .usage,
                "command and variables of the schedule take \(text.count) characters, ECS allows \(Self.longest)",
                hint: "put long values into the task definition, a file or a parameter")
        }
        return text
    }
}
