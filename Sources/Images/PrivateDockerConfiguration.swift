internal import FoundationEssentials
internal import Support

/// A docker configuration folder for one push, gone afterwards: logging in there neither leaves a password in the user's
/// configuration nor changes which credential helper the user has for the registry.
enum PrivateDockerConfiguration {
    /// Makes the folder, readable by this user only, and removes it when `body` ends.
    ///
    /// The user's docker context is kept, since it says which engine is meant; so are the contexts' own files.
    /// - Parameter environment: the process environment.
    static func with<T: Sendable>(
        environment: [String: String], _ body: (_ folder: String) async throws -> T
    ) async throws -> T {
        let files = FileManager.default
        // XDG_RUNTIME_DIR lies in memory and belongs to the user alone.
        let parents = [environment["XDG_RUNTIME_DIR"], environment["TMPDIR"], "/tmp"].compactMap { $0 }
        let parent = parents.first { files.isWritableFile(atPath: $0) } ?? "/tmp"
        let folder = "\(parent)/fgctl-docker-\(UUID().uuidString)"
        do {
            try files.createDirectory(
                atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Failure(.failed, "make a folder for docker's login in \(parent): \(error)", cause: error)
        }
        defer { try? files.removeItem(atPath: folder) }
        try fill(folder, environment: environment)
        return try await body(folder)
    }

    private struct UserConfiguration: Codable {
        var currentContext: String?
    }

    private static func fill(_ folder: String, environment: [String: String]) throws {
        let files = FileManager.default
        let user = environment["DOCKER_CONFIG"] ?? environment["HOME"].map { $0 + "/.docker" }
        guard let user, let bytes = files.contents(atPath: user + "/config.json") else { return }
        do {
            let configuration = try JSONDecoder().decode(UserConfiguration.self, from: bytes)
            try JSONEncoder().encode(configuration).write(to: URL(filePath: folder + "/config.json"))
            if files.fileExists(atPath: user + "/contexts") {
                try files.createSymbolicLink(atPath: folder + "/contexts", withDestinationPath: user + "/contexts")
            }
        } catch {
            throw Failure(.badInput, "\(user)/config.json: can't be taken over: \(error)", cause: error)
        }
    }
}
