internal import YAML

/// What a stack costs in a month while nobody uses it: what is billed by the hour, by the table of `PriceTable`; pure.
///
/// Traffic, requests, logs, images and objects come on top, and so do tasks that are run.
package struct CostEstimate: Sendable, Hashable {
    package struct Item: Sendable, Hashable {
        package let logicalID: String
        package let what: String
        /// USD in a month; `nil` where the table does not know the price.
        package let monthly: Double?
    }

    /// In the template's order; empty when nothing of the stack is billed by the hour.
    package let items: [Item]

    /// The sum of what is known.
    package var total: Double { items.reduce(0) { $0 + ($1.monthly ?? 0) } }

    /// - Parameter parameters: what the stack is made with; the template's defaults stand for the others.
    package init(_ template: Template, parameters: [String: String]) {
        let evaluation = TemplateEvaluation(template, parameters: parameters)
        items = template.resources.filter(evaluation.has).flatMap { Self.items(of: $0, evaluation) }
    }

    /// A table with its source, for people; empty when there is nothing to say.
    package var lines: [String] {
        guard !items.isEmpty else { return [] }
        let rows = items.map { ($0.logicalID, $0.what, $0.monthly.map(Self.money) ?? "unknown") }
        let widths = (rows.map(\.0.count).max() ?? 0, rows.map(\.1.count).max() ?? 0)
        let amount = rows.map(\.2.count).max() ?? 0
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.count))
        }
        let unknown = items.contains { $0.monthly == nil } ? ", and what is unknown here" : ""
        return
            [
                "estimated USD a month (\(Int(PriceTable.hours)) hours, on-demand prices of \(PriceTable.region) as of "
                    + "\(PriceTable.date), \(PriceTable.source)):"
            ]
            + rows.map {
                "  \(padded($0.0, widths.0))  \(padded($0.1, widths.1))  "
                    + String(repeating: " ", count: amount - $0.2.count) + $0.2
            } + ["  in all about \(Self.money(total))\(unknown); other regions differ, use comes on top"]
    }

    // MARK: Kinds of resources

    private static func items(of resource: TemplateResource, _ evaluation: TemplateEvaluation) -> [Item] {
        let id = resource.logicalID
        func item(_ what: String, hourly: Double) -> Item {
            Item(logicalID: id, what: what, monthly: hourly * PriceTable.hours)
        }
        switch resource.type {
        case "AWS::EC2::NatGateway": return [item("NAT gateway", hourly: PriceTable.natGateway)]
        case "AWS::EC2::EIP": return [item("public address", hourly: PriceTable.publicAddress)]
        case "AWS::EC2::VPCEndpoint":
            guard evaluation.text(evaluation.property("VpcEndpointType", of: id)) == "Interface" else { return [] }
            let zones = evaluation.count(evaluation.property("SubnetIds", of: id)) ?? 1
            return [item("interface endpoint in \(zones) zones", hourly: PriceTable.interfaceEndpoint * Double(zones))]
        case "AWS::ElasticLoadBalancingV2::LoadBalancer": return loadBalancer(id, evaluation)
        case "AWS::RDS::DBInstance": return database(id, evaluation)
        case "AWS::ECS::Service": return service(id, evaluation)
        case "AWS::SecretsManager::Secret": return [Item(logicalID: id, what: "secret", monthly: PriceTable.secret)]
        case "AWS::ServiceDiscovery::PrivateDnsNamespace", "AWS::Route53::HostedZone":
            return [Item(logicalID: id, what: "DNS zone", monthly: PriceTable.hostedZone)]
        default: return []
        }
    }

    private static func loadBalancer(_ id: String, _ evaluation: TemplateEvaluation) -> [Item] {
        let type = evaluation.text(evaluation.property("Type", of: id)) ?? "application"
        let hourly = type == "gateway" ? PriceTable.gatewayLoadBalancer : PriceTable.loadBalancer
        var items = [Item(logicalID: id, what: "\(type) load balancer", monthly: hourly * PriceTable.hours)]
        if type != "gateway", evaluation.text(evaluation.property("Scheme", of: id)) != "internal" {
            let count = evaluation.count(evaluation.property("Subnets", of: id)) ?? 2
            items.append(addresses(count, id))
        }
        return items
    }

    /// The instance, its standby where there is one, and the storage of both.
    private static func database(_ id: String, _ evaluation: TemplateEvaluation) -> [Item] {
        func text(_ name: String) -> String? { evaluation.text(evaluation.property(name, of: id)) }
        // Instances of a cluster have another price list.
        guard text("DBClusterIdentifier") == nil else {
            return [Item(logicalID: id, what: "database instance of a cluster", monthly: nil)]
        }
        let zones = text("MultiAZ") == "true" ? 2.0 : 1.0
        let kind = text("DBInstanceClass") ?? "unknown class"
        let hourly = text("Engine") == "postgres" ? PriceTable.postgres[kind] : nil
        let both = zones > 1 ? ", two zones" : ""
        var items = [
            Item(logicalID: id, what: "database \(kind)\(both)", monthly: hourly.map { $0 * zones * PriceTable.hours })
        ]
        if let size = text("AllocatedStorage").flatMap(Double.init) {
            items.append(
                Item(
                    logicalID: id, what: "database storage \(Int(size)) GB\(both)",
                    monthly: size * zones * PriceTable.databaseStorage))
        }
        return items
    }

    /// The tasks that a service keeps running on Fargate, and their addresses.
    private static func service(_ id: String, _ evaluation: TemplateEvaluation) -> [Item] {
        guard evaluation.text(evaluation.property("LaunchType", of: id)) == "FARGATE" else { return [] }
        let count = evaluation.text(evaluation.property("DesiredCount", of: id)).flatMap(Int.init) ?? 1
        guard count > 0 else { return [] }
        let many = count == 1 ? "" : "\(count) × "
        var items: [Item] = []
        if let definition = evaluation.reference(evaluation.property("TaskDefinition", of: id)),
            let cpu = evaluation.text(evaluation.property("Cpu", of: definition)).flatMap(Double.init),
            let memory = evaluation.text(evaluation.property("Memory", of: definition)).flatMap(Double.init)
        {
            let architecture = evaluation.text(
                evaluation.property("RuntimePlatform", "CpuArchitecture", of: definition))
            let price = architecture == "ARM64" ? PriceTable.fargateARM : PriceTable.fargate
            let hourly = (cpu * price.cpu + memory * price.memory) / 1024
            items.append(
                Item(
                    logicalID: id,
                    what: "\(many)Fargate task, \(quarters(cpu / 1024)) vCPU, \(quarters(memory / 1024)) GB",
                    monthly: hourly * PriceTable.hours * Double(count)))
        } else {
            items.append(Item(logicalID: id, what: "\(many)Fargate task", monthly: nil))
        }
        let assign = evaluation.property("NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp", of: id)
        if evaluation.text(assign) == "ENABLED" { items.append(addresses(count, id)) }
        return items
    }

    private static func addresses(_ count: Int, _ id: String) -> Item {
        Item(
            logicalID: id, what: count == 1 ? "public address" : "\(count) × public address",
            monthly: PriceTable.publicAddress * PriceTable.hours * Double(count))
    }

    // MARK: Numbers

    /// Two places: `32.85`.
    private static func money(_ amount: Double) -> String {
        let cents = Int((amount * 100).rounded())
        return "\(cents / 100)." + (cents % 100 < 10 ? "0" : "") + "\(cents % 100)"
    }

    /// `0.25`, `0.5`, `2`.
    private static func quarters(_ number: Double) -> String {
        number == number.rounded() ? "\(Int(number))" : "\(number)"
    }
}
