internal import Support

/// S3's own endpoint rules: buckets in hosts, Transfer Acceleration, the old global host.
///
/// https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html. Access points, directory buckets and Outposts
/// are not known here: their names are taken as buckets' or refused by S3.
enum S3Location {
    /// - Throws: `Failure` of kind `usage` for what can't go together.
    static func find(_ parameters: EndpointParameters) throws -> EndpointLocation {
        guard let region = parameters.region else { throw AWSSettings.noRegion() }
        try check(parameters, region)
        let base = try self.base(parameters, region)
        let signingRegion = region == "aws-global" ? "us-east-1" : region
        guard let bucket = parameters.bucket else {
            guard
                region.split(separator: ".", omittingEmptySubsequences: false).allSatisfy({
                    EndpointURL.isHostLabel($0)
                })
            else {
                throw invalid(region)
            }
            return EndpointLocation(url: base.url, signingRegion: signingRegion)
        }
        // A dotted name would not fit the certificate: it may stand in a host only where there is none.
        let isPlainHTTP = parameters.endpoint != nil && base.url.hasPrefix("http://")
        let fits = isVirtualHostable(bucket, allowsDots: isPlainHTTP)
        if !parameters.forcesPathStyle, fits {
            guard EndpointURL.isHostLabel(region) else { throw invalid(region) }
            if !base.isAddress {
                let url = base.url.replacing("://", with: "://\(bucket).", maxReplacements: 1)
                return EndpointLocation(url: url, signingRegion: signingRegion, hasBucketInHost: true)
            }
        }
        if bucket.hasPrefix("arn:") {
            throw Failure(.usage, "'\(bucket)' is an ARN: fgctl takes the name of a bucket")
        }
        if parameters.usesAccelerate {
            throw Failure(
                .usage, "S3 Accelerate can't reach bucket \(bucket): its name can't be part of a host",
                hint: "set use_accelerate_endpoint = false below s3 in the AWS profile, or use another bucket")
        }
        return EndpointLocation(url: "\(base.url)/\(PercentEncoding.encode(bucket))", signingRegion: signingRegion)
    }

    private static func check(_ parameters: EndpointParameters, _ region: String) throws {
        if parameters.usesAccelerate, parameters.usesFIPS {
            throw Failure(.usage, "S3 Accelerate and FIPS endpoints are both asked for, but can't go together")
        }
        if let url = parameters.endpoint {
            if parameters.usesDualStack { throw ServiceID.conflict("dual-stack endpoints", url) }
            if parameters.usesFIPS { throw ServiceID.conflict("FIPS endpoints", url) }
            if parameters.usesAccelerate { throw ServiceID.conflict("S3 Accelerate endpoints", url) }
        }
        let isChina = Partition.of(region).id == "aws-cn"
        if parameters.usesFIPS, isChina {
            throw Failure(.usage, "S3 has no FIPS endpoints in \(region)", hint: "unset AWS_USE_FIPS_ENDPOINT")
        }
        if parameters.usesAccelerate, isChina, parameters.bucket != nil {
            throw Failure(.usage, "S3 Accelerate does not exist in \(region)")
        }
    }

    private static func invalid(_ region: String) -> Failure {
        Failure(.usage, "'\(region)' is not a region's name")
    }

    /// The endpoint without a bucket, and whether it is a numeric address, before which no name can stand.
    private static func base(_ parameters: EndpointParameters, _ region: String) throws -> (
        url: String, isAddress: Bool
    ) {
        if let url = parameters.endpoint {
            let url = try EndpointURL(url)
            return (url.text, url.isAddress)
        }
        let suffix = Partition.of(region).dnsSuffix
        let dualStack = parameters.usesDualStack ? ".dualstack" : ""
        // Acceleration is about buckets: what names none goes the regular way.
        if parameters.usesAccelerate, parameters.bucket != nil {
            let place = region == "aws-global" && parameters.usesDualStack ? ".us-east-1" : ""
            return ("https://s3-accelerate\(dualStack)\(place).\(suffix)", false)
        }
        let isRegular = !parameters.usesFIPS && !parameters.usesDualStack
        let isOldGlobal = parameters.usesGlobalEndpoint && region == "us-east-1"
        if isRegular, region == "aws-global" || isOldGlobal { return ("https://s3.\(suffix)", false) }
        let place = region == "aws-global" ? "us-east-1" : region
        return ("https://s3\(parameters.usesFIPS ? "-fips" : "")\(dualStack).\(place).\(suffix)", false)
    }

    /// Whether a bucket's name can be part of a host: lower case, 3 to 63 characters, no numeric address.
    private static func isVirtualHostable(_ name: String, allowsDots: Bool) -> Bool {
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count == 1 || allowsDots, name.utf8.count >= 3, !EndpointURL.isIPv4(name),
            !name.utf8.contains(where: { (0x41...0x5a).contains($0) })
        else { return false }
        return labels.allSatisfy { EndpointURL.isHostLabel($0) }
    }
}
