/// The error codes that are worth another attempt, as the SDKs' standard mode has them.
enum RetryCodes {
    private static let throttling: Set<String> = [
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException", "TransactionInProgressException", "RequestLimitExceeded",
        "BandwidthLimitExceeded", "LimitExceededException", "RequestThrottled", "SlowDown", "EC2ThrottledException",
        "PriorRequestNotComplete",
    ]
    /// Codes of bad input under which services pass on that another service throttled them.
    private static let hiding: Set<String> = [
        "InvalidParameterException", "InvalidParameterValue", "InvalidRequestException", "ValidationError",
        "ValidationException", "ClientException",
    ]
    private static let transient: Set<String> = [
        "RequestTimeout", "RequestTimeoutException", "InternalError", "InternalFailure", "ServiceUnavailable",
        "ServiceUnavailableException", "ServerException", "InternalServerError", "InternalServiceError",
        // STS, when the identity provider does not answer.
        "IDPCommunicationError",
    ]
    private static let clockSkew: Set<String> = [
        "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture", "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "AuthFailure",
    ]

    static func isThrottling(code: String, message: String, status: Int) -> Bool {
        if status == 429 || throttling.contains(code) { return true }
        // Some services hide it: ECS and CloudFormation answer 'Rate exceeded' under a code of bad input.
        return hiding.contains(code) && (message.contains("Rate exceeded") || message.contains("Throttling"))
    }

    static func isTransient(code: String, status: Int) -> Bool {
        [500, 502, 503, 504].contains(status) || transient.contains(code)
    }

    static func isTimeout(code: String) -> Bool { code == "RequestTimeout" || code == "RequestTimeoutException" }

    static func mayBeClockSkew(code: String) -> Bool { clockSkew.contains(code) }
}
