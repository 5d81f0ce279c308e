package import AWS
internal import AWSServices
package import Services
package import Stacks
internal import Support
internal import Templates
package import Watch

/// What came of rolling a service back; its JSON form is stable.
package struct RollbackReport: Codable, Sendable {
    package let plan: RollbackPlan
    /// `rolledBack`, or `started` where nobody waited.
    package let outcome: String
    /// Where a revision was deployed.
    package let deployment: DeploymentReport?
    /// Of the stack, where that was changed.
    package let stackStatus: String?
    /// Of the services that were started anew afterwards.
    package var restarts: [DeploymentReport] = []
}

/// Brings back what a service ran before, as planned: by its stack, so that the two don't drift apart, where it has one.
package struct ServiceRollback: Sendable {
    private let client: AWSClient
    private let ecs: ECS
    private let upload: @Sendable (_ stack: String) -> TemplateUpload
    private let show: @Sendable (String) -> Void
    private let confirm: @Sendable (String) async throws -> Void
    private let timing: DeploymentWatch.Timing

    /// - Parameters:
    ///   - upload: for the template of a stack.
    ///   - confirm: asks a question; throws when the answer is not yes.
    package init(
        _ client: AWSClient, timing: DeploymentWatch.Timing,
        upload: @escaping @Sendable (_ stack: String) -> TemplateUpload,
        show: @escaping @Sendable (String) -> Void, confirm: @escaping @Sendable (String) async throws -> Void
    ) {
        self.client = client
        ecs = ECS(client)
        self.timing = timing
        self.upload = upload
        self.show = show
        self.confirm = confirm
    }

    /// The plan with what else it brings about: the services that a stack's parameters deploy, and the daemon that would go
    /// on with what it knew of the code before. Reads only.
    package static func foreseen(_ plan: RollbackPlan, _ client: AWSClient) async throws -> RollbackPlan {
        let formation = CloudFormation(client)
        guard plan.action == .updateStack, let name = plan.stack, let stack = try await formation.describeStack(name)
        else { return plan }
        var plan = plan
        let changed = Set(plan.parameters.map(\.name))
        do {
            let template = try Template(name: "of stack \(name)", body: try await formation.getTemplate(name))
            let resources = try await formation.listStackResources(name)
            plan.deploys = template.services(deployedBy: changed).compactMap { id in
                resources.first { $0.logicalResourceId == id }?.physicalResourceId.map { ServiceNames.name(ofARN: $0) }
            }
        } catch let error as AWSError where error.isAccessDenied {
            plan.notes.append("which services of stack \(name) are deployed by it is not known: \(error.message)")
        }
        guard changed.contains(DagsterRole.usercode.versionParameter),
            let daemon = stack.output(DagsterRole.daemon.output), !daemon.isEmpty
        else { return plan }
        plan.restarts = [daemon]
        return plan
    }

    /// Does what is planned.
    ///
    /// - Parameter waits: whether to stay until it is done; a change of a stack is followed always.
    /// - Throws: `Failure` when it does not come about.
    package func apply(_ plan: RollbackPlan, waits: Bool) async throws -> RollbackReport {
        switch plan.action {
        case .stopDeployment: try await stop(plan, waits: waits)
        case .updateStack: try await updateStack(plan, waits: waits)
        case .deployRevision: try await deploy(plan, waits: waits)
        }
    }

    private func stop(_ plan: RollbackPlan, waits: Bool) async throws -> RollbackReport {
        let what = "roll back service \(plan.service)"
        guard let arn = plan.serviceDeploymentArn else { throw Failure(.failed, "\(what): no deployment is under way") }
        let stopper = DeploymentStopper(client)
        guard try await Shielded.run({ try await stopper.stop(arn) }) else {
            throw Failure(
                .failed, "\(what): ECS can't end this deployment",
                hint:
                    "look at it with 'fgctl service-status \(plan.service)' and try again: what is done is rolled back another way"
            )
        }
        show("service \(plan.service): ECS goes back to what ran before")
        guard waits else { return RollbackReport(plan: plan, outcome: "started", deployment: nil, stackStatus: nil) }
        let status = try await RollbackWatch(client, timing: timing).follow(
            arn, service: plan.service, cluster: plan.cluster, tell: show)
        guard status == "ROLLBACK_SUCCESSFUL" else {
            throw Failure(
                .failed, "\(what): its deployment ended as \(status)",
                hint: "look at it with 'fgctl service-status \(plan.service)'")
        }
        return RollbackReport(plan: plan, outcome: "rolledBack", deployment: nil, stackStatus: nil)
    }

    private func updateStack(_ plan: RollbackPlan, waits: Bool) async throws -> RollbackReport {
        let what = "roll back service \(plan.service)"
        guard let name = plan.stack, let stack = try await CloudFormation(client).describeStack(name) else {
            throw Failure(.failed, "\(what): stack \(plan.stack ?? "?") is gone")
        }
        let update = StackParameterUpdate(client: client, upload: upload(name), show: show, confirm: confirm)
        let values = plan.parameters.map { (name: $0.name, value: $0.to) }
        var report: RollbackReport
        switch try await update.update(stack, setting: values) {
        case .updated(let after), .alreadyAsAsked(let after):
            report = RollbackReport(
                plan: plan, outcome: "rolledBack", deployment: nil, stackStatus: after.stackStatus.rawValue)
        }
        for name in plan.restarts { report.restarts.append(try await redeploy(name, plan.cluster, waits: waits)) }
        return report
    }

    private func deploy(_ plan: RollbackPlan, waits: Bool) async throws -> RollbackReport {
        guard let to = plan.to else { throw Failure(.failed, "roll back service \(plan.service): to what?") }
        let end = try await redeploy(plan.service, plan.cluster, to: to.taskDefinition, waits: waits)
        let outcome = end.failureKind != nil ? end.outcome.rawValue : waits ? "rolledBack" : "started"
        return RollbackReport(plan: plan, outcome: outcome, deployment: end, stackStatus: nil)
    }

    private func redeploy(
        _ name: String, _ cluster: String, to taskDefinition: String? = nil, waits: Bool
    ) async throws -> DeploymentReport {
        guard let service = try await ecs.describeServices([name], cluster: cluster).first else {
            throw Failure(.failed, "deploy service \(name): it is gone")
        }
        let redeployment = ServiceRedeployment(client)
        let (started, report) = try await Shielded.run {
            try await redeployment.start(service, name: name, cluster: cluster, taskDefinition: taskDefinition)
        }
        show("service \(name): deployment \(started.primary) started")
        return waits ? try await redeployment.follow(started, timing: timing, tell: show) : report
    }
}
