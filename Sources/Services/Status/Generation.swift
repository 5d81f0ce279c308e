package import AWSServices
internal import Support

/// What a revision of a service runs: its images and the release of its config. Pure.
package struct Generation: Codable, Sendable, Hashable {
    package struct Image: Codable, Sendable, Hashable {
        package let container: String
        /// As the task definition names it.
        package let image: String
        /// What its tag meant when it was deployed; `nil` where ECS does not tell.
        package let digest: String?

        package init(container: String, image: String, digest: String?) {
            self.container = container
            self.image = image
            self.digest = digest
        }
    }

    /// The ARN of the task definition's revision.
    package let taskDefinition: String
    package let images: [Image]
    /// The config's release that its containers are told; `nil` without one.
    package let configRelease: String?

    package init(taskDefinition: String, images: [Image], configRelease: String?) {
        self.taskDefinition = taskDefinition
        self.images = images
        self.configRelease = configRelease
    }

    /// - Parameter resolved: the images that ECS resolved for a service revision.
    package init(_ definition: ECS.TaskDefinition, name: String, resolved: [ECS.ContainerImage] = []) {
        taskDefinition = definition.taskDefinitionArn ?? name
        images = (definition.containerDefinitions ?? []).compactMap { container in
            guard let name = container.name, let image = container.image else { return nil }
            return Image(
                container: name, image: image, digest: resolved.first { $0.containerName == name }?.imageDigest)
        }
        configRelease = Self.release(of: definition)
    }

    /// Whether both run the same: images by name, and config.
    package func runsTheSame(as other: Generation) -> Bool {
        func names(_ generation: Generation) -> [String: String] {
            Dictionary(generation.images.map { ($0.container, $0.image) }) { first, _ in first }
        }
        return names(self) == names(other) && configRelease == other.configRelease
    }

    /// The release that a container is told: by `config-pull --release`, or by its environment.
    private static func release(of definition: ECS.TaskDefinition) -> String? {
        for container in definition.containerDefinitions ?? [] {
            if let value = container.environment?.first(where: { $0.name == "CONFIG_RELEASE" })?.value, !value.isEmpty {
                return value
            }
            let words = (container.command ?? []).flatMap { $0.split(whereSeparator: \.isWhitespace).map(String.init) }
            guard words.contains("config-pull") else { continue }
            for (index, word) in words.enumerated() {
                if word.hasPrefix("--release=") { return String(word.dropFirst("--release=".count)) }
                if word == "--release", index + 1 < words.count { return words[index + 1] }
            }
        }
        return nil
    }
}

/// The name of a task definition's revision.
package enum RevisionName {
    /// `FAMILY:REVISION` of an ARN; what is no ARN stays as it is.
    package static func short(_ arn: String) -> String {
        arn.hasPrefix("arn:") ? arn.split(separator: "/").last.map(String.init) ?? arn : arn
    }

    /// Family and number; `nil` where the name has none.
    package static func parts(_ name: String) -> (family: String, revision: Int)? {
        let words = short(name).split(separator: ":").map(String.init)
        guard words.count == 2, let revision = Int(words[1]) else { return nil }
        return (words[0], revision)
    }
}
