import AWSServices
import FoundationEssentials
import Testing

@testable import Watch

/// What is missing, read out of the texts that AWS gives.
struct FindingTests {
    @Test(arguments: [
        (
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
                + "111122223333.dkr.ecr.eu-west-1.amazonaws.com/hello:0.3: "
                + "111122223333.dkr.ecr.eu-west-1.amazonaws.com/hello:0.3: not found",
            Finding.Kind.missingImage, "111122223333.dkr.ecr.eu-west-1.amazonaws.com/hello:0.3"
        ),
        (
            "CannotPullContainerError: Error response from daemon: manifest for localhost:4566/none:0.1 not found: "
                + "manifest unknown: manifest unknown",
            .missingImage, "localhost:4566/none:0.1"
        ),
        (
            "CannotPullContainerError: The task cannot pull registry.example/x:1 from registry: dial tcp 10.0.0.9:443: "
                + "i/o timeout. Check your network configuration.",
            .noRoute, "10.0.0.9:443"
        ),
        (
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): image Manifest does not contain "
                + "descriptor matching platform 'linux/amd64'",
            .wrongArchitecture, ""
        ),
        (
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
                + "unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret "
                + "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf from secrets manager: "
                + "ResourceNotFoundException: Secrets Manager can't find the specified secret.",
            .missingSecret, "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf"
        ),
        (
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
                + "unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid ssm parameters: "
                + "/nightly/token",
            .missingParameter, "/nightly/token"
        ),
        (
            "ResourceInitializationError: unable to pull secrets or registry auth: AccessDeniedException: User: "
                + "arn:aws:sts::111122223333:assumed-role/nightly-ExecutionRole-1A/0c3 is not authorized to perform: "
                + "secretsmanager:GetSecretValue on resource: db because no identity-based policy allows it",
            .deniedAction, "role nightly-ExecutionRole-1A may not secretsmanager:GetSecretValue on db"
        ),
        (
            "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from "
                + "Amazon ECR: There is a connection issue between the task and Amazon ECR. dial tcp: lookup "
                + "api.ecr.eu-west-1.amazonaws.com: i/o timeout",
            .noRoute, "api.ecr.eu-west-1.amazonaws.com"
        ),
        (
            "ResourceInitializationError: unable to pull secrets or registry auth: retrieved secret from Secrets Manager "
                + "did not contain json key password",
            .missingSecretKey, "password"
        ),
        (
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to "
                + "create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.",
            .missingLogGroup, ""
        ),
        (
            "ECS was unable to assume the role 'arn:aws:iam::111122223333:role/nightly-task' that was provided for this "
                + "task. Please verify that the role being passed has the proper trust relationship.",
            .roleNotAssumable, "arn:aws:iam::111122223333:role/nightly-task"
        ),
        ("OutOfMemoryError: Container killed due to memory usage", .outOfMemory, ""),
        (
            "CannotStartContainerError: OCI runtime create failed: exec: \"jobb\": executable file not found in $PATH: unknown",
            .commandNotFound, "jobb"
        ),
        (
            "Capacity is unavailable at this time. Please try again later or in a different availability zone",
            .noCapacity, ""
        ),
        ("The subnet ID 'subnet-0a' does not exist", .missingSubnet, "subnet-0a"),
        ("The security group 'sg-0a' does not exist", .missingSecurityGroup, "sg-0a"),
        ("nightly-bus already exists in stack arn:aws:cloudformation:…", .nameTaken, ""),
        (
            "Unable to assume the service linked role. Please verify that the ECS service linked role exists.",
            .serviceLinkedRole, "AWSServiceRoleForECS"
        ),
    ])
    func namesWhatIsMissing(text: String, kind: Finding.Kind, thing: String) throws {
        let finding = try #require(Finding.read(text))
        #expect(finding.kind == kind)
        #expect(finding.thing == thing)
        #expect(!finding.advice.isEmpty)
    }

    @Test func namesTheRoleAndAllThatItLacks() throws {
        let text =
            "AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/nightly-ExecutionRole-1A/0c3 is not "
            + "authorized to perform: ecr:GetAuthorizationToken on resource: * because no identity-based policy allows it"
        let finding = try #require(Finding.read(text))
        #expect(finding.lines.last == "  the role is arn:aws:iam::111122223333:role/nightly-ExecutionRole-1A")
        #expect(finding.advice.contains("ecr:BatchGetImage"))
    }

    @Test func aRefusedPullIsNoMissingImage() throws {
        let text =
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
            + "111122223333.dkr.ecr.eu-west-1.amazonaws.com/hello:0.3: unexpected status from HEAD request to "
            + "https://111122223333.dkr.ecr.eu-west-1.amazonaws.com/v2/hello/manifests/0.3: 403 Forbidden"
        let finding = try #require(Finding.read(text))
        #expect(finding.kind == .deniedAction)
        #expect(
            finding.thing
                == "the execution role may not pull 111122223333.dkr.ecr.eu-west-1.amazonaws.com/hello:0.3")
    }

    @Test(arguments: ["", "Essential container in task exited", "Resource creation cancelled", "Invalid cpu"])
    func readsNothingIntoOtherTexts(_ text: String) { #expect(Finding.read(text) == nil) }

    @Test func speaksInWords() {
        #expect(Finding(.missingImage, "a:1", advice: "x").text == "missing image: a:1")
        #expect(Finding(.noCapacity, "", advice: "x").text == "no capacity")
    }

    @Test(arguments: [
        (nil, "subnet-1 has no route table"),
        (
            #"{"routeTableId": "rtb-1", "routeSet": [{"destinationCidrBlock": "10.0.0.0/16", "gatewayId": "local"}]}"#,
            "subnet-1 has no route out: rtb-1 holds none for 0.0.0.0/0, so only VPC endpoints can be reached"
        ),
        (
            #"{"routeTableId": "rtb-1", "routeSet": [{"destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}]}"#,
            "subnet-1 routes out by internet gateway igw-1, which serves only tasks with a public address"
        ),
        (
            #"{"routeSet": [{"destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "nat-1", "state": "blackhole"}]}"#,
            "subnet-1: the route out in its route table leads to something that is gone"
        ),
    ])
    func saysWhereASubnetLeads(table: String?, line: String) throws {
        let table: EC2.RouteTable? = try table.map {
            try JSONDecoder().decode(EC2.RouteTable.self, from: Data($0.utf8))
        }
        #expect(RouteText.line("subnet-1", table) == line)
    }

    @Test(arguments: [
        ([], "vpc-1 has no VPC endpoints"),
        (
            ["com.amazonaws.r.s3", "com.amazonaws.r.ecr.api"],
            "vpc-1 has VPC endpoints for com.amazonaws.r.ecr.api, com.amazonaws.r.s3; none for ecr.dkr, logs"
        ),
        (
            ["a.ecr.api", "a.ecr.dkr", "a.logs", "a.s3"],
            "vpc-1 has VPC endpoints for a.ecr.api, a.ecr.dkr, a.logs, a.s3"
        ),
    ])
    func saysWhichEndpointsThereAre(services: [String], line: String) {
        #expect(RouteText.endpoints("vpc-1", services) == line)
    }

    @Test(arguments: [
        ("localhost:4566/hello:0.3", "hello", "0.3", ImageName.Registry?.some(.loopback)),
        ("localhost:4566/team/hello", "team/hello", "latest", .some(.loopback)),
        ("registry.example/hello:1", "hello", "1", nil),
        (
            "111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/hello:0.3", "team/hello", "0.3",
            .some(.ecr(account: "111122223333", region: "eu-west-1"))
        ),
        (
            "111122223333.dkr.ecr.eu-west-1.amazonaws.com/hello@sha256:ab", "hello", "sha256:ab",
            .some(.ecr(account: "111122223333", region: "eu-west-1"))
        ),
        (
            "111122223333.dkr-ecr.eu-west-1.on.aws/hello:0.3@sha256:ab", "hello", "sha256:ab",
            .some(.ecr(account: "111122223333", region: "eu-west-1"))
        ),
    ])
    func takesImageNamesApart(text: String, repository: String, wanted: String, registry: ImageName.Registry?) throws {
        let name = try #require(ImageName(text))
        #expect(name.repository == repository)
        #expect(name.wanted == wanted)
        #expect(name.registry == registry)
    }

    @Test(arguments: ["busybox:local", "library/busybox", "busybox"])
    func dockerHubsNamesHaveNoHost(text: String) { #expect(ImageName(text) == nil) }
}
