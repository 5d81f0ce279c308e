/// What the name of a registry's host says.
struct RegistryHost: Sendable, Hashable {
    /// Account and region of an ECR registry; `nil` for other hosts.
    ///
    /// https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
    let ecr: ECRHost?
    /// Whether it is this machine, as with a local emulator of AWS.
    let isLoopback: Bool

    struct ECRHost: Sendable, Hashable {
        let account: String
        let region: String
    }

    init(_ host: String) {
        let parts = host.split(separator: ".").map(String.init)
        // 123456789012.dkr.ecr.eu-west-1.amazonaws.com, dkr.ecr-fips, and dkr-ecr.eu-west-1.on.aws for IPv6.
        let region: String? =
            switch parts.count {
            case 6... where parts[1] == "dkr" && (parts[2] == "ecr" || parts[2] == "ecr-fips"): parts[3]
            case 5... where parts[1] == "dkr-ecr" || parts[1] == "dkr-ecr-fips": parts[2]
            default: nil
            }
        if let region, let account = parts.first, account.count == 12, account.allSatisfy(\.isNumber) {
            ecr = ECRHost(account: account, region: region)
        } else {
            ecr = nil
        }
        let name = host.hasPrefix("[") ? "[::1]" == host.prefix(5) ? "::1" : "" : String(host.prefix { $0 != ":" })
        isLoopback =
            name == "localhost" || name == "::1" || (name.hasPrefix("127.") && name.split(separator: ".").count == 4)
    }

    /// Whether an ECR password may go there: to ECR itself and to an emulator on this machine, never to somebody else.
    var takesECRLogin: Bool { ecr != nil || isLoopback }
}
