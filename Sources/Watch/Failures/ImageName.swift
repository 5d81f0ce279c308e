/// An image as a task definition names it: `HOST/REPOSITORY:TAG` or `…@sha256:…`; pure.
struct ImageName: Sendable, Hashable {
    /// What holds it: an ECR registry, or a registry of this machine, as with a local emulator of AWS. `nil`: another one.
    enum Registry: Sendable, Hashable {
        case ecr(account: String, region: String)
        case loopback
    }

    let registry: Registry?
    let host: String
    let repository: String
    /// `latest` when neither tag nor digest is given.
    let tag: String
    let digest: String?

    /// - Returns: `nil` for names without a registry's host: those are Docker Hub's.
    init?(_ name: String) {
        guard let slash = name.firstIndex(of: "/") else { return nil }
        host = String(name[..<slash])
        guard host.contains(".") || host.contains(":") || host == "localhost" else { return nil }
        var rest = name[name.index(after: slash)...]
        if let at = rest.firstIndex(of: "@") {
            digest = String(rest[rest.index(after: at)...])
            rest = rest[..<at]
        } else {
            digest = nil
        }
        if let colon = rest.lastIndex(of: ":") {
            tag = String(rest[rest.index(after: colon)...])
            rest = rest[..<colon]
        } else {
            tag = "latest"
        }
        repository = String(rest)
        let parts = host.split(separator: ".").map(String.init)
        // 123456789012.dkr.ecr.eu-west-1.amazonaws.com, dkr.ecr-fips, and dkr-ecr.eu-west-1.on.aws for IPv6.
        if parts.count >= 6, parts[1] == "dkr", parts[2].hasPrefix("ecr") {
            registry = .ecr(account: parts[0], region: parts[3])
        } else if parts.count >= 5, parts[1].hasPrefix("dkr-ecr") {
            registry = .ecr(account: parts[0], region: parts[2])
        } else {
            registry = host.hasPrefix("localhost") || host.hasPrefix("127.") ? .loopback : nil
        }
    }

    /// What the repository is asked for.
    var wanted: String { digest ?? tag }
}
