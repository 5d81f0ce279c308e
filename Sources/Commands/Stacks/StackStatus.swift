internal import AWSServices
internal import ArgumentParser
internal import Environment
internal import Schedules
internal import Stacks

struct StackStatus: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "cf-status", abstract: "Shows the project's stacks: state, parameters, outputs, resources.",
        usage: "fgctl cf-status [ENV] [options]",
        discussion: """
            Also when each was changed last, whether somebody looked for drift, and how many schedules start the task. Exits 0 \
            whether the stacks exist or not; NOT_CREATED says that one does not.

              fgctl cf-status
              fgctl cf-status production --output json
            """)

    @Argument(help: ArgumentHelp("Env file (see --env-file).", valueName: "env"))
    var env: String?
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: env.map { [$0] } ?? [], needs: 0...0) }

    func run(_ session: Session, _ words: [String]) async throws {
        let names = Names(session.settings)
        let cloudFormation = CloudFormation(session.client)
        var stacks: [StackReport] = []
        if session.settings[.parentStackName] != nil {
            stacks.append(try await StackReport.read(try names.parentStack, cloudFormation))
        }
        if try session.templateSet() != nil {
            stacks.append(try await StackReport.read(try names.baseStack, cloudFormation))
        }
        var task = try await StackReport.read(try names.stack, cloudFormation)
        if let group = task.outputs["ScheduleGroupName"] {
            task.schedules = try await ScheduleService(session.client).names(group: group).count
        }
        stacks.append(task)
        try session.result(Report(stacks: stacks), lines: stacks.flatMap(\.lines))
    }

    struct Report: Codable {
        let stacks: [StackReport]
    }
}
