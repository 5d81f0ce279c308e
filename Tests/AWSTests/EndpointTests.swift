import FoundationEssentials
import HTTP
import Support
import TestSupport
import Testing

@testable import AWS

struct EndpointTests {
    private func endpoint(
        _ service: ServiceID, _ layers: [SettingLayer], config: String? = nil
    ) throws -> Endpoint {
        let settings = Samples.settings(layers, files: config.map { ["/home/u/.aws/config": $0] } ?? [:])
        return try Endpoint.resolve(service, settings: settings, region: try #require(try settings.namedRegion()))
    }

    private func endpoint(_ service: ServiceID, _ values: [String: String], config: String? = nil) throws -> String {
        try endpoint(service, [Samples.layer(["AWS_REGION": "eu-west-1"].merging(values) { $1 })], config: config).base
    }

    @Test(arguments: [
        (ServiceID.ecs, "eu-west-1", "https://ecs.eu-west-1.amazonaws.com"),
        (.ecs, "cn-north-1", "https://ecs.cn-north-1.amazonaws.com.cn"),
        (.ecs, "us-gov-east-1", "https://ecs.us-gov-east-1.amazonaws.com"),
        (.sts, "us-east-1", "https://sts.us-east-1.amazonaws.com"),
        (.s3, "us-east-1", "https://s3.us-east-1.amazonaws.com"),
        (.iam, "eu-west-1", "https://iam.amazonaws.com"),
        (.iam, "cn-northwest-1", "https://iam.cn-north-1.amazonaws.com.cn"),
        (.iam, "us-gov-east-1", "https://iam.us-gov.amazonaws.com"),
    ])
    func regularHosts(service: ServiceID, region: String, url: String) throws {
        #expect(try endpoint(service, ["AWS_REGION": region]) == url)
    }

    @Test func globalServicesAreSignedForTheirRegion() throws {
        for (region, signing) in [
            ("eu-west-1", "us-east-1"), ("cn-northwest-1", "cn-north-1"), ("us-gov-east-1", "us-gov-west-1"),
        ] {
            let layers = [Samples.layer(["AWS_REGION": region])]
            #expect(try endpoint(.iam, layers).signingRegion == signing)
            #expect(try endpoint(.ecs, layers).signingRegion == region)
        }
    }

    @Test func configuredEndpointsByEitherName() throws {
        #expect(try endpoint(.logs, ["AWS_ENDPOINT_URL": "http://a:1/"]) == "http://a:1")
        #expect(
            try endpoint(.logs, ["AWS_ENDPOINT_URL": "http://a:1", "AWS_ENDPOINT_URL_LOGS": "http://b:2/p/"])
                == "http://b:2/p")
        #expect(
            try endpoint(
                .logs, ["AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": "http://c:3", "AWS_ENDPOINT_URL_LOGS": "http://b:2"])
                == "http://c:3")
        #expect(
            try endpoint(.ecs, ["AWS_ENDPOINT_URL_LOGS": "http://b:2"]) == "https://ecs.eu-west-1.amazonaws.com")
    }

    @Test func higherLayersGoFirst() throws {
        let flags = SettingLayer(
            name: "command line", values: ["AWS_ENDPOINT_URL": .init(value: "http://flag", origin: "--endpoint-url")])
        let environment = Samples.layer([
            "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL_ECS": "http://ecs",
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        ])
        let found = try endpoint(.ecs, [flags, environment])
        #expect(found.base == "http://flag")
        #expect(found.source == "--endpoint-url")
        #expect(try endpoint(.ecs, [environment]).base == "https://ecs.eu-west-1.amazonaws.com")
    }

    private let config = """
        [default]
        region = eu-central-1
        services = local
        endpoint_url = http://profile
        [services local]
        cloudwatch_logs =
          endpoint_url = http://logs
        [profile ignoring]
        ignore_configured_endpoint_urls = true
        endpoint_url = http://profile
        """

    @Test func profilesMayNameEndpoints() throws {
        #expect(try endpoint(.logs, [:], config: config) == "http://logs")
        #expect(try endpoint(.ecs, [:], config: config) == "http://profile")
        #expect(try endpoint(.ecs, ["AWS_ENDPOINT_URL": "http://env"], config: config) == "http://env")
        #expect(
            try endpoint(.ecs, ["AWS_PROFILE": "ignoring"], config: config)
                == "https://ecs.eu-west-1.amazonaws.com")
    }

    @Test func fipsAndDualStackFromEnvironmentAndProfile() throws {
        let fips = "https://ecs-fips.eu-west-1.amazonaws.com"
        let regular = "https://ecs.eu-west-1.amazonaws.com"
        let profile = "[default]\nuse_fips_endpoint = true\nuse_dualstack_endpoint = TRUE"
        #expect(try endpoint(.ecs, ["AWS_USE_FIPS_ENDPOINT": "true"]) == fips)
        #expect(try endpoint(.ecs, ["AWS_USE_DUALSTACK_ENDPOINT": "true"]) == "https://ecs.eu-west-1.api.aws")
        #expect(try endpoint(.ecs, [:], config: profile) == "https://ecs-fips.eu-west-1.api.aws")
        #expect(try endpoint(.ecs, ["AWS_USE_DUALSTACK_ENDPOINT": "false"], config: profile) == fips)
        #expect(
            try endpoint(
                .ecs, ["AWS_USE_DUALSTACK_ENDPOINT": "false", "AWS_USE_FIPS_ENDPOINT": "False"], config: profile)
                == regular)
        #expect(
            try endpoint(.ecs, [Samples.layer(["AWS_REGION": "eu-west-1"])], config: profile).source
                == "region eu-west-1 (environment AWS_REGION), FIPS (profile default, /home/u/.aws/config:2), "
                + "dual-stack (profile default, /home/u/.aws/config:3)")
    }

    @Test(arguments: ["fips-us-gov-west-1", "us-gov-west-1-fips"])
    func oldFIPSNamesOfRegions(name: String) throws {
        let found = try endpoint(.ecs, [Samples.layer(["AWS_REGION": name])])
        #expect(found.base == "https://ecs-fips.us-gov-west-1.amazonaws.com")
        #expect(found.signingRegion == "us-gov-west-1")
    }

    @Test func dualStackForS3Alone() throws {
        let config = "[default]\ns3 =\n  use_dualstack_endpoint = true"
        #expect(try endpoint(.s3, [:], config: config) == "https://s3.dualstack.eu-west-1.amazonaws.com")
        #expect(try endpoint(.ecs, [:], config: config) == "https://ecs.eu-west-1.amazonaws.com")
    }

    @Test func oldGlobalHostsOnRequest() throws {
        #expect(try endpoint(.sts, ["AWS_STS_REGIONAL_ENDPOINTS": "legacy"]) == "https://sts.amazonaws.com")
        let east = ["AWS_REGION": "us-east-1", "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT": "legacy"]
        #expect(try endpoint(.s3, east) == "https://s3.amazonaws.com")
        #expect(
            try endpoint(
                .s3, ["AWS_REGION": "us-east-1"], config: "[default]\ns3 =\n  us_east_1_regional_endpoint = legacy")
                == "https://s3.amazonaws.com")
        #expect(try endpoint(.s3, ["AWS_REGION": "us-east-1"]) == "https://s3.us-east-1.amazonaws.com")
    }

    @Test(arguments: [
        ["AWS_USE_FIPS_ENDPOINT": "yes"], ["AWS_USE_DUALSTACK_ENDPOINT": "1"],
        ["AWS_S3_US_EAST_1_REGIONAL_ENDPOINT": "global"],
        ["AWS_USE_FIPS_ENDPOINT": "true", "AWS_ENDPOINT_URL": "http://a"],
        ["AWS_USE_DUALSTACK_ENDPOINT": "true", "AWS_ENDPOINT_URL_S3": "http://a"],
        ["AWS_USE_FIPS_ENDPOINT": "true", "AWS_REGION": "cn-north-1"],
    ])
    func unclearAndContradictorySettingsAreRefused(values: [String: String]) {
        let failure = #expect(throws: Failure.self) { try endpoint(.s3, values) }
        #expect(failure?.kind == .usage)
    }

    @Test(arguments: [
        "127.0.0.1:4566", "ftp://x", "http://", "http://:80", "http://a?b", "http://u@h", "http://a b", "http://h#f",
    ])
    func malformedEndpointsAreUsageErrors(url: String) {
        let failure = #expect(throws: Failure.self) { try endpoint(.ecs, ["AWS_ENDPOINT_URL": url]) }
        #expect(failure?.kind == .usage)
        #expect(failure?.message.contains("environment AWS_ENDPOINT_URL") == true)
    }
}
