internal import ArgumentParser
internal import Environment

/// The form of results on standard output.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable { case text, json }

/// The options that every command takes.
struct CommonOptions: ParsableArguments {
    @Option(
        name: [.customShort("e"), .long],
        help: ArgumentHelp(
            "Env file: a file, a folder that holds 'default', or NAME for env/NAME (default: $FGCTL_ENV, else env/default).",
            valueName: "env"))
    var envFile: String?

    @Option(name: .long, help: ArgumentHelp("Set a key over the env file; may be repeated.", valueName: "key=value"))
    var set: [String] = []

    @Option(name: .long, help: "AWS region (key AWS_REGION).")
    var region: String?

    @Option(name: .long, help: "Profile of the AWS config files (key AWS_PROFILE).")
    var profile: String?

    @Option(name: .long, help: ArgumentHelp("Endpoint of all AWS services (key AWS_ENDPOINT_URL).", valueName: "url"))
    var endpointURL: String?

    @Option(name: .long, help: ArgumentHelp("Form of results on standard output: text or json.", valueName: "format"))
    var output: OutputFormat = .text

    @Flag(name: .shortAndLong, help: "Answer yes to every question; only what takes something away asks.")
    var yes = false

    @Flag(name: .long, help: "Show what would be done; change nothing.")
    var dryRun = false

    @Flag(name: .shortAndLong, help: "Print results and errors only.")
    var quiet = false

    @Flag(name: .long, help: "Trace the calls to AWS on standard error, secrets masked.")
    var debug = false

    // Nothing is coloured yet, so this and NO_COLOR hold by themselves.
    @Flag(name: .customLong("no-color"), help: "No colours (also: NO_COLOR).")
    var noColor = false

    /// The flags that stand for keys: the highest layer of the settings.
    var flags: [Key: String] {
        var flags: [Key: String] = [:]
        flags[.region] = region
        flags[.profile] = profile
        flags[.endpointURL] = endpointURL
        return flags
    }
}
