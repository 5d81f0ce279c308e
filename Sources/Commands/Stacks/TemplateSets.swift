internal import AWS
internal import Environment
internal import Stacks
internal import Support
internal import Templates

extension StackOptions {
    /// The set of templates that the flag or the key names; `nil` where it names one template.
    func readSet(_ session: Session) throws -> TemplateSet? { try session.templateSet(flag: template) }
}

extension Session {
    /// The set that `--template` or else key TEMPLATE names; `nil` where that names one template.
    ///
    /// A file counts before a set, and files `WORD-base.yaml` and `WORD-services.yaml` before a set that fgctl brings along.
    func templateSet(flag: String? = nil) throws -> TemplateSet? {
        guard let word = flag ?? settings.path(.template) else { return nil }
        let files = context.files
        let path = PathText.join(context.directory, word)
        guard !files.isFile(path) else { return nil }
        let parts = TemplateSet.parts(of: path)
        let (base, services) = (parts.base + ".yaml", parts.services + ".yaml")
        if files.isFile(base), files.isFile(services) {
            let names = TemplateSet.parts(of: word)
            return TemplateSet(
                name: word, base: try StackOptions.read(base, named: names.base + ".yaml", files),
                services: try StackOptions.read(services, named: names.services + ".yaml", files))
        }
        return try TemplateSet.embedded(flag ?? settings[.template]?.value ?? word)
    }
}
