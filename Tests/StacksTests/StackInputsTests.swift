import AWSServices
import Support
import Templates
import Testing

@testable import Stacks

struct StackInputsTests {
    private func resolve(
        explicit: [(String, String)] = [], offered: [(String, String)] = [], stack: CloudFormation.Stack? = nil
    ) throws -> [CloudFormation.Parameter] {
        try StackInputs.parameters(
            of: try Samples.template(),
            explicit: explicit.map { GivenValue(name: $0, value: $1, origin: "--parameter") },
            offered: offered.map { GivenValue(name: $0, value: $1, origin: "env/default:1") }, stack: stack)
    }

    private func value(_ name: String, _ parameters: [CloudFormation.Parameter]) -> CloudFormation.Parameter? {
        parameters.first { $0.parameterKey == name }
    }

    @Test func theUsersWordWinsOverWhatIsKnown() throws {
        let parameters = try resolve(
            explicit: [("Cpu", "512"), ("Password", "hunter2")], offered: [("Cpu", "1024"), ("Unknown", "x")])
        #expect(value("Cpu", parameters)?.parameterValue == "512")
        #expect(value("Password", parameters)?.parameterValue == "hunter2")
        #expect(value("Unknown", parameters) == nil)
    }

    @Test func parametersUnknownToTheTemplateAreAnErrorWhenTheUserGaveThem() throws {
        let failure = #expect(throws: Failure.self) { try resolve(explicit: [("Cpus", "512"), ("Password", "x")]) }
        #expect(failure?.message.contains("Cpus") == true)
        #expect(failure?.kind == .usage)
    }

    @Test func aRequiredParameterThatNobodyGaveIsNamed() throws {
        let failure = #expect(throws: Failure.self) { try resolve() }
        #expect(failure?.message.contains("Password") == true)
    }

    @Test func theEarlyCheckLeavesOutWhatMayComeLater() throws {
        func check(_ explicit: [(String, String)]) throws {
            try StackInputs.check(
                of: try Samples.template(),
                explicit: explicit.map { GivenValue(name: $0, value: $1, origin: "--parameter") },
                offered: [GivenValue(name: "Unknown", value: "x", origin: "env/default:1")])
        }
        try check([("Cpu", "512")])
        #expect(throws: Failure.self) { try check([("Cpus", "512")]) }
    }

    @Test func whatTheStackHasStays() throws {
        let stack = try Samples.stack("CREATE_COMPLETE", parameters: ["Password": "****", "Cpu": "2048"])
        let parameters = try resolve(stack: stack)
        #expect(value("Password", parameters)?.usePreviousValue == true)
        #expect(value("Password", parameters)?.parameterValue == nil)
        #expect(value("Cpu", parameters)?.usePreviousValue == true)
    }

    @Test func tagsStartWithFgctlsOwn() throws {
        let tags = try StackInputs.tags(stack: "nightly", environmentName: "default", user: [("team", "data")])
        #expect(
            tags == [
                .init(key: "fgctl:stack", value: "nightly"), .init(key: "fgctl:env", value: "default"),
                .init(key: "team", value: "data"),
            ])
    }

    @Test(arguments: [[("aws:x", "1")], [("fgctl:stack", "1")], [("a", "1"), ("a", "2")]])
    func refusesTagsThatCantBe(_ user: [(String, String)]) throws {
        let failure = #expect(throws: Failure.self) {
            try StackInputs.tags(stack: "nightly", environmentName: "default", user: user)
        }
        #expect(failure?.kind == .usage)
    }

    @Test func countsTags() throws {
        let most = (1...48).map { ("k\($0)", "v") }
        #expect(try StackInputs.tags(stack: "n", environmentName: "e", user: most).count == 50)
        #expect(throws: Failure.self) {
            try StackInputs.tags(stack: "n", environmentName: "e", user: most + [("one", "more")])
        }
    }
}
