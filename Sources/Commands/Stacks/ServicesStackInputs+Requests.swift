internal import AWSServices
internal import Environment
internal import Flows
internal import Stacks
internal import Support
internal import Templates

extension ServicesStackInputs {
    /// The request for a new stack, or for one that a failed creation left.
    ///
    /// - Throws: `Failure` that says what is missing and how to make it, before anything of the stack is.
    func creation(base: CloudFormation.Stack, stack: CloudFormation.Stack?, account: String) async throws
        -> StackRequest
    {
        let images = try await images(account)
        let readiness = try await ServicesCheck(session.client).look(
            images: images.wanted, sidecar: images.sidecarInECR, sidecarReference: images.sidecar,
            bucket: base.output("BucketName") ?? "", project: name, owner: account)
        if let failure = readiness.failure(
            "create stack \(name)", version: version, command: "fgctl cf-create-stack\(version)")
        {
            throw failure
        }
        var offered = given + offered(base) + images.sidecarValues
        offered.append(GivenValue(name: "Registry", value: images.registry, origin: "REGISTRY_URL"))
        offered.append(GivenValue(name: "RepositoryPrefix", value: images.prefix, origin: "IMAGE_NAME"))
        for (service, image) in zip(ServicesImages.services, readiness.images) {
            offered.append(
                GivenValue(name: "\(service.part)Version", value: image.version ?? "", origin: image.repository))
        }
        let network = try await ProjectStacks(session).vpc(for: "create stack \(name)")
        offered.append(
            GivenValue(name: "SubnetIds", value: network.subnets.joined(separator: ","), origin: "network stack"))
        // The release of services that are there changes with them, not because the pointer did.
        if BaseStep(stack) == .create {
            offered.append(GivenValue(name: "ConfigRelease", value: readiness.release ?? "", origin: "current.json"))
            offered += try await logGroups()
        }
        return try request(offered, stack: stack)
    }

    /// The request for a change: what is not given stays, versions and config release included.
    func change(base: CloudFormation.Stack, stack: CloudFormation.Stack, account: String) async throws -> StackRequest {
        let images = try await images(account)
        let registry = ServicesCheck(session.client)
        let readiness = try await registry.images(images.wanted.filter { $0.version != nil })
        let missing = readiness.filter { !$0.isThere }
        if !missing.isEmpty {
            let absent = ServicesReadiness(images: missing, sidecar: nil, sidecarReference: "", release: "given")
            if let failure = absent.failure(
                "update stack \(name)", version: version, command: "fgctl cf-update-stack\(version)")
            {
                throw failure
            }
        }
        let sidecar = images.namesSidecar ? images.sidecarValues : []
        return try request(given + offered(base) + sidecar + images.versions.compactMap { $0 }, stack: stack)
    }

    /// Log groups that an earlier stack of the name left behind are used as they are.
    private func logGroups() async throws -> [GivenValue] {
        var values: [GivenValue] = []
        for (part, group) in try Names(session.settings).serviceLogGroups {
            let exists = try await CloudWatchLogs(session.client).hasLogGroup(group)
            if exists { session.say("log group \(group) exists: it is used as it is") }
            values.append(
                GivenValue(
                    name: "Create\(part)LogGroup", value: exists ? "false" : "true", origin: "log group \(group)"))
        }
        return values
    }
}
