internal import ArgumentParser
internal import Environment
internal import Support

/// One command of fgctl: options, and a `run` that gets everything it needs as a `Session`.
protocol FgctlCommand: AsyncParsableCommand {
    var common: CommonOptions { get }
    /// Whether the exit code is a container's or child's.
    static var passesCodeThrough: Bool { get }
    /// The same for the words that were given; the type's answer unless a command says otherwise.
    var passesCodeThrough: Bool { get }
    /// The words after the command, where the first may be ENV; `nil` where ENV is given by `-e` only.
    var words: Words? { get }
    func run(_ session: Session, _ words: [String]) async throws
}

/// Positional words and how many of them the command itself needs.
struct Words {
    let given: [String]
    let needs: ClosedRange<Int>
    /// What to do when there are too many, where there is more to say than where to find help.
    var surplusHint: String?
    /// What the words are called that have to be there.
    var called: String?
}

extension FgctlCommand {
    static var passesCodeThrough: Bool { false }
    var passesCodeThrough: Bool { Self.passesCodeThrough }
    var words: Words? { nil }

    func run() async throws {
        guard let context = CommandContext.current else {
            throw Failure(.failed, "\(Self.configuration.commandName ?? "command"): no context to run in")
        }
        let (session, rest) = try Session.open(common, words: words, context: context)
        do { try await run(explaining: session, rest) } catch {
            guard let env = session.givenEnv else { throw error }
            throw EnvError(error: error, env: env)
        }
    }

    private func run(explaining session: Session, _ rest: [String]) async throws {
        do { try await run(session, rest) } catch let failure as Failure {
            // Region and credentials are mostly in the env file that was not found.
            guard let searched = session.settings.searched,
                failure.kind == .credentials || failure.message.hasPrefix("no AWS region is set")
            else { throw failure }
            let note = "no env file was found (looked for env/default in \(searched))"
            throw Failure(
                failure.kind, failure.message, hint: failure.hint.map { "\($0); \(note)" } ?? note, cause: failure.cause
            )
        }
    }
}
