internal import AWS

/// An error answer of AWS as `--output json` shows it.
struct AWSErrorReport: Encodable {
    struct Denied: Encodable {
        let action: String
        let principal: String?
        let resource: String?
        let reason: String?
    }

    let service: String
    let operation: String
    let resource: String?
    let code: String
    let message: String
    let httpStatus: Int
    let requestID: String?
    let attempts: Int
    let mayHaveActed: Bool
    let denied: Denied?
    /// For `aws sts decode-authorization-message`.
    let encodedAuthorizationMessage: String?

    init(_ error: AWSError) {
        service = error.service
        operation = error.operation
        resource = error.resource
        code = error.code
        message = error.message
        httpStatus = error.httpStatus
        requestID = error.requestID
        attempts = error.attempts
        mayHaveActed = error.mayHaveActed
        denied = error.denial.map {
            Denied(action: $0.action, principal: $0.principal, resource: $0.resource, reason: $0.reason)
        }
        encodedAuthorizationMessage = error.fields["encodedAuthorizationMessage"]
    }

    /// Who needs what: `arn:…:user/u needs ecs:RunTask on arn:… (no identity-based policy allows …)`
    static func hint(_ denial: AccessDenial) -> String {
        let who = denial.principal ?? "the identity in use ('fgctl whoami')"
        let what = denial.resource.map { " on \($0)" } ?? ""
        let why = denial.reason.map { " (\($0))" } ?? ""
        return "\(who) needs \(denial.action)\(what)\(why)"
    }
}
