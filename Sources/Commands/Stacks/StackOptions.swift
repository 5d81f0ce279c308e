internal import AWS
internal import AWSServices
internal import ArgumentParser
internal import Environment
internal import Stacks
internal import Support
internal import Templates

/// The options of commands that create or change a stack.
struct StackOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Template: a file, or the name of one that fgctl brings along.", valueName: "file|name"))
    var template: String?
    @Option(
        name: .customLong("parameter"),
        help: ArgumentHelp("Set a parameter of the template; may be repeated.", valueName: "name=value"))
    var parameters: [String] = []

    @Flag(
        name: .customLong("no-rollback"),
        help: "Leave what a failing operation has made, as evidence, instead of taking it back.")
    var noRollback = false

    /// The template that is meant: the flag, else the key, else the one that fgctl brings along for the purpose.
    ///
    /// A word without a slash or dot is the name of an embedded template unless a file of that name exists.
    func readTemplate(_ session: Session, key: Key, default name: String) throws -> Template {
        let files = session.context.files
        guard let word = template ?? session.settings.path(key) else { return try Template.embedded(name) }
        let path = PathText.join(session.context.directory, word)
        if files.isFile(path) { return try Self.read(path, named: word, files) }
        // A key's relative path counts from the project's root, so an embedded name in a key arrives with a folder.
        let bare = template ?? session.settings[key]?.value ?? word
        guard !bare.contains("/"), !bare.contains(".") else {
            throw Failure(
                .badInput, "\(bare): there is no such template file",
                hint:
                    "--template counts from the working directory, a key's path from the project's root; fgctl itself "
                    + "brings \(Template.embeddedNames.joined(separator: ", ")), and the set dagster")
        }
        return try Template.embedded(bare)
    }

    static func read(_ path: String, named name: String, _ files: any FileSystem) throws -> Template {
        let bytes = try files.read(path, limit: Template.sizeLimit + 1)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(.badInput, "\(name): the template is not UTF-8 text")
        }
        return try Template(name: name, body: text)
    }

    /// The values given by `--parameter`, then those of key PARAMETERS, which are for the templates of TEMPLATE.
    func explicit(_ session: Session) throws -> [GivenValue] {
        try explicit()
            + session.settings.parameters().map { GivenValue(name: $0.name, value: $0.value, origin: $0.origin) }
    }

    /// The values given by `--parameter`.
    func explicit() throws -> [GivenValue] {
        try parameters.map { text in
            guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
                throw Failure(.usage, "--parameter takes NAME=VALUE", hint: "for example --parameter Cpu=512")
            }
            let name = String(text[..<equals])
            return GivenValue(
                name: name, value: String(text[text.index(after: equals)...]), origin: "--parameter \(name)")
        }
    }
}

extension Session {
    /// The values of keys under the names that fgctl's templates give to their parameters.
    func offered(_ pairs: [(parameter: String, key: Key)]) -> [GivenValue] {
        pairs.compactMap { parameter, key in
            settings[key].map { GivenValue(name: parameter, value: $0.value, origin: $0.origin) }
        }
    }

    /// The name of the env file as tags have it: `default`, `production`.
    var environmentName: String {
        settings.envFilePath?.split(separator: "/").last.map(String.init) ?? "none"
    }
}
