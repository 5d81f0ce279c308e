import HTTP
import Testing

@testable import AWS

struct ErrorDecoderTests {
    private func decode(
        _ service: Service, _ status: Int, _ body: String, headers: HTTPHeaders = [:]
    ) -> ErrorAnswer {
        ErrorDecoder.decode(service.wire, status: status, headers: headers, body: Array(body.utf8))
    }

    @Test(arguments: [
        "ClusterNotFoundException", "com.amazonaws.ecs#ClusterNotFoundException",
        "ClusterNotFoundException:http://internal.amazon.com/coral/com.amazon.coral.validate/",
        "aws.x#ClusterNotFoundException:http://internal.amazon.com/coral/",
    ])
    func jsonCodesAreShortened(type: String) {
        let answer = decode(
            Samples.ecs, 400, #"{"__type":"\#(type)","message":"no"}"#, headers: ["x-amzn-RequestId": "7f"])
        #expect(answer == ErrorAnswer(code: "ClusterNotFoundException", message: "no", requestID: "7f"))
        #expect(
            decode(Samples.scheduler, 404, "{\"Message\":\"no\"}", headers: ["X-Amzn-ErrorType": type]).code
                == "ClusterNotFoundException")
    }

    @Test(arguments: ["", "#", ":x", "a#:b"])
    func emptyCodesFallBackToTheStatus(type: String) {
        #expect(decode(Samples.ecs, 400, #"{"__type":"\#(type)"}"#).code == (type == "a#:b" ? "a" : "HTTP400"))
        #expect(decode(Samples.ecs, 400, "", headers: ["x-amzn-errortype": ":"]).code == "HTTP400")
    }

    @Test func jsonKeepsOtherMembers() {
        let answer = decode(
            Samples.ecs, 400,
            #"{"__type":"ConflictException","message":"m","resourceIds":["arn:1","arn:2"],"n":1,"o":{}}"#)
        #expect(answer.fields == ["resourceIds": "arn:1,arn:2", "n": "1"])
    }

    @Test func queryErrorHeaderNamesTheCode() {
        let answer = decode(
            Samples.ecs, 400, #"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"m"}"#,
            headers: ["x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender"])
        #expect(answer.code == "AWS.SimpleQueueService.NonExistentQueue")
    }

    @Test func query() {
        let body = """
            <ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type>
            <Code>ValidationError</Code><Message>Stack with id x does not exist</Message></Error>
            <RequestId>7f</RequestId></ErrorResponse>
            """
        #expect(
            decode(Samples.cloudFormation, 400, body)
                == ErrorAnswer(code: "ValidationError", message: "Stack with id x does not exist", requestID: "7f"))
    }

    @Test func ec2() {
        let body = """
            <Response><Errors><Error><Code>InvalidSubnetID.NotFound</Code><Message>no</Message></Error></Errors>
            <RequestID>7f</RequestID></Response>
            """
        #expect(
            decode(Samples.ec2, 400, body)
                == ErrorAnswer(code: "InvalidSubnetID.NotFound", message: "no", requestID: "7f"))
    }

    @Test func s3() {
        let body = """
            <Error><Code>NoSuchKey</Code><Message>gone</Message><Key>k</Key><RequestId>7f</RequestId><HostId>h</HostId></Error>
            """
        #expect(
            decode(Samples.s3, 404, body)
                == ErrorAnswer(
                    code: "NoSuchKey", message: "gone", requestID: "7f", fields: ["Key": "k", "HostId": "h"]))
    }

    @Test(arguments: [Samples.ecs, Samples.sts, Samples.ec2, Samples.s3, Samples.scheduler])
    func emptyAndForeignBodies(service: Service) {
        #expect(decode(service, 404, "") == ErrorAnswer(code: "NotFound"))
        #expect(decode(service, 502, "") == ErrorAnswer(code: "HTTP502"))
        let page = "<html>\n<body>\(String(repeating: "x", count: 9000))</body>"
        let answer = decode(service, 503, page)
        #expect(answer.code == "HTTP503")
        #expect(answer.message.hasPrefix("<html> <body>xx"))
        #expect(answer.message.count == 301)
        #expect(decode(service, 404, page).code == "HTTP404")
        #expect(decode(service, 400, "[1,2]").message == "[1,2]")
    }

    private func error(_ code: String, _ message: String = "", status: Int = 400) -> AWSError {
        AWSError(code: code, message: message, httpStatus: status, service: "ECS", operation: "RunTask")
    }

    @Test func saysWhatWasAttemptedOnWhatAndWhy() {
        let full = AWSError(
            code: "AccessDeniedException", message: "no", httpStatus: 400, requestID: "7f", service: "ECS",
            operation: "RunTask", resource: "nightly")
        #expect("\(full)" == "ECS RunTask nightly: AccessDeniedException: no (AWS request 7f)")
        #expect("\(error("HTTP502", status: 502))" == "ECS RunTask: HTTP502")
    }

    @Test(arguments: [
        (
            "User: arn:aws:iam::1:user/u is not authorized to perform: ecs:RunTask on resource: arn:aws:ecs:eu-west-1:1:x/y:3 "
                + "because no identity-based policy allows the ecs:RunTask action",
            AccessDenial(
                action: "ecs:RunTask", principal: "arn:aws:iam::1:user/u", resource: "arn:aws:ecs:eu-west-1:1:x/y:3",
                reason: "no identity-based policy allows the ecs:RunTask action")
        ),
        (
            "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: s3:GetObject on resource: "
                + "\"arn:aws:s3:::b/k with spaces\" with an explicit deny in a service control policy",
            AccessDenial(
                action: "s3:GetObject", principal: "arn:aws:sts::1:assumed-role/r/s",
                resource: "arn:aws:s3:::b/k with spaces", reason: "explicit deny in a service control policy")
        ),
        (
            "You are not authorized to perform this operation. User: arn:aws:iam::1:user/u is not authorized to perform: "
                + "ec2:DescribeSubnets because no identity-based policy allows the ec2:DescribeSubnets action. "
                + "Encoded authorization failure message: abcDEF-123_4",
            AccessDenial(
                action: "ec2:DescribeSubnets", principal: "arn:aws:iam::1:user/u", resource: nil,
                reason: "no identity-based policy allows the ec2:DescribeSubnets action")
        ),
        (
            "User: arn:aws:iam::1:user/u is not authorized to perform: iam:PassRole on resource: arn:aws:iam::1:role/r.",
            AccessDenial(
                action: "iam:PassRole", principal: "arn:aws:iam::1:user/u", resource: "arn:aws:iam::1:role/r")
        ),
    ])
    func deniedAccessNamesActionResourceAndPrincipal(message: String, expected: AccessDenial) {
        #expect(AccessDenial.parse(message) == expected)
        #expect(error("AccessDeniedException", message, status: 403).denial == expected)
        #expect(error("ValidationError", message).denial == nil)
    }

    @Test(arguments: [
        "Access Denied", "", "You are not authorized to perform this operation.", " is not authorized to perform: ",
    ])
    func whatAWSDoesNotTellIsNotMadeUp(message: String) {
        #expect(AccessDenial.parse(message) == nil)
    }

    @Test func encodedDetailsStandApart() {
        let body = """
            <Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized to perform this
            operation. Encoded authorization failure message: abcDEF-123_4</Message></Error></Errors></Response>
            """
        let answer = decode(Samples.ec2, 403, body)
        #expect(answer.message == "You are not authorized to perform this operation.")
        #expect(answer.fields == ["encodedAuthorizationMessage": "abcDEF-123_4"])
    }

    @Test func classifies() {
        #expect(error("ValidationError", "Stack with id x does not exist").isNotFound)
        #expect(error("Anything", status: 404).isNotFound)
        #expect(!error("HTTP404", status: 404).isNotFound)
        #expect(!error("ValidationError", "Parameter x does not exist").isNotFound)
        for code in ["RepositoryNotFoundException", "NoSuchBucket", "ParameterNotFound", "InvalidSubnetID.NotFound"] {
            #expect(error(code).isNotFound, "\(code)")
        }
        for code in ["ExpiredToken", "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch"] {
            #expect(error(code).isCredentialProblem, "\(code)")
        }
        #expect(!error("AccessDenied").isCredentialProblem)
        #expect(error("AccessDenied").isAccessDenied)
        #expect(error("InvalidParameterException", "Rate exceeded").isThrottling)
        #expect(!error("InvalidParameterException", "cpu").isThrottling)
    }
}
