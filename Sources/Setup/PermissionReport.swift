internal import AWS
internal import Support

/// Answers in words.
enum PermissionReport {
    static let page = "docs/permissions.md has the least policy of each group of commands"

    /// One result for one group.
    static func result(
        _ group: String, _ rights: Set<Right>, missing: Set<String>, _ answer: (Right) -> PermissionCheck.Answer
    ) -> CheckResult {
        let check = "permissions \(group)"
        let without = missing.isEmpty ? "" : "; not looked at: what needs \(missing.sorted().joined(separator: ", "))"
        guard !rights.isEmpty else {
            return .unknown(
                check, "\(missing.sorted().joined(separator: ", ")) not set",
                advice: "set it in the env file, and doctor looks at the rights on what bears these names")
        }
        var denied: [CheckResult.Denial] = []
        var unknown: [(action: String, why: String)] = []
        for right in rights.sorted(by: { ($0.action, $0.resource) < ($1.action, $1.resource) }) {
            switch answer(right) {
            case .allowed: break
            case .denied: denied.append(.init(action: right.action, resource: right.resource))
            case .unknown(let why): unknown.append((right.action, why))
            }
        }
        let actions = Set(rights.map(\.action)).count
        let open = unknown.first.map { "; not known: \(list(unknown.map(\.action))): \($0.why)" } ?? ""
        if !denied.isEmpty {
            return .warn(
                check, "denied: \(list(denied.map(\.action)))\(open)\(without)",
                advice:
                    "the group's least policy is in docs/permissions.md; bin/permissions \(group) prints it with names filled in",
                denied: unique(denied))
        }
        if !open.isEmpty { return .unknown(check, String(open.dropFirst(2)) + without, advice: page) }
        return .ok(check, "all \(actions) actions allowed\(without)")
    }

    /// The simulation itself is not allowed.
    static func refused(_ error: AWSError, _ source: String) -> CheckResult {
        let action = "iam:\(error.operation)"
        return .unknown(
            "permissions", "the caller may not ask IAM: \(error.code): \(error.message)",
            advice: "allow \(action) on \(source) and doctor can tell; \(page)")
    }

    /// Each once, in the order given.
    private static func unique<T: Hashable>(_ all: [T]) -> [T] {
        var seen: Set<T> = []
        return all.filter { seen.insert($0).inserted }
    }

    private static func list(_ actions: [String]) -> String { unique(actions).joined(separator: ", ") }
}
