internal import Support
internal import YAML

/// What of a resolved compose file counts here.
struct ComposeConfig: Sendable, Hashable {
    struct Service: Sendable, Hashable {
        let name: String
        /// As compose resolved it, variables filled in; `nil` when the file names none.
        let image: String?
        /// Whether it has `build:`. Others are somebody else's images.
        let isBuilt: Bool
    }

    /// In the order of the names.
    let services: [Service]

    /// Reads what `compose config` printed, YAML or JSON.
    /// - Throws: `Failure.badInput` for what is no compose file.
    init(parsing text: String, file: String) throws {
        let root = try YAMLNode(parsing: text, file: "\(file) as compose resolves it")
        guard let pairs = root["services"]?.pairs else {
            throw Failure(.badInput, "\(file): has no services")
        }
        services = pairs.map { pair in
            let image = pair.value["image"].flatMap { $0.isNull ? nil : $0.text }
            let build = pair.value["build"]
            return Service(
                name: pair.key, image: image.flatMap { $0.isEmpty ? nil : $0 },
                isBuilt: build.map { !$0.isNull } ?? false)
        }.sorted { $0.name < $1.name }
    }
}

/// Finds where a compose file says something, for messages. It reads lines, since what people write there (merge keys,
/// extensions) only compose itself understands; where it finds nothing, only the file is named.
enum ComposeSource {
    /// The line, counted from 1, of a service's `image:`, else of its name.
    static func line(of service: String, in text: String) -> Int? {
        // The indent of the services' names, once it is known; `nil` outside of them.
        var names: Int?
        var own: (line: Int, indent: Int)?
        // Of the service's own keys: those deeper down mean something else.
        var inner: Int?
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.drop { $0 == " " }
            let indent = line.count - words.count
            if words.isEmpty || words.hasPrefix("#") { continue }
            let key = words.prefix { $0 != ":" }.filter { !"\"' ".contains($0) }
            if indent == 0 {
                if own != nil { break }
                names = key == "services" ? .max : nil
            } else if let found = own {
                if indent <= found.indent { break }
                if indent == inner ?? indent, key == "image" { return index + 1 }
                inner = inner ?? indent
            } else if let known = names {
                names = min(known, indent)
                if indent == names, key == service { own = (index + 1, indent) }
            }
        }
        return own?.line
    }
}
