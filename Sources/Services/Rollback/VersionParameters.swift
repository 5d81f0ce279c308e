internal import AWSServices
internal import Support

/// Which parameters of a stack made the images and the config of a service what they are. Pure.
enum VersionParameters {
    /// An image's name in its parts.
    private struct ImageName {
        let repository: String
        let tag: String

        init(_ text: String) {
            let bare = text.split(separator: "@").first.map(String.init) ?? text
            let slash = bare.lastIndex(of: "/") ?? bare.startIndex
            if let colon = bare[slash...].lastIndex(of: ":") {
                repository = String(bare[..<colon])
                tag = String(bare[bare.index(after: colon)...])
            } else {
                repository = bare
                tag = "latest"
            }
        }

        var lastPart: String { repository.split(separator: "/").last.map(String.init) ?? repository }
    }

    /// The values that bring `to` back.
    ///
    /// A parameter is known by its value: the whole image, or its tag. Where several have the same tag, the one whose name
    /// begins as container or repository are called is meant.
    /// - Throws: `Failure` of kind `failed` when a difference can't be led back to one parameter.
    static func changes(
        _ parameters: [CloudFormation.Parameter], stack: String, service: String, from: Generation, to: Generation
    ) throws(Failure) -> [RollbackPlan.ParameterChange] {
        let what = "roll back service \(service)"
        let hint = "set the parameters of stack \(stack) with 'fgctl cf-update-stack --parameter NAME=VALUE'"
        var found: [RollbackPlan.ParameterChange] = []
        func add(_ name: String, _ old: String, _ new: String) throws(Failure) {
            if let other = found.first(where: { $0.name == name }) {
                guard other.to == new else {
                    throw Failure(
                        .failed, "\(what): parameter \(name) would have to be \(other.to) and \(new) at once",
                        hint: hint)
                }
                return
            }
            found.append(.init(name: name, from: old, to: new))
        }
        for image in to.images {
            guard let old = from.images.first(where: { $0.container == image.container }), old.image != image.image
            else {
                continue
            }
            if let whole = parameters.first(where: { $0.parameterValue == old.image }) {
                try add(whole.parameterKey, old.image, image.image)
                continue
            }
            let (before, after) = (ImageName(old.image), ImageName(image.image))
            let candidates = parameters.filter { $0.parameterValue == before.tag }
            guard before.repository == after.repository, let name = pick(candidates, container: image.container, before)
            else {
                let several =
                    candidates.isEmpty
                    ? "no parameter" : "no one parameter (\(candidates.map(\.parameterKey).joined(separator: ", ")))"
                throw Failure(
                    .failed,
                    "\(what): \(several) of stack \(stack) says that container \(image.container) runs \(old.image)",
                    hint: hint)
            }
            try add(name, before.tag, after.tag)
        }
        if let old = from.configRelease, let new = to.configRelease, old != new {
            let holders = parameters.filter { $0.parameterValue == old }.map(\.parameterKey)
            guard let name = holders.first(where: { $0 == "ConfigRelease" }) ?? (holders.count == 1 ? holders[0] : nil)
            else {
                throw Failure(
                    .failed, "\(what): no parameter of stack \(stack) says that the config's release is \(old)",
                    hint: hint)
            }
            try add(name, old, new)
        }
        guard !found.isEmpty else {
            throw Failure(
                .failed,
                "\(what): \(RevisionName.short(to.taskDefinition)) differs in nothing that parameters of stack \(stack) say",
                hint: hint)
        }
        return found
    }

    private static func pick(
        _ candidates: [CloudFormation.Parameter], container: String, _ image: ImageName
    ) -> String? {
        let named = candidates.filter { parameter in
            var stem = parameter.parameterKey
            for ending in ["ImageVersion", "ImageTag", "Version", "Tag"] where stem.hasSuffix(ending) {
                stem.removeLast(ending.count)
                break
            }
            guard !stem.isEmpty else { return false }
            return [container, image.lastPart].contains { plain($0) == plain(stem) }
        }
        if named.count == 1 { return named[0].parameterKey }
        return candidates.count == 1 ? candidates[0].parameterKey : nil
    }

    /// `user-code` and `UserCode` are the same.
    private static func plain(_ name: String) -> String {
        name.lowercased().filter { $0.isLetter || $0.isNumber }
    }
}
