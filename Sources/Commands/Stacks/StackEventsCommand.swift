internal import AWSServices
internal import ArgumentParser
internal import Environment
internal import FoundationEssentials
internal import Stacks
internal import Support
internal import Watch

struct StackEventsCommand: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "cf-events", abstract: "Shows the events of a stack's last operation.",
        usage: "fgctl cf-events [ENV] [options]",
        discussion: """
            With --follow it stays with an operation that is under way to its end, and exits 1 when that fails. Ctrl-C ends \
            the watching only.

              fgctl cf-events
              fgctl cf-events --follow --stack demo-network
            """)

    @Argument(help: ArgumentHelp("Env file (see --env-file).", valueName: "env"))
    var env: String?
    @Flag(help: "Stay with an operation that is under way, to its end.")
    var follow = false
    @Flag(help: "All events that CloudFormation still has.")
    var all = false
    @Option(help: ArgumentHelp("The stack (default: STACK_NAME).", valueName: "name"))
    var stack: String?
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: env.map { [$0] } ?? [], needs: 0...0) }

    func run(_ session: Session, _ words: [String]) async throws {
        let name = try stack ?? Names(session.settings).stack
        let cloudFormation = CloudFormation(session.client)
        guard let found = try await cloudFormation.describeStack(name) else {
            throw Failure(
                .failed, "events of stack \(name): the stack does not exist",
                hint: "a deleted one is only found by its id: --stack arn:aws:cloudformation:…")
        }
        let events = StackEvents(cloudFormation)
        let id = found.stackId ?? name
        let last = all ? (mark: nil, events: try await events.all(of: id)) : try await events.lastOperation(of: id)
        guard follow else {
            let entries = last.events.map(Entry.init)
            return try session.result(["events": entries], lines: last.events.map { EventLine.text($0) })
        }
        for event in last.events { try show(event, session) }
        guard found.stackStatus.isInProgress else { return }
        let outcome = try await events.follow(
            id, after: last.events.last?.eventId, warn: { session.warn($0) }, show: { try? show($0, session) })
        guard outcome.status.isSettled || outcome.status == .deleteComplete else {
            let cause = StackCause.first(in: last.events + outcome.events).map(StackCause.text)
            throw Failure(
                .failed, "stack \(name): \(outcome.status)" + (cause.map { ": \($0)" } ?? ""),
                hint: "more with 'fgctl cf-diagnose'")
        }
    }

    /// With --follow JSON comes as one object a line.
    private func show(_ event: CloudFormation.StackEvent, _ session: Session) throws {
        switch session.options.output {
        case .text: session.context.console.out(EventLine.text(event))
        case .json: session.context.console.out(try Session.jsonLine(Entry(event)))
        }
    }

    /// One event; its JSON form is stable.
    struct Entry: Encodable {
        let id: String
        let at: Date
        let logicalID: String?
        let physicalID: String?
        let type: String?
        let status: String?
        let reason: String?

        init(_ event: CloudFormation.StackEvent) {
            id = event.eventId
            at = event.timestamp
            logicalID = event.logicalResourceId
            physicalID = event.physicalResourceId
            type = event.resourceType
            status = event.resourceStatus
            reason = event.resourceStatusReason
        }
    }
}
