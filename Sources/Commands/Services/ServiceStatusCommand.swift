internal import AWSServices
internal import ArgumentParser
internal import Services
internal import Support

struct ShowServiceStatus: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "service-status", abstract: "Shows what services run and how their deployments stand.",
        usage: "fgctl service-status [NAME...] [options]",
        discussion: """
            Deployments with their counts and revisions, the images of the running tasks with their digests, the release of the \
            config, the circuit breaker and the last events. Without NAME all services of the stack. NAME as for update-service. \
            With --fail the exit code is 1 when a service is failing, else 2 when one is still deploying.

              fgctl service-status
              fgctl service-status webserver --output json
              fgctl service-status --fail
            """)

    @Argument(help: ArgumentHelp("Names of services.", valueName: "name"))
    var names: [String] = []
    @Flag(help: "Exit 1 when a service is failing, else 2 when one is deploying.")
    var fail = false
    @OptionGroup(title: "Common options") var common: CommonOptions

    /// Its JSON form is stable.
    struct Report: Encodable {
        let services: [ServiceStatus]
    }

    func run(_ session: Session, _ words: [String]) async throws {
        let project = try ProjectServices(session)
        let found = names.isEmpty ? try await project.directory.all() : try await project.directory.find(names)
        for note in found.compactMap(\.note) { session.say(note) }
        let reader = ServiceStatusReader(session.client, cluster: project.cluster, stack: project.stack)
        let all = try await reader.read(found.map(\.service))
        if all.isEmpty { session.say("cluster \(project.cluster) has no services") }
        try session.result(Report(services: all), lines: all.flatMap(\.lines))
        guard fail else { return }
        func named(_ state: ServiceStatus.State) -> String {
            all.filter { $0.state == state }.map(\.service).joined(separator: ", ")
        }
        if all.contains(where: { $0.state == .failing }) {
            try session.refuse(Failure(.failed, "service \(named(.failing)): failing"))
        }
        if all.contains(where: { $0.state == .deploying }) {
            try session.refuse(Failure(.differs, "service \(named(.deploying)): a deployment is under way"))
        }
    }
}
