internal import AWS
internal import AWSServices
internal import FoundationEssentials
internal import Support
internal import Synchronization
internal import Watch

/// The failed tasks of which an operation has told already, by ARN.
package final class ToldTasks: Sendable {
    private let arns = Mutex<Set<String>>([])
    package init() {}
    /// Whether it was not told before; it is from now on.
    func insert(_ arn: String) -> Bool { arns.withLock { $0.insert(arn).inserted } }
    var all: Set<String> { arns.withLock { $0 } }
}

/// Looks at the tasks of services that CloudFormation waits for: it waits for hours for one whose tasks fail again and again,
/// and says nothing of why.
final class ServiceWatch: Sendable {
    /// After how many failed tasks of a service nothing good is expected of it.
    private static let patience = 3

    private struct State {
        /// Services under way by ARN, with their logical id and when that began.
        var services: [String: (name: String, since: Date)] = [:]
        var failures: [String: Int] = [:]
        var looks = 0
    }

    private let what: String
    private let givenHint: String?
    private let isUpdate: Bool
    private let investigator: TaskInvestigator
    private let inspector: FindingInspector
    private let show: @Sendable (String) -> Void
    private let told: ToldTasks
    private let state = Mutex(State())

    /// - Parameters:
    ///   - what: the operation, for messages.
    ///   - cancelHint: how the operation is ended.
    ///   - isUpdate: whether it is an update, which ends with the deployment of a service that it waits for.
    ///   - told: learns which tasks were told.
    init(
        client: AWSClient, what: String, cancelHint: String?, isUpdate: Bool = false, told: ToldTasks = ToldTasks(),
        show: @escaping @Sendable (String) -> Void
    ) {
        self.what = what
        self.told = told
        givenHint = cancelHint
        self.isUpdate = isUpdate
        investigator = TaskInvestigator(client: client)
        inspector = FindingInspector(client: client)
        self.show = show
    }

    /// How the operation is ended, by one of the services that are under way where it is an update.
    var cancelHint: String? {
        let first = state.withLock { $0.services.keys.min() }
        return givenHint ?? first.flatMap(rollbackHint)
    }

    private func rollbackHint(_ arn: String) -> String? {
        guard isUpdate, let name = arn.split(separator: "/").last else { return nil }
        return "roll it back with 'fgctl service-rollback \(name)'"
    }

    /// Learns from an event which services are under way.
    func note(_ event: CloudFormation.StackEvent) {
        guard event.resourceType == "AWS::ECS::Service", let arn = event.physicalResourceId, arn.hasPrefix("arn:")
        else {
            return
        }
        let isUnderWay = ["CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"].contains(event.resourceStatus ?? "")
        state.withLock { state in
            guard isUnderWay else { return state.services[arn] = nil }
            let since = state.services[arn]?.since ?? event.timestamp
            state.services[arn] = (event.logicalResourceId ?? arn, since)
        }
    }

    /// One look, every second time that it is asked for, at all services of a cluster together: with the events' own calls that
    /// stays modest.
    ///
    /// - Throws: `Failure` when a service keeps failing; CloudFormation goes on all the same.
    func look() async throws {
        let services = state.withLock { state in
            state.looks += 1
            return state.looks % 2 == 0 ? state.services : [:]
        }
        guard !services.isEmpty else { return }
        /// The service that a task is of; a task that does not say is of the only one.
        func service(of name: String?) -> (arn: String, name: String, since: Date)? {
            guard let name else { return services.count == 1 ? services.first.map { ($0, $1.name, $1.since) } : nil }
            return services.first { $0.key.hasSuffix("/\(name)") }.map { ($0, $1.name, $1.since) }
        }
        let tasks: [FailedTask]
        do {
            let begun = services.values.map(\.since).min()
            tasks = try await investigator.failedTasks(ofServices: Array(services.keys)) { $0.wasMade(since: begun) }
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // The stack's own events go on telling; this only adds to them.
            return
        }
        for task in tasks.reversed() {
            guard let service = service(of: task.service), task.verdict.createdAt.map({ $0 >= service.since }) ?? true,
                (task.verdict.stoppedAt ?? .distantPast) >= service.since
            else { continue }
            try await tell(task, of: service.arn, named: service.name)
        }
    }

    private func tell(_ task: FailedTask, of arn: String, named name: String) async throws {
        guard told.insert(task.verdict.taskArn) else { return }
        let failures = state.withLock { state in
            state.failures[arn, default: 0] += 1
            return state.failures[arn, default: 1]
        }
        show("  service \(name): a task failed")
        for line in task.lines { show(line) }
        let finding = await inspector.findings(of: [task]).first
        for line in finding?.lines ?? [] { show("  \(line)") }
        guard failures >= Self.patience else { return }
        let cause = task.verdict.cause ?? "its tasks fail"
        throw Failure(
            .failed, "\(what): service \(name) keeps failing: \(cause)" + (finding.map { "; \($0.text)" } ?? ""),
            hint: "CloudFormation goes on waiting for it, for hours"
                + ((givenHint ?? rollbackHint(arn)).map { ": \($0)" } ?? "")
                + (finding.map { "; then \($0.advice)" } ?? ""))
    }
}
