/// On-demand prices in USD of what is billed whether it is used or not, in us-east-1.
///
/// Read off AWS's price pages on the date below; they are for estimates, and other regions differ.
enum PriceTable {
    static let date = "2026-06"
    static let source = "aws.amazon.com/vpc, /elasticloadbalancing, /rds/postgresql, /fargate: pricing"
    static let region = "us-east-1"
    /// AWS's own estimates take this many hours for a month.
    static let hours = 730.0

    // MARK: By the hour

    static let natGateway = 0.045
    static let publicAddress = 0.005
    /// In each zone.
    static let interfaceEndpoint = 0.01
    /// Application and network load balancers.
    static let loadBalancer = 0.0225
    static let gatewayLoadBalancer = 0.0125
    /// Of Fargate on Linux: one vCPU, one GB of memory.
    static let fargate = (cpu: 0.04048, memory: 0.004445)
    static let fargateARM = (cpu: 0.03238, memory: 0.00356)

    /// PostgreSQL in one zone, by instance class.
    static let postgres: [String: Double] = [
        "db.t3.micro": 0.018, "db.t3.small": 0.036, "db.t3.medium": 0.072, "db.t3.large": 0.145,
        "db.t4g.micro": 0.016, "db.t4g.small": 0.032, "db.t4g.medium": 0.065, "db.t4g.large": 0.129,
        "db.m6g.large": 0.159, "db.m7g.large": 0.168, "db.r6g.large": 0.225,
    ]

    // MARK: By the month

    /// A GB of general purpose storage of PostgreSQL in one zone.
    static let databaseStorage = 0.115
    static let secret = 0.40
    static let hostedZone = 0.50
}
