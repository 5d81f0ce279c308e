/// A group of regions with host names and identities of its own.
///
/// https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
package struct Partition: Sendable, Hashable {
    package let id: String
    /// How the names of its regions begin; the rest is `place-number`. The first partition has every other name, too.
    let prefixes: [String]
    package let dnsSuffix: String
    let dualStackDNSSuffix: String
    /// Where services that have one endpoint for the partition are at home, unless their row says otherwise.
    let homeRegion: String

    static let all = [
        Partition(
            id: "aws", prefixes: ["us-", "eu-", "ap-", "sa-", "ca-", "me-", "af-", "il-", "mx-"],
            dnsSuffix: "amazonaws.com", dualStackDNSSuffix: "api.aws", homeRegion: "us-east-1"),
        Partition(
            id: "aws-cn", prefixes: ["cn-"], dnsSuffix: "amazonaws.com.cn",
            dualStackDNSSuffix: "api.amazonwebservices.com.cn", homeRegion: "cn-northwest-1"),
        Partition(
            id: "aws-us-gov", prefixes: ["us-gov-"], dnsSuffix: "amazonaws.com", dualStackDNSSuffix: "api.aws",
            homeRegion: "us-gov-west-1"),
        Partition(
            id: "aws-eusc", prefixes: ["eusc-de-"], dnsSuffix: "amazonaws.eu",
            dualStackDNSSuffix: "api.amazonwebservices.eu", homeRegion: "eusc-de-east-1"),
        Partition(
            id: "aws-iso", prefixes: ["us-iso-"], dnsSuffix: "c2s.ic.gov", dualStackDNSSuffix: "api.aws.ic.gov",
            homeRegion: "us-iso-east-1"),
        Partition(
            id: "aws-iso-b", prefixes: ["us-isob-"], dnsSuffix: "sc2s.sgov.gov", dualStackDNSSuffix: "api.aws.scloud",
            homeRegion: "us-isob-east-1"),
        Partition(
            id: "aws-iso-e", prefixes: ["eu-isoe-"], dnsSuffix: "cloud.adc-e.uk",
            dualStackDNSSuffix: "api.cloud-aws.adc-e.uk", homeRegion: "eu-isoe-west-1"),
        Partition(
            id: "aws-iso-f", prefixes: ["us-isof-"], dnsSuffix: "csp.hci.ic.gov",
            dualStackDNSSuffix: "api.aws.hci.ic.gov", homeRegion: "us-isof-south-1"),
    ]

    /// The partition of a region; `aws` for names of no known form, as AWS's own tools have it.
    package static func of(_ region: String) -> Partition {
        all.first { $0.has(region) } ?? all[0]
    }

    /// `us-gov-west-1`, `aws-us-gov-global`.
    private func has(_ region: String) -> Bool {
        if region == "\(id)-global" { return true }
        return prefixes.contains { prefix in
            guard region.hasPrefix(prefix) else { return false }
            let rest = region.utf8.dropFirst(prefix.utf8.count).split(
                separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
            return rest.count == 2 && rest.allSatisfy { !$0.isEmpty }
                && rest[1].allSatisfy { (0x30...0x39).contains($0) }
        }
    }
}
