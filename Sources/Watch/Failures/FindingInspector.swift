package import AWS
package import AWSServices
internal import FoundationEssentials
internal import Support

/// Reads findings out of what AWS says, and looks at the things themselves: the repository of a missing image, the role that
/// lacks a right, the routes of a subnet. Reads only; a look that fails or is denied adds nothing.
package struct FindingInspector: Sendable {
    private static let mostTags = 3
    private static let mostSubnets = 4

    private let client: AWSClient
    private let patience: Duration
    private let ecr: ECR
    private let ec2: EC2
    private let ecs: ECS

    /// - Parameter patience: how long looking may take: what is known already must not wait for it.
    package init(client: AWSClient, patience: Duration = .seconds(4)) {
        self.client = client
        self.patience = patience
        ecr = ECR(client)
        ec2 = EC2(client)
        ecs = ECS(client)
    }

    /// Whether the tasks have public addresses, where the caller knows.
    package enum Address: Sendable { case isPublic, isPrivate, unknown }

    /// What these texts say is missing or refused, each thing once, with what was seen of it.
    ///
    /// - Parameters:
    ///   - texts: of AWS, the most telling first.
    ///   - tasks: that failed: whose images, roles and subnets are meant where a text names none.
    package func findings(
        _ texts: [String], tasks: [FailedTask], address: Address = .unknown
    ) async -> [Finding] {
        var findings: [Finding] = []
        for finding in (tasks.flatMap(\.texts) + texts).compactMap(Finding.read) {
            // The same thing is told by task and container, once with its name and once without.
            let isKnown = findings.contains {
                $0.kind == finding.kind && (finding.thing.isEmpty || $0.thing == finding.thing)
            }
            if !isKnown { findings.append(finding) }
        }
        guard !findings.isEmpty else { return [] }
        let read = findings
        let inspected = try? await Deadline.run(patience, what: "looking at what is missing") {
            var all: [Finding] = []
            for finding in read { all.append(await inspect(finding, tasks, address)) }
            return all
        }
        return inspected ?? findings
    }

    /// The same for failed tasks alone.
    package func findings(of tasks: [FailedTask], address: Address = .unknown) async -> [Finding] {
        await findings([], tasks: tasks, address: address)
    }

    private func inspect(_ finding: Finding, _ tasks: [FailedTask], _ address: Address) async -> Finding {
        var finding = finding
        switch finding.kind {
        case .missingImage:
            let images = finding.thing.isEmpty ? tasks.flatMap(\.images) : [finding.thing]
            if let image = images.first { await lookAtImage(image, &finding) }
        case .deniedAction:
            if let role = Self.role(in: finding, tasks) { finding.facts = ["the role is \(role)"] }
        case .noRoute:
            let subnets: [String] = tasks.flatMap(\.subnets).reduce(into: []) {
                if !$0.contains($1) { $0.append($1) }
            }
            finding.facts += await routes(of: Array(subnets.prefix(Self.mostSubnets)))
            var address = address
            if case .unknown = address { address = await self.address(of: tasks) }
            switch address {
            case .isPublic: finding.facts.append("the tasks have public addresses")
            case .isPrivate: finding.facts.append("the tasks have no public address (ASSIGN_PUBLIC_IP)")
            case .unknown: break
            }
        default: break
        }
        return finding
    }

    // MARK: Images

    private func lookAtImage(_ image: String, _ finding: inout Finding) async {
        guard let name = ImageName(image), let registry = name.registry else { return }
        var account: String?
        if case .ecr(let owner, let region) = registry {
            guard let own = try? await client.region, own == region else {
                finding.facts.append("it is in region \(region), whose ECR was not asked")
                return
            }
            account = owner
        }
        do {
            let images = try await ecr.describeImages(
                repositoryName: name.repository, registryId: account, tagged: name.digest == nil)
            finding.facts.append(
                RepositoryText.line(name.repository, wanted: name.wanted, images, newest: Self.mostTags))
            if RepositoryText.holds(images, name.wanted) {
                finding.advice =
                    "ECR has this image now: run it again; if it fails again, the execution role or the network is in "
                    + "the way"
            }
        } catch let error as AWSError where error.code == "RepositoryNotFoundException" {
            finding.facts.append(
                "ECR has no repository \(name.repository)" + (account.map { " in account \($0)" } ?? ""))
        } catch {
            // Denied, or not reached: the cause stands without this.
        }
    }

    // MARK: Roles

    /// The ARN, path included, of the role that a finding is about.
    private static func role(in finding: Finding, _ tasks: [FailedTask]) -> String? {
        if finding.thing.hasPrefix("the execution role") {
            let roles = tasks.compactMap(\.executionRole)
            return roles.first
        }
        let roles = tasks.flatMap { [$0.executionRole, $0.taskRole].compactMap { $0 } }
        return roles.first { role in
            guard let name = role.split(separator: "/").last else { return false }
            return finding.thing.hasPrefix("role \(name) ")
        }
    }

    // MARK: Routes

    /// Whether the service of the tasks gives them public addresses.
    private func address(of tasks: [FailedTask]) async -> Address {
        guard let task = tasks.first(where: { $0.service != nil }), let name = task.service,
            let cluster = task.verdict.clusterArn,
            let service = try? await ecs.describeService(name, cluster: cluster),
            let network = service.networkConfiguration?.awsvpcConfiguration
        else { return .unknown }
        return network.assignPublicIp == "ENABLED" ? .isPublic : .isPrivate
    }

    /// Where the traffic of each subnet to the internet goes, and which VPC endpoints there are instead.
    private func routes(of subnets: [String]) async -> [String] {
        var lines: [String] = []
        var networks: [String] = []
        for subnet in subnets {
            do {
                let vpc = try await ec2.describeSubnets([subnet]).first?.vpcId
                var tables = try await ec2.describeRouteTables([.init("association.subnet-id", subnet)])
                if tables.isEmpty, let vpc {
                    // A subnet without a table of its own has the VPC's main one.
                    tables = try await ec2.describeRouteTables([
                        .init("vpc-id", vpc), .init("association.main", "true"),
                    ])
                }
                lines.append(RouteText.line(subnet, tables.first))
                if let vpc, !networks.contains(vpc) { networks.append(vpc) }
            } catch {
                // Denied, or not reached: the cause stands without this.
            }
        }
        for vpc in networks {
            guard let endpoints = try? await ec2.describeVpcEndpoints([.init("vpc-id", vpc)]) else { continue }
            lines.append(RouteText.endpoints(vpc, endpoints.compactMap(\.serviceName)))
        }
        return lines
    }
}

/// What a repository holds, in words; pure.
package enum RepositoryText {
    static func holds(_ images: [ECR.ImageDetail], _ wanted: String) -> Bool {
        images.contains { $0.imageDigest == wanted || $0.imageTags?.contains(wanted) == true }
    }

    /// - Parameter newest: how many tags are named, of the images that were pushed last.
    static func line(
        _ repository: String, wanted: String, _ images: [ECR.ImageDetail], newest: Int
    ) -> String {
        if let image = images.first(where: { $0.imageDigest == wanted || $0.imageTags?.contains(wanted) == true }) {
            let pushed = image.imagePushedAt.map { ", pushed at \($0.formatted(.iso8601))" } ?? ""
            return "repository \(repository) has \(wanted)\(pushed)"
        }
        let byAge = images.sorted { ($0.imagePushedAt ?? .distantPast) > ($1.imagePushedAt ?? .distantPast) }
        let tags = byAge.flatMap { $0.imageTags ?? [] }
        guard !tags.isEmpty else { return "repository \(repository) has no \(wanted), and no tagged image at all" }
        return "repository \(repository) has no \(wanted); the newest there: "
            + tags.prefix(newest).joined(separator: ", ")
    }
}

/// What a route table means for a task; pure.
package enum RouteText {
    package static func line(_ subnet: String, _ table: EC2.RouteTable?) -> String {
        guard let table else { return "\(subnet) has no route table" }
        let name = table.routeTableId ?? "its route table"
        guard let route = (table.routeSet ?? []).first(where: { $0.destinationCidrBlock == "0.0.0.0/0" }) else {
            return "\(subnet) has no route out: \(name) holds none for 0.0.0.0/0, so only VPC endpoints can be reached"
        }
        if route.state == "blackhole" { return "\(subnet): the route out in \(name) leads to something that is gone" }
        if let gateway = route.gatewayId, gateway.hasPrefix("igw-") {
            return "\(subnet) routes out by internet gateway \(gateway), which serves only tasks with a public address"
        }
        let target = route.natGatewayId ?? route.transitGatewayId ?? route.gatewayId ?? "another device"
        return "\(subnet) routes out by \(target); check its state and the security group's egress"
    }

    /// What starting a Fargate task reaches without an internet route; the last label of their names.
    ///
    /// https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
    private static let needed = ["ecr.api", "ecr.dkr", "s3", "logs"]

    package static func endpoints(_ vpc: String, _ services: [String]) -> String {
        guard !services.isEmpty else { return "\(vpc) has no VPC endpoints" }
        let missing = needed.filter { need in !services.contains { $0.hasSuffix(".\(need)") } }
        return "\(vpc) has VPC endpoints for \(services.sorted().joined(separator: ", "))"
            + (missing.isEmpty ? "" : "; none for \(missing.joined(separator: ", "))")
    }
}
