internal import ArgumentParser
internal import Support
internal import Watch

/// The options of commands that follow deployments of services.
struct FollowOptions: ParsableArguments {
    @Flag(name: .customLong("no-wait"), help: "Return when ECS has taken the request.")
    var noWait = false
    @Option(help: ArgumentHelp("Stop waiting after this long (exit 3); the deployment goes on.", valueName: "duration"))
    var timeout = "30m"
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Roll a deployment back as soon as so many of its tasks have failed.", valueName: "number"))
    var maxFailedTasks: Int?
    @Flag(help: "Ctrl-C rolls back without a question.")
    var rollbackOnInterrupt = false

    func validate() throws {
        if let maxFailedTasks, maxFailedTasks < 1 {
            throw ValidationError("--max-failed-tasks: \(maxFailedTasks) is no number of tasks: 1 or more")
        }
        if noWait, maxFailedTasks != nil || rollbackOnInterrupt {
            throw ValidationError("--no-wait follows nothing: leave out --max-failed-tasks and --rollback-on-interrupt")
        }
    }

    /// - Throws: `Failure` of kind `usage` when `--timeout` is no duration.
    func timing() throws -> DeploymentWatch.Timing {
        var timing = DeploymentWatch.Timing()
        timing.deadline = try DurationText.parse(timeout)
        return timing
    }
}
