internal import Environment
internal import Services
internal import Support

/// The services of the project: where they run and how they are found.
struct ProjectServices: Sendable {
    let cluster: String
    /// `nil` where no STACK_NAME is set.
    let stack: String?
    let directory: ServiceDirectory

    init(_ session: Session) throws {
        let names = Names(session.settings)
        cluster = try names.cluster
        stack = session.settings[.stackName] == nil ? nil : try names.stack
        directory = ServiceDirectory(session.client, cluster: cluster, stack: stack)
    }

    /// The command that brings back what services ran before, a line of the shell.
    static func rollbackCommand(_ services: [String]) -> String {
        services.map { "fgctl service-rollback \($0)" }.joined(separator: "' and '")
    }
}
