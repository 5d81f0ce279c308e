package import AWS
package import AWSServices
internal import Support

/// Starts tasks and stops them.
package struct TaskRunner: Sendable {
    /// What came of a launch.
    package struct Launch: Sendable {
        /// The tasks that were started, in ECS's order.
        package let arns: [String]
        /// Why others of the same launch were not, one line each.
        package let failures: [String]
    }

    /// The cause of failures that say for sure that no task was started.
    package struct NothingStarted: Error, CustomStringConvertible {
        package var description: String { "ECS answered without a task" }
    }

    /// How often and how long placing a task is tried when there is no capacity for it.
    package struct Patience: Sendable {
        /// The pauses between the tries.
        package var pauses: [Duration] = [.seconds(5), .seconds(10), .seconds(20), .seconds(30)]
        package var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
        package init() {}
    }

    private let ecs: ECS
    private let patience: Patience
    private let show: @Sendable (String) -> Void

    package init(_ client: AWSClient, patience: Patience = Patience(), show: @escaping @Sendable (String) -> Void) {
        ecs = ECS(client)
        self.patience = patience
        self.show = show
    }

    /// Starts what the request asks for.
    ///
    /// RunTask answers 200 with `failures` when nothing could be placed; lack of capacity is tried again with a token of
    /// its own, since such an answer means that nothing was started.
    /// - Parameter willSend: called before a token is sent for the first time.
    /// - Throws: `Failure` of kind `failed` when no task was started; `AWSError` when ECS refused the request.
    package func start(
        _ request: ECS.RunTaskRequest, willSend: (ECS.RunTaskRequest) async throws -> Void = { _ in }
    ) async throws -> Launch {
        var request = request
        for pause in patience.pauses.map(Optional.some) + [nil] {
            let answer: ECS.RunTaskResponse
            let launch = request
            try await willSend(launch)
            do {
                try Task.checkCancellation()
                // An interruption waits for the answer: without it nobody would know which task to stop.
                answer = try await Shielded.run { [ecs] in try await ecs.runTask(launch) }
            } catch let error as AWSError where error.code == "ConflictException" {
                return try adopt(error)
            } catch let error as AWSNoAnswer where error.mayHaveActed {
                throw Failure(
                    .failed, "\(error)",
                    hint:
                        "the task may have been started all the same: look for it in cluster \(launch.cluster ?? "default")",
                    cause: error)
            }
            let arns = (answer.tasks ?? []).map(\.taskArn)
            let failures = answer.failures ?? []
            if !arns.isEmpty { return Launch(arns: arns, failures: failures.map(Self.text)) }
            let text = failures.map(Self.text).joined(separator: "; ")
            guard let pause, !failures.isEmpty, failures.allSatisfy(Self.isCapacity) else {
                throw Failure(
                    .failed,
                    "run task \(request.taskDefinition): ECS started nothing: \(text.isEmpty ? "no reason given" : text)",
                    cause: NothingStarted())
            }
            show("no capacity for the task (\(text)); trying again in \(pause.components.seconds) s")
            try await patience.sleep(pause)
            request.clientToken = RequestToken.make()
        }
        throw Failure(
            .failed, "run task \(request.taskDefinition): ECS started nothing", cause: NothingStarted())
    }

    /// The same token was used before: what it started then is what we are after.
    private func adopt(_ error: AWSError) throws -> Launch {
        let arns = (error.fields["resourceIds"] ?? "").split(separator: ",").map(String.init)
        guard !arns.isEmpty else { throw error }
        show("this launch was made before: going on with \(arns.joined(separator: ", "))")
        return Launch(arns: arns, failures: [])
    }

    /// Asks ECS to stop tasks; all are asked, then the first refusal is thrown.
    package func stop(_ arns: [String], cluster: String, reason: String) async throws {
        var errors: [any Error] = []
        for arn in arns {
            do {
                _ = try await ecs.stopTask(cluster: cluster, task: arn, reason: String(reason.prefix(255)))
            } catch {
                errors.append(error)
            }
        }
        if !errors.isEmpty { throw Failures(errors) }
    }

    private static func text(_ failure: ECS.Failure) -> String {
        [failure.reason ?? "unknown", failure.detail, failure.arn].compactMap { $0 }.joined(separator: ": ")
    }

    /// Reasons that pass by themselves.
    private static func isCapacity(_ failure: ECS.Failure) -> Bool {
        let reason = failure.reason ?? ""
        return reason.hasPrefix("RESOURCE:") || reason.contains("Capacity is unavailable")
    }
}
