internal import AWSServices
internal import ArgumentParser
internal import ConfigSync
internal import Environment
internal import Support

/// Where config lies: in the project's bucket, or where an option says.
enum ConfigPlace {
    /// - Parameters:
    ///   - given: `s3://bucket/prefix`, if any.
    ///   - account: whose the project's bucket must be; a bucket named by an option may be anybody's.
    static func store(_ session: Session, _ given: String?, account: String? = nil) throws -> ReleaseStore {
        let place = try place(session, given)
        return ReleaseStore(S3(session.client), place, expectedOwner: given == nil ? account : nil)
    }

    static func place(_ session: Session, _ given: String?) throws -> ReleasePlace {
        if let given { return ReleasePlace(try TreePlace(parsing: given)) }
        let names = Names(session.settings)
        return ReleasePlace(bucket: try names.bucket, stack: try names.stack)
    }

    /// The trees of a flat sync: those that are given, else the place of the releases.
    static func trees(_ session: Session, _ given: [String]) throws -> [TreePlace] {
        given.isEmpty ? [try place(session, nil).base] : try given.map { try TreePlace(parsing: $0) }
    }

    /// The folder: as given, else CONFIG_DIR, else `config` at the project's root; and as messages name it.
    static func folder(_ session: Session, _ given: String?) -> (path: String, shown: String) {
        let set = given.map { PathText.join(session.context.directory, $0) } ?? session.settings.path(.configDirectory)
        let path = set ?? session.settings.root + "/config"
        return (path, given ?? PathText.relative(path, to: session.context.directory))
    }

    /// - Throws: `Failure` of kind `badInput` when there is no folder.
    static func require(
        _ session: Session, _ path: String, _ what: String, missing: String = "there is no such folder",
        hint: String = "give DIR, or set CONFIG_DIR"
    ) throws {
        guard !session.context.files.isDirectory(path) else { return }
        let isFile = session.context.files.isFile(path)
        throw Failure(.badInput, "\(what): \(isFile ? "is a file, not a folder" : missing)", hint: hint)
    }

    /// Says what lies beside a release that was pulled into a folder: nobody pushes or compares it.
    static func warnOfOthers(_ session: Session, _ path: String, _ shown: String) {
        guard ReleaseFolder.isOne(path) else { return }
        let others = session.context.files.names(in: path).filter { $0 != ".releases" && $0 != "current" }
        guard let first = others.first else { return }
        let rest = others.count > 1 ? " and \(others.count - 1) more" : ""
        session.warn(
            "\(shown): a release was pulled into it, so \(shown)/current is what counts; "
                + "\(ConfigText.plain(first))\(rest) beside it is never pushed or compared")
    }

    /// The folder of a pull: nothing is written where nobody named it.
    static func pullFolder(_ session: Session, _ given: String?) throws -> String {
        let named = given.map { PathText.join(session.context.directory, $0) }
        guard let path = named ?? session.settings.path(.configDirectory) else {
            throw Failure(.usage, "no folder to pull into is named", hint: "give DIR, or set CONFIG_DIR")
        }
        var above: String? = path
        while let one = above, !session.context.files.exists(one) { above = PathText.parent(of: one) }
        if let above, session.context.files.isFile(above) {
            throw Failure(
                .failed, "pull into \(path): \(above == path ? "" : "\(above) ")is a file, not a folder",
                hint: "name another folder, or move the file away")
        }
        return path
    }
}
