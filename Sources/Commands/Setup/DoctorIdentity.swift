internal import AWS
internal import AWSServices
internal import Environment
internal import Setup

extension DoctorChecks {
    /// Who the credentials are, and whether they are of the account that AWS_ACCOUNT_ID asserts.
    func identity(_ caller: STS.GetCallerIdentityResponse) -> CheckResult {
        do {
            let found = "\(caller.arn), account \(caller.account)"
            guard let asserted = try Names(session.settings).account, asserted != caller.account else {
                return .ok("identity", found)
            }
            let origin = session.settings[.accountID]?.origin ?? "AWS_ACCOUNT_ID"
            return .failed(
                "identity", "\(found), but AWS_ACCOUNT_ID is \(asserted) (\(origin)): changes are refused",
                advice: "use credentials of that account, or correct AWS_ACCOUNT_ID")
        } catch { return .failed("identity", error) }
    }
}
