package import AWS
package import AWSServices
internal import FoundationEssentials
internal import Support
internal import Watch

/// Finds out why an operation on a stack failed. A look-up that fails becomes a note and never hides the error itself.
package struct StackDiagnoser: Sendable {
    /// How deep nested stacks are looked into.
    private static let depth = 4
    private static let mostOthers = 5

    private let cloudFormation: CloudFormation
    private let events: StackEvents
    private let investigator: TaskInvestigator
    private let inspector: FindingInspector

    package init(client: AWSClient) {
        cloudFormation = CloudFormation(client)
        events = StackEvents(cloudFormation)
        investigator = TaskInvestigator(client: client)
        inspector = FindingInspector(client: client)
    }

    /// Diagnoses an operation from its events.
    ///
    /// - Parameters:
    ///   - id: of the stack; its nested stacks are read by theirs.
    ///   - keptEvidence: whether the operation ran without rollback.
    ///   - looksAtServices: whether tasks of services that failed are looked at.
    package func diagnose(
        stack name: String, id: String, status: CloudFormation.StackStatus, events: [CloudFormation.StackEvent],
        keptEvidence: Bool, looksAtServices: Bool = true
    ) async -> Diagnosis {
        var diagnosis = Diagnosis(stack: name, status: status.rawValue)
        var causes: [Diagnosis.Cause] = []
        await collect(events, path: [], depth: Self.depth, into: &causes, notes: &diagnosis.notes)
        if causes.isEmpty, let own = StackCause.first(in: events) {
            // What was wrong with the operation as a whole.
            causes.append(Diagnosis.Cause(own, path: [own.logicalResourceId ?? name]).located(by: events))
        }
        diagnosis.cause = causes.first
        diagnosis.others = Array(causes.dropFirst().prefix(Self.mostOthers))
        if causes.count > Self.mostOthers + 1 {
            diagnosis.notes.append("\(causes.count - Self.mostOthers - 1) further failures are not listed")
        }
        if status == .deleteFailed || status.rawValue.hasSuffix("ROLLBACK_FAILED") {
            let failed = events.filter { $0.isFailure && !$0.isOfStackItself }.compactMap(\.logicalResourceId)
            diagnosis.stuck = failed.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        }
        for cause in causes.prefix(3) where cause.type == "AWS::ECS::Service" && looksAtServices {
            await lookAtService(
                cause, since: events.first?.timestamp, keptEvidence: keptEvidence, into: &diagnosis)
        }
        await complete(&diagnosis)
        return diagnosis
    }

    /// Diagnoses a stack as it stands: its last operation when that failed, else the tasks that failed in its cluster.
    ///
    /// - Parameter cluster: where its tasks run.
    package func diagnose(stack: CloudFormation.Stack, cluster: String) async throws -> Diagnosis {
        let id = stack.stackId ?? stack.stackName
        let status = stack.stackStatus
        var diagnosis = Diagnosis(stack: stack.stackName, status: status.rawValue)
        if status.isFailed || status.rawValue.contains("ROLLBACK") || status.isInProgress {
            let operation = try await events.lastOperation(of: id)
            diagnosis = await diagnose(
                stack: stack.stackName, id: id, status: status, events: operation.events,
                keptEvidence: !status.rawValue.contains("ROLLBACK"))
        }
        if diagnosis.tasks.isEmpty {
            do {
                // Those of a stack of this name that was deleted are no news of this one.
                diagnosis.tasks = try await investigator.failedTasks(cluster: cluster, since: stack.creationTime)
            } catch let error as AWSError where error.isNotFound || error.code == "ClusterNotFoundException" {
                // A stack without a cluster has no tasks.
            } catch {
                diagnosis.notes.append("its tasks could not be looked at: \(error)")
            }
            if !diagnosis.tasks.isEmpty { await complete(&diagnosis) }
        }
        return diagnosis
    }

    /// The failures of an operation that are nobody's echo, those inside nested stacks instead of the stacks'.
    private func collect(
        _ events: [CloudFormation.StackEvent], path: [String], depth: Int, into causes: inout [Diagnosis.Cause],
        notes: inout [String]
    ) async {
        for event in events where event.isFailure && !event.isOfStackItself {
            let path = path + [event.logicalResourceId ?? "?"]
            let isNested = event.resourceType == "AWS::CloudFormation::Stack"
            if isNested, depth > 0, let id = Self.id(of: event, among: events) {
                do {
                    let before = causes.count
                    let inner = try await self.events.lastOperation(of: id).events
                    await collect(inner, path: path, depth: depth - 1, into: &causes, notes: &notes)
                    if causes.count > before { continue }
                } catch {
                    notes.append("nested stack \(path.joined(separator: "/")) could not be looked at: \(error)")
                }
            }
            causes.append(Diagnosis.Cause(event, path: path).located(by: events))
        }
    }

    /// The id of a nested stack; not every event of it bears it.
    private static func id(
        of event: CloudFormation.StackEvent, among events: [CloudFormation.StackEvent]
    ) -> String? {
        let same = [event] + events.filter { $0.logicalResourceId == event.logicalResourceId && !$0.isOfStackItself }
        return same.compactMap(\.physicalResourceId).first { $0.hasPrefix("arn:") }
    }

    /// - Parameter since: when the operation began; what tasks did before has other causes.
    private func lookAtService(
        _ cause: Diagnosis.Cause, since: Date?, keptEvidence: Bool, into diagnosis: inout Diagnosis
    ) async {
        let name = cause.path.joined(separator: "/")
        let service = cause.physicalID ?? ""
        var isGone = false
        do {
            let found = try await investigator.failedTasks(ofService: service) { $0.wasMade(since: since) }
            diagnosis.tasks += found
            if !found.isEmpty { return }
            // ListTasks answers for a deleted service too. The rollback of an update deletes none.
            if !keptEvidence { isGone = try await investigator.isDeleted(service: service) }
        } catch let error as AWSError where Self.saysGone(error) {
            // The note below says it.
            isGone = true
        } catch {
            diagnosis.notes.append("the tasks of service \(name) could not be looked at: \(error)")
            return
        }
        diagnosis.notes.append(
            keptEvidence || !isGone
                ? "ECS knows no task of service \(name) that failed in this operation; it forgets them after about an hour"
                : "the rollback has deleted service \(name), and with it the evidence of what its tasks did: run the "
                    + "command again with --no-rollback to keep it")
    }

    private static func saysGone(_ error: AWSError) -> Bool {
        error.isNotFound
            || ["ClusterNotFoundException", "ServiceNotFoundException", "ServiceNotActiveException"].contains(
                error.code)
    }

    /// Reads what is missing out of all texts, and looks at it.
    private func complete(_ diagnosis: inout Diagnosis) async {
        let texts = [diagnosis.cause?.reason].compactMap { $0 } + diagnosis.others.map(\.reason)
        diagnosis.findings = await inspector.findings(texts, tasks: diagnosis.tasks)
    }
}

extension Diagnosis.Cause {
    init(_ event: CloudFormation.StackEvent, path: [String]) {
        self.path = path
        type = event.resourceType
        physicalID = event.physicalResourceId.flatMap { $0.isEmpty ? nil : $0 }
        status = event.resourceStatus ?? "?"
        reason =
            event.resourceStatusReason.flatMap { $0.isEmpty ? nil : $0 } ?? event.resourceStatus ?? "no reason given"
        at = event.timestamp
    }

    /// With the physical id that another event of the resource has: that of a failed update may lack what the one of its
    /// rollback bears.
    func located(by events: [CloudFormation.StackEvent]) -> Diagnosis.Cause {
        guard physicalID == nil, let name = path.last else { return self }
        var located = self
        located.physicalID =
            events.first { $0.logicalResourceId == name && !($0.physicalResourceId ?? "").isEmpty }?.physicalResourceId
        return located
    }
}
