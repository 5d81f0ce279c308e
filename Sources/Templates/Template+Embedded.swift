package import Support

extension Template {
    /// The names of the templates that fgctl brings along, sorted.
    package static var embeddedNames: [String] { EmbeddedTemplates.bodies.map(\.name).sorted() }

    /// A template that fgctl brings along: `network`, `task`.
    /// - Throws: `Failure(.usage)` when there is none of the name.
    package static func embedded(_ name: String) throws(Failure) -> Template {
        guard let found = EmbeddedTemplates.bodies.first(where: { $0.name == name }) else {
            let nearest = Suggestion.nearest(to: name, in: embeddedNames).map { "; did you mean \($0)?" } ?? ""
            throw Failure(
                .usage, "there is no template \(name)\(nearest)",
                hint:
                    "fgctl brings along: \(embeddedNames.joined(separator: ", ")); a template of your own is given by its path"
            )
        }
        return try Template(name: "templates/\(name).yaml", body: found.body)
    }
}
