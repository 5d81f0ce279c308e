internal import Environment
internal import Support

/// An image that a compose project builds for its repository.
struct ComposeImage: Sendable, Hashable {
    /// `REGISTRY/IMAGE_NAME/…:VERSION`
    let reference: String
    /// `IMAGE_NAME/…`
    let repository: String
    /// The services that run it.
    var services: [String]

    /// The images of all services that are built, checked: the project's registry, a repository under IMAGE_NAME, and the
    /// version as tag.
    /// - Parameter place: `compose.yaml:4` for a service, where that is known.
    /// - Throws: `Failure.badInput` that names each service that has another image.
    static func all(
        of config: ComposeConfig, project: ComposeProject, place: (_ service: String) -> String
    ) throws -> [ComposeImage] {
        var images: [ComposeImage] = []
        var problems: [Problem] = []
        for service in config.services where service.isBuilt {
            switch repository(of: service, project: project) {
            case .success(let repository):
                let reference = "\(project.images.registry)/\(repository):\(project.version)"
                if let index = images.firstIndex(where: { $0.reference == reference }) {
                    images[index].services.append(service.name)
                } else {
                    images.append(
                        ComposeImage(reference: reference, repository: repository, services: [service.name]))
                }
            case .failure(var problem):
                problem.text = "\(place(service.name)): service \(service.name): \(problem.text)"
                problems.append(problem)
            }
        }
        if let first = problems.first {
            throw Failure(
                .badInput, problems.map(\.text).joined(separator: "; "), hint: first.hint)
        }
        guard !images.isEmpty else {
            throw Failure(
                .badInput, "\(place("")): no service has 'build:', so there is nothing to build or push")
        }
        return images
    }

    private struct Problem: Error {
        var text: String
        let hint: String
    }

    private static func repository(
        of service: ComposeConfig.Service, project: ComposeProject
    ) -> Result<String, Problem> {
        let example = "write 'image: \(ComposeProject.example(service.name))'"
        guard let image = service.image else {
            return .failure(Problem(text: "has 'build:' but no 'image:', so it has no repository", hint: example))
        }
        let parts = ImageWords(image)
        func wrong(_ why: String, hint: String = example) -> Result<String, Problem> {
            .failure(Problem(text: "image '\(image)' \(why)", hint: hint))
        }
        let registry = project.images.registry
        let name = project.images.repository
        guard parts.registry == registry else {
            return wrong("goes to \(parts.registry.map { "registry \($0)" } ?? "Docker Hub"), not to \(registry)")
        }
        guard parts.repository == name || parts.repository.hasPrefix(name + "/") else {
            let first = parts.repository.split(separator: "/").first.map(String.init) ?? parts.repository
            return wrong("is not under IMAGE_NAME '\(name)'", hint: "\(example), or set IMAGE_NAME=\(first)")
        }
        guard !parts.hasDigest else { return wrong("names a digest, which what is being built can't have") }
        guard let tag = parts.tag, tag != "latest" else {
            return wrong("has \(parts.tag == nil ? "no tag" : "the tag 'latest'"), which would move with each release")
        }
        guard tag == project.version.text else {
            return wrong("has the tag '\(tag)', not the version \(project.version)")
        }
        return .success(parts.repository)
    }
}

/// The parts of an image's name.
///
/// https://pkg.go.dev/github.com/distribution/reference
struct ImageWords: Sendable, Hashable {
    /// `nil` for Docker Hub.
    let registry: String?
    let repository: String
    let tag: String?
    let hasDigest: Bool

    init(_ text: String) {
        var rest = text[...]
        hasDigest = rest.contains("@")
        if let at = rest.firstIndex(of: "@") { rest = rest[..<at] }
        let slash = rest.firstIndex(of: "/")
        let first = slash.map { rest[..<$0] }
        if let first, let slash, first.contains(".") || first.contains(":") || first == "localhost" {
            registry = String(first)
            rest = rest[rest.index(after: slash)...]
        } else {
            registry = nil
        }
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") {
            tag = String(rest[rest.index(after: colon)...])
            rest = rest[..<colon]
        } else {
            tag = nil
        }
        repository = String(rest)
    }
}
