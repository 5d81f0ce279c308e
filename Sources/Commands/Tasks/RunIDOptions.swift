internal import AWS
internal import ArgumentParser
internal import Environment
internal import Support
internal import Tasks

/// The options of launches that are repeatable: one id, one launch.
struct RunIDOptions: ParsableArguments {
    @Option(
        name: .customLong("run-id"),
        help: ArgumentHelp(
            "Launch once under this id: again, the same command goes on with what it started.", valueName: "id"))
    var runID: String?
    @Option(
        help: ArgumentHelp(
            "With --run-id, when the launch's fate is unknown: this is its task; may be repeated.", valueName: "arn"))
    var adopt: [String] = []
    @Flag(help: "With --run-id, when the launch's fate is unknown: launch anew.")
    var relaunch = false

    func validate() throws {
        guard runID != nil || (adopt.isEmpty && !relaunch) else {
            throw ValidationError("--adopt and --relaunch go with --run-id")
        }
        guard adopt.isEmpty || !relaunch else { throw ValidationError("--adopt and --relaunch exclude each other") }
    }

    /// - Throws: `Failure` of kind `usage` for an id that names no run, or an ARN that names no task.
    func fate() throws -> RecordedRun.Fate {
        if let runID { try RunRecord.check(id: runID) }
        if let wrong = adopt.first(where: { ARN($0)?.ecsTask == nil }) {
            throw Failure(.usage, "--adopt '\(wrong)': is no ARN of a task", hint: "arn:aws:ecs:…:task/CLUSTER/ID")
        }
        return relaunch ? .relaunch : adopt.isEmpty ? .unsaid : .adopt(adopt)
    }

    /// Where runs of the project are written down: in its bucket, so that any machine finds them; without one on this
    /// machine.
    static func store(_ session: Session, account: String) async throws -> any RunStore {
        let stack = try Names(session.settings).stack
        if session.settings[.bucket] != nil {
            return S3RunStore(
                session.client, bucket: try Names(session.settings).bucket, stack: stack, account: account)
        }
        let environment = session.context.environment
        let state = environment["XDG_STATE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        guard let base = state ?? environment["HOME"].map({ $0 + "/.local/state" }) else {
            throw Failure(
                .usage, "--run-id: nowhere to write down the launch: neither S3_BUCKET nor HOME is set",
                hint: "set S3_BUCKET in the env file, or XDG_STATE_HOME")
        }
        return FolderRunStore(folder: "\(base)/fgctl/runs/\(account)-\(try await session.client.region)-\(stack)")
    }
}
