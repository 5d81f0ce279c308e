/// An error answer of AWS, or an answer that can't be decoded (`code` is then `InvalidResponse`).
package struct AWSError: Error, Sendable {
    /// The error's short name without namespace: `AccessDeniedException`; `HTTP502` when the answer names none.
    package let code: String
    /// AWS's own words, possibly empty.
    package let message: String
    package let httpStatus: Int
    /// From the headers or the body.
    package let requestID: String?
    /// The service as messages name it (`ECS`).
    package let service: String
    package let operation: String
    /// What the operation was about, as the caller named it.
    package let resource: String?
    /// Further members of the error (`resourceIds`), texts only; lists are joined by commas.
    package let fields: [String: String]
    /// All attempts of the call.
    package internal(set) var attempts = 1
    /// Whether an attempt of the call may have been carried out although it ended in this error: an earlier one whose answer
    /// was lost, or this one (status 500 and above, an answer of success that can't be read). Only for calls that change something.
    package internal(set) var mayHaveActed = false
    /// What was refused to whom, where the message of a denied access tells.
    package var denial: AccessDenial? { isAccessDenied ? AccessDenial.parse(message) : nil }

    package init(
        code: String, message: String, httpStatus: Int, requestID: String? = nil, service: String, operation: String,
        resource: String? = nil, fields: [String: String] = [:]
    ) {
        self.code = code
        self.message = message
        self.httpStatus = httpStatus
        self.requestID = requestID
        self.service = service
        self.operation = operation
        self.resource = resource
        self.fields = fields
    }
}

extension AWSError {
    /// The same error with its texts passed through `mask`.
    func masked(_ mask: (String) -> String) -> AWSError {
        AWSError(
            code: mask(code), message: mask(message), httpStatus: httpStatus, requestID: requestID, service: service,
            operation: operation, resource: resource, fields: fields.mapValues(mask))
    }
}

extension AWSError: CustomStringConvertible {
    /// `ECS RunTask nightly: AccessDeniedException: … (AWS request 7f…)`
    package var description: String {
        let what = [service, operation, resource].compactMap { $0 }.joined(separator: " ")
        let why = message.isEmpty ? code : "\(code): \(message)"
        let times = attempts == 1 ? "" : " after \(attempts) attempts"
        let acted = mayHaveActed ? "; an attempt may have been carried out all the same" : ""
        return "\(what): \(why)" + (requestID.map { " (AWS request \($0))" } ?? "") + times + acted
    }
}

extension AWSError {
    /// The thing asked for does not exist.
    package var isNotFound: Bool {
        if httpStatus == 404 { return code != "HTTP404" }
        // CloudFormation has no code of its own for a missing stack.
        if code == "ValidationError" { return message.hasPrefix("Stack") && message.hasSuffix("does not exist") }
        return Self.notFoundSuffixes.contains { code.hasSuffix($0) } || code.hasPrefix("NoSuch")
            || code == "ChangeSetNotFound" || code == "StateMachineDoesNotExist" || code == "ExecutionDoesNotExist"
    }

    /// The caller is known but may not do this.
    package var isAccessDenied: Bool {
        [
            "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedException",
            "AuthorizationError", "NotAuthorized",
        ].contains(code)
    }

    /// The credentials are expired, unknown or don't fit the request: another attempt needs others.
    package var isCredentialProblem: Bool { Self.credentialCodes.contains(code) }

    /// Asked too often.
    package var isThrottling: Bool { RetryCodes.isThrottling(code: code, message: message, status: httpStatus) }

    private static let notFoundSuffixes = ["NotFound", "NotFoundException", "NotFoundFault", "NotFoundError"]

    private static let credentialCodes: Set<String> = [
        "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired", "InvalidClientTokenId",
        "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidSignatureException", "InvalidAccessKeyId",
        "AuthFailure", "MissingAuthenticationToken", "MissingAuthenticationTokenException", "IncompleteSignature",
        "IncompleteSignatureException", "InvalidToken", "InvalidSecurity", "OptInRequired", "NotSignedUp",
    ]
}
