internal import AWSServices
internal import Support
internal import Tasks
internal import Watch

/// What a command does with tasks that it has started: print their ARNs, or stay with them to their end.
struct LaunchFollower: Sendable {
    let session: Session
    let waits: Bool
    /// The container whose code counts, when the user named one.
    let picked: String?
    let deadline: Duration?

    init(_ session: Session, waits: Bool, picked: String?, deadline: Duration? = nil) {
        self.session = session
        self.waits = waits
        self.picked = picked
        self.deadline = deadline
    }

    /// - Parameter record: told how the tasks ended before the command ends.
    /// - Throws: `PassedCode` with the container's code when it is not 0.
    func follow(
        _ started: TaskRunner.Launch, _ request: ECS.RunTaskRequest, _ definition: ECS.TaskDefinition,
        record: @escaping @Sendable (TaskReport) async throws -> Void = { _ in }
    ) async throws {
        for failure in started.failures { session.warn("one task was not started: \(failure)") }
        guard waits else {
            try session.result(["taskArns": started.arns], lines: started.arns)
            if !started.failures.isEmpty { throw PassedCode(ExitStatus.ownFailure) }
            return
        }
        for arn in started.arns { session.say("started \(arn)") }
        let network = request.networkConfiguration?.awsvpcConfiguration
        let attendant = TaskAttendant(
            session: session, cluster: request.cluster ?? "default",
            subjects: started.arns.map { .init(arn: $0, definition: definition) }, picked: picked, isOwner: true,
            deadline: deadline,
            address: network.map { $0.assignPublicIp == "ENABLED" ? .isPublic : .isPrivate } ?? .unknown)
        let report = try await attendant.stay(missesTasks: !started.failures.isEmpty)
        do { try await Shielded.run { try await record(report) } } catch {
            session.warn("the verdict could not be written down: \(error)")
        }
        try session.conclude(report)
    }
}
