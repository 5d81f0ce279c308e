internal import ArgumentParser
internal import Stacks

/// The options of commands that update a stack.
struct UpdateOptions: ParsableArguments {
    @Flag(help: "Wait for an operation that is under way, then update.")
    var waitCurrent = false
    @Option(
        help: ArgumentHelp(
            "Give up on this resource when continuing a stuck rollback; may be repeated.", valueName: "logical-id"))
    var skip: [String] = []

    func options(_ stack: StackOptions) -> StackUpdater.Options {
        var options = StackUpdater.Options()
        options.wishes = .init(waitsForCurrent: waitCurrent, noRollback: stack.noRollback)
        options.skipped = skip
        return options
    }
}
