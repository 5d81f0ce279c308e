internal import AWSServices
internal import ArgumentParser
internal import Environment
internal import Stacks
internal import Support

struct DiagnoseStack: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "cf-diagnose", abstract: "Finds out why a stack, or the tasks in it, failed.",
        usage: "fgctl cf-diagnose [ENV] [STACK] [options]",
        discussion: """
            The first cause of the last operation with its path through nested stacks; stopped tasks with reasons, exit codes \
            and their last 50 log lines; and what is missing: an image, a secret, a right of a role, a route, with what is there \
            instead. STACK is STACK_NAME when left out. A diagnosis that was made is exit 0 whatever it found; with --fail it is \
            1 when something had failed.

              fgctl cf-diagnose
              fgctl cf-diagnose --fail
              fgctl cf-diagnose demo-network --output json
            """)

    @Argument(help: ArgumentHelp("ENV (see --env-file) and STACK.", valueName: "env stack"))
    var arguments: [String] = []
    @Flag(help: "Exit 1 when a failure was found.")
    var fail = false
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: arguments, needs: 0...1) }

    func run(_ session: Session, _ words: [String]) async throws {
        let name = try words.first ?? Names(session.settings).stack
        guard let stack = try await CloudFormation(session.client).describeStack(name) else {
            throw Failure(
                .failed, "diagnose stack \(name): the stack does not exist",
                hint: "a deleted one is only found by its id: arn:aws:cloudformation:…")
        }
        let cluster = stack.output("ClusterName") ?? stack.stackName
        let diagnosis = try await StackDiagnoser(client: session.client).diagnose(stack: stack, cluster: cluster)
        try session.result(diagnosis, lines: session.advising(diagnosis.lines))
        if fail, diagnosis.foundFailure || stack.stackStatus.isFailed {
            throw PassedCode(ExitStatus.code(for: .failed))
        }
    }
}
