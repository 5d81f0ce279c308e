/// Which AWS service: its names and its hosts. One row for each service that fgctl or its users' stacks deal with.
///
/// The facts are those of the endpoint rules that AWS publishes with its SDKs;
/// https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html lists the hosts.
package struct ServiceID: Sendable, Hashable {
    /// Our name, also the word in `AWS_ENDPOINT_URL_<NAME>`: `ecs`, `cloudformation`.
    package let name: String
    /// The model's service id: `CloudFormation`, `CloudWatch Logs`; upper-cased with underscores it is AWS's own word in
    /// `AWS_ENDPOINT_URL_<SERVICE>`, and it is how messages name the service.
    package let sdkID: String
    /// The service in the credential scope of signatures.
    package let signingName: String
    let hosts: ServiceHosts

    init(_ name: String, _ sdkID: String, signingName: String? = nil, _ hosts: ServiceHosts) {
        self.name = name
        self.sdkID = sdkID
        self.signingName = signingName ?? name
        self.hosts = hosts
    }

    package static func == (one: ServiceID, other: ServiceID) -> Bool { one.name == other.name }
    package func hash(into hasher: inout Hasher) { hasher.combine(name) }

    /// All rows, in the order in which people think of them.
    package static let all: [ServiceID] = [
        .cloudFormation, .ecs, .ecr, .events, .scheduler, .s3, .ssm, .secretsManager, .logs, .cloudWatch, .sts,
        .stepFunctions, .ec2, .iam, .sns, .sqs, .rds, .elbv2, .serviceDiscovery,
    ]

    private static let govCloudRegions: Set<String> = ["us-gov-east-1", "us-gov-west-1"]

    package static let cloudFormation = ServiceID(
        "cloudformation", "CloudFormation", .regional("cloudformation", .govCloudFIPS("cloudformation")))
    package static let ecs = ServiceID("ecs", "ECS", .regional("ecs"))
    package static let ecr = ServiceID("ecr", "ECR", .regional("api.ecr", dualStackLabel: "ecr"))
    package static let events = ServiceID(
        "events", "EventBridge",
        .regional(
            "events", .govCloudFIPS("events", govCloudRegions),
            .at(["aws-us-gov"], [.fipsDualStack], "events.{region}.{dual}")))
    package static let scheduler = ServiceID("scheduler", "Scheduler", .regional("scheduler"))
    /// Buckets, and what else is S3's own: `S3Location`.
    package static let s3 = ServiceID(
        "s3", "S3",
        .regional(
            "s3", .at(["aws-global"], [.regular], "s3.{suffix}", signedFor: "us-east-1")))
    package static let ssm = ServiceID("ssm", "SSM", .regional("ssm", .govCloudFIPS("ssm")))
    package static let secretsManager = ServiceID(
        "secretsmanager", "Secrets Manager",
        .regional(
            "secretsmanager",
            .at(["aws", "aws-cn", "aws-us-gov"], [.dualStack], "secretsmanager.{region}.{suffix}"),
            .at(["aws", "aws-us-gov"], [.fipsDualStack], "secretsmanager-fips.{region}.{suffix}")))
    package static let logs = ServiceID(
        "logs", "CloudWatch Logs", .regional("logs", .govCloudFIPS("logs", govCloudRegions)))
    package static let cloudWatch = ServiceID(
        "cloudwatch", "CloudWatch", signingName: "monitoring",
        .regional(
            "monitoring", .govCloudFIPS("monitoring"),
            .at(["aws-us-gov"], [.fipsDualStack], "monitoring.{region}.{dual}")))
    package static let sts = ServiceID(
        "sts", "STS",
        .regional(
            "sts", .govCloudFIPS("sts"),
            .at(["aws-global"], [.regular], "sts.{suffix}", signedFor: "us-east-1")))
    package static let stepFunctions = ServiceID(
        "stepfunctions", "SFN", signingName: "states",
        .regional(
            "states", .govCloudFIPS("states", ["us-gov-west-1"]),
            .at(["aws-us-gov"], [.dualStack], "states-fips.{region}.{dual}")))
    package static let ec2 = ServiceID("ec2", "EC2", .regional("ec2", .govCloudFIPS("ec2")))
    package static let iam = ServiceID(
        "iam", "IAM",
        .global(
            "iam",
            .at(["aws"], [.dualStack], "iam.global.{dual}"),
            .at(["aws"], [.fipsDualStack], "iam-fips.global.{dual}"),
            .at(["aws-cn"], [.regular], "iam.cn-north-1.{suffix}", signedFor: "cn-north-1"),
            .at(["aws-cn"], [.dualStack], "iam.global.{dual}", signedFor: "cn-north-1"),
            .at(["aws-us-gov"], [.regular, .fips], "iam.us-gov.{suffix}"),
            .at(["aws-us-gov"], [.dualStack, .fipsDualStack], "iam.us-gov.{dual}"),
            .at(
                ["aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"], [.regular], "iam.{home}.{suffix}"),
            .at(["aws-iso", "aws-iso-b"], [.fips], "iam-fips.{home}.{suffix}")))
    package static let sns = ServiceID("sns", "SNS", .regional("sns", .govCloudFIPS("sns", govCloudRegions)))
    package static let sqs = ServiceID("sqs", "SQS", .regional("sqs", .govCloudFIPS("sqs")))
    package static let rds = ServiceID("rds", "RDS", .regional("rds", .govCloudFIPS("rds")))
    package static let elbv2 = ServiceID(
        "elbv2", "Elastic Load Balancing v2", signingName: "elasticloadbalancing",
        .regional("elasticloadbalancing", .govCloudFIPS("elasticloadbalancing")))
    package static let serviceDiscovery = ServiceID(
        "servicediscovery", "ServiceDiscovery",
        .regional(
            "servicediscovery",
            .at(["aws", "aws-cn", "aws-us-gov"], [.dualStack], "servicediscovery.{region}.{suffix}")))

    // What only fgctl itself asks, for credentials.

    static let sso = ServiceID(
        "sso", "SSO", signingName: "awsssoportal", .regional("portal.sso", .govCloudFIPS("portal.sso")))
    static let ssoOIDC = ServiceID(
        "sso-oidc", "SSO OIDC", signingName: "sso-oauth", .regional("oidc", .govCloudFIPS("oidc")))
    static let signIn = ServiceID(
        "signin", "Signin",
        .regional(
            "signin",
            .at(["aws"], [.regular], "{region}.signin.aws.amazon.com"),
            .at(["aws-cn"], [.regular], "{region}.signin.amazonaws.cn"),
            .at(["aws-us-gov"], [.regular], "{region}.signin.amazonaws-us-gov.com")))

    /// The row of this name, or one for a service that is regular in everything.
    static func named(_ name: String, _ sdkID: String, endpointPrefix: String, signingName: String) -> ServiceID {
        (all + [.sso, .ssoOIDC, .signIn]).first { $0.name == name }
            ?? ServiceID(name, sdkID, signingName: signingName, .regional(endpointPrefix))
    }
}
