internal import Support

/// Which service a word of the command line means. Pure.
package struct ServiceNames: Sendable {
    /// A service that a word means.
    package struct Match: Sendable, Hashable {
        package let asked: String
        package let name: String
        /// How it was found, where the word is not its name.
        package let note: String?
    }

    private let cluster: String
    /// The names of all services of the cluster.
    private let services: [String]
    private let stack: String?
    /// Of the project's stack: key and value.
    private let outputs: [(key: String, value: String)]

    package init(cluster: String, services: [String], stack: String?, outputs: [(key: String, value: String)]) {
        self.cluster = cluster
        self.services = services.sorted()
        self.stack = stack
        self.outputs = outputs
    }

    /// The service that each word means: its exact name, else an output of the stack, else a suffix that no other has.
    ///
    /// - Throws: `Failure` of kind `usage` when a word means two, or two words one; of kind `failed` when it means none.
    package func resolve(_ words: [String]) throws -> [Match] {
        var matches: [Match] = []
        for word in words {
            let match = try resolve(word)
            if let other = matches.first(where: { $0.name == match.name }) {
                throw Failure(
                    .usage, "service \(match.name) is named twice: '\(other.asked)' and '\(word)'",
                    hint: "name each service once")
            }
            matches.append(match)
        }
        return matches
    }

    private func resolve(_ word: String) throws -> Match {
        let exact = word.hasPrefix("arn:") ? Self.name(ofARN: word) : word
        if services.contains(exact) { return Match(asked: word, name: exact, note: nil) }
        let byOutput = outputs.filter { Self.roles(ofOutput: $0.key).contains(word.lowercased()) }
            .filter { services.contains(Self.name(ofARN: $0.value)) }
        let bySuffix = services.filter { means($0, word) }
        var found = Set(byOutput.map { Self.name(ofARN: $0.value) })
        if found.isEmpty { found = Set(bySuffix) }
        guard let name = found.first else {
            throw Failure(
                .failed, "service \(word): cluster \(cluster) has no service of this name", hint: Self.listed(services))
        }
        guard found.count == 1 else {
            throw Failure(
                .usage, "service \(word) can mean \(found.sorted().joined(separator: " or "))",
                hint: "give the whole name")
        }
        let how =
            byOutput.first.map { "output \($0.key) of stack \(stack ?? "?")" }
            ?? "the only one of cluster \(cluster) that ends so"
        return Match(asked: word, name: name, note: "'\(word)' is service \(name) (\(how))")
    }

    /// Whether a service's name ends in the word: `nightly_webserver`, or `nightly-WebserverService-1A2b3C…`, as
    /// CloudFormation makes names.
    private func means(_ service: String, _ word: String) -> Bool {
        if service.hasSuffix("-\(word)") || service.hasSuffix("_\(word)") { return true }
        guard let dash = service.lastIndex(of: "-") else { return false }
        let random = service[service.index(after: dash)...]
        guard (8...16).contains(random.count), random.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) else {
            return false
        }
        let logical = service[..<dash].split(separator: "-").last.map(String.init) ?? ""
        return Self.roles(ofOutput: logical).contains(word.lowercased())
    }

    /// `WebserverService` and `WebserverServiceName` are the webserver's.
    private static func roles(ofOutput key: String) -> Set<String> {
        var roles: Set<String> = [key.lowercased()]
        for ending in ["ServiceName", "ServiceArn", "Service"] where key.hasSuffix(ending) && key != ending {
            roles.insert(key.dropLast(ending.count).lowercased())
        }
        return roles
    }

    /// A service's name out of its ARN; what is no ARN stays as it is.
    package static func name(ofARN arn: String) -> String {
        arn.hasPrefix("arn:") ? arn.split(separator: "/").last.map(String.init) ?? arn : arn
    }

    /// What there is, for hints.
    package static func listed(_ names: [String]) -> String {
        names.isEmpty ? "it has no services" : "it has: \(names.sorted().joined(separator: ", "))"
    }
}
