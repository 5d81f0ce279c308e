package import Support

/// What services need before CloudFormation may create them, which waits for them to be stable; pure.
package struct ServicesReadiness: Sendable {
    /// An image that a task definition names.
    package struct Image: Sendable, Hashable {
        package let repository: String
        /// `nil` where none was asked for and the repository holds none.
        package let version: String?
        package let isThere: Bool

        package init(repository: String, version: String?, isThere: Bool) {
            self.repository = repository
            self.version = version
            self.isThere = isThere
        }

        var text: String { version.map { "\(repository):\($0)" } ?? "\(repository) (any version)" }
    }

    /// Webserver, daemon and usercode.
    package let images: [Image]
    /// The image of fgctl; `nil` where it lies in another registry, which is not asked.
    package let sidecar: Image?
    /// The sidecar's image with its registry.
    package let sidecarReference: String
    /// The release that `config/current.json` points to.
    package let release: String?

    package init(images: [Image], sidecar: Image?, sidecarReference: String, release: String?) {
        self.images = images
        self.sidecar = sidecar
        self.sidecarReference = sidecarReference
        self.release = release
    }

    /// What is missing, in the order in which it is best made.
    package var missing: [String] {
        images.filter { !$0.isThere }.map { "image \($0.text)" }
            + (sidecar.map { $0.isThere ? [] : ["image \($0.text)"] } ?? [])
            + (release == nil ? ["a config release"] : [])
    }

    /// The commands that make it, as they are typed.
    ///
    /// - Parameter version: as it was asked for, with its blank; empty where none was.
    package func steps(version: String) -> [String] {
        var steps: [String] = []
        if images.contains(where: { !$0.isThere }) {
            steps += ["fgctl compose-build\(version)", "fgctl compose-push\(version)"]
        }
        if let sidecar, !sidecar.isThere {
            steps.append("docker push \(sidecarReference), the image that bin/image builds")
        }
        if release == nil { steps.append("fgctl config-push") }
        return steps
    }

    /// The refusal to create services; `nil` when all is there.
    ///
    /// - Parameters:
    ///   - command: with which to go on, as it is typed.
    package func failure(_ what: String, version: String, command: String) -> Failure? {
        guard !missing.isEmpty else { return nil }
        return Failure(
            .failed, "\(what): missing: \(missing.joined(separator: ", "))",
            hint: "do these, then '\(command)' again: "
                + steps(version: version).map { "'\($0)'" }.joined(separator: ", "))
    }
}
