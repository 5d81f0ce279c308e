internal import FoundationEssentials
internal import Support

extension Docker {
    /// What `docker version` tells.
    package struct Versions: Sendable, Hashable {
        package let client: String
        package let engine: String
        /// `linux/amd64`
        package let platform: String
    }

    /// The versions of docker's client and engine.
    ///
    /// - Throws: `Failure` of kind `notFound` when there is no client, `failed` when no engine answers it.
    package func versions() async throws -> Versions {
        let text = try await capture(.versions, "ask docker for its version")
        do {
            let read = try JSONDecoder().decode(Read.self, from: Data(text.utf8))
            return Versions(
                client: read.client.version, engine: read.server.version,
                platform: [read.server.os, read.server.arch].compactMap { $0 }.joined(separator: "/"))
        } catch {
            throw Failure(.failed, "ask docker for its version: the answer can't be read", cause: error)
        }
    }

    private struct Read: Decodable {
        struct Part: Decodable {
            let version: String
            let os: String?
            let arch: String?

            private enum CodingKeys: String, CodingKey {
                case version = "Version"
                case os = "Os"
                case arch = "Arch"
            }
        }
        let client: Part
        let server: Part

        private enum CodingKeys: String, CodingKey {
            case client = "Client"
            case server = "Server"
        }
    }
}
