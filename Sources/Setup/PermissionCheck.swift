package import AWS
internal import AWSServices
internal import Support
internal import Synchronization

/// Asks IAM what the caller may do of what each group of commands needs. Reads only.
package struct PermissionCheck: Sendable {
    /// What is known of a right.
    enum Answer: Sendable, Hashable {
        case allowed, denied
        /// Why it is not known.
        case unknown(String)
    }

    /// How many questions are under way at a time: IAM allows few a second.
    private static let width = 8

    private let iam: IAM
    private let names: PolicyNames
    private let limit: Duration

    /// - Parameter limit: then what was not answered is unknown.
    package init(_ client: AWSClient, _ names: PolicyNames, within limit: Duration) {
        iam = IAM(client)
        self.names = names
        self.limit = limit
    }

    /// A result for each group, or one for all where there is no asking.
    package func results(_ principal: Principal) async throws -> [CheckResult] {
        let source: String
        switch principal {
        case .root: return [.ok("permissions", "the account's root may do everything")]
        case .other(let why): return [.unknown("permissions", why, advice: PermissionReport.page)]
        case .user(let arn), .role(let arn, _): source = arn
        }
        let groups = try PolicyGroup.all().map { ($0.name, try $0.rights(names)) }
        let questions = SimulationPlan.questions(groups.reduce(into: []) { $0.formUnion($1.1.rights) })
        let answers = Answers()
        do {
            try await Deadline.run(limit, what: "IAM") { try await ask(questions, source, principal, answers) }
        } catch let failure as Failure where failure.kind == .timedOut {
            answers.rest = failure.message
        } catch let error as AWSError where error.isAccessDenied {
            return [PermissionReport.refused(error, source)]
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return [.unknown("permissions", "\(error)", advice: PermissionReport.page)]
        }
        return groups.map { PermissionReport.result($0.0, $0.1.rights, missing: $0.1.missing, answers.of) }
    }

    private func ask(
        _ questions: [SimulationPlan.Question], _ given: String, _ principal: Principal, _ answers: Answers
    ) async throws {
        guard let first = questions.first else { return }
        // Alone: whether it may be asked at all, and under which name.
        var source = given
        do {
            try await answer(first, source, answers)
        } catch let error as AWSError where error.isNotFound {
            guard case .role(_, let name) = principal else { throw error }
            source = try await iam.roleARN(name)
            try await answer(first, source, answers)
        }
        let found = source
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, question) in questions.dropFirst().enumerated() {
                if index >= Self.width { try await group.next() }
                group.addTask { try await answer(question, found, answers) }
            }
            try await group.waitForAll()
        }
    }

    /// Asks, and what AWS does not take together in parts.
    private func answer(_ question: SimulationPlan.Question, _ source: String, _ answers: Answers) async throws {
        let request = IAM.SimulatePrincipalPolicyRequest(
            policySourceArn: source, actionNames: question.actions, resourceArns: question.resources,
            contextEntries: question.context.sorted { $0.key < $1.key }.map { IAM.ContextEntry($0.key, $0.value) })
        do {
            answers.add(try await iam.simulatePrincipalPolicy(request), to: question)
        } catch let error as AWSError where error.httpStatus == 400 && !error.isAccessDenied && !error.isThrottling {
            guard let (one, other) = question.halves else {
                return answers.add(.unknown("\(error.code): \(error.message)"), to: question)
            }
            try await answer(one, source, answers)
            try await answer(other, source, answers)
        } catch let error as AWSError where error.isThrottling || error.httpStatus >= 500 {
            answers.add(.unknown("\(error.code): \(error.message)"), to: question)
        }
    }
}

/// The answers so far.
final class Answers: Sendable {
    private struct State {
        var known: [Right: PermissionCheck.Answer] = [:]
        var rest = "IAM did not answer for it"
    }
    private let state = Mutex(State())

    /// Why what has no answer has none.
    var rest: String {
        get { state.withLock { $0.rest } }
        set { state.withLock { $0.rest = newValue } }
    }

    func of(_ right: Right) -> PermissionCheck.Answer {
        state.withLock { $0.known[right] ?? .unknown($0.rest) }
    }

    func add(_ answer: PermissionCheck.Answer, to question: SimulationPlan.Question) {
        state.withLock { for right in question.rights { $0.known[right] = answer } }
    }

    /// AWS answers either once for each pair of action and resource, or for each action with the resources inside.
    func add(_ results: [IAM.EvaluationResult], to question: SimulationPlan.Question) {
        state.withLock { state in
            for result in results {
                let specific = result.resourceSpecificResults ?? []
                for one in specific {
                    let right = Right(
                        action: result.evalActionName, resource: one.evalResourceName, context: question.context)
                    state.known[right] = Self.answer(one.evalResourceDecision, one.missingContextValues)
                }
                if specific.isEmpty {
                    let right = Right(
                        action: result.evalActionName, resource: result.evalResourceName ?? "*",
                        context: question.context)
                    state.known[right] = Self.answer(result.evalDecision, result.missingContextValues)
                }
            }
        }
    }

    private static func answer(_ decision: String, _ missing: [String]?) -> PermissionCheck.Answer {
        if decision == "allowed" { return .allowed }
        // What the policies ask beyond the names may decide otherwise in earnest.
        guard decision == "implicitDeny", let missing, !missing.isEmpty else { return .denied }
        return .unknown("the policies ask for \(missing.joined(separator: ", "))")
    }
}
