import Environment
import Images
import Support
import Synchronization

/// A registry in memory: repositories with the digest behind each tag.
final class StubRegistry: ImageRegistry {
    struct State {
        var repositories: [String: [String: String]] = [:]
        var hasImmutableTags = true
        var calls: [String] = []
    }

    let state: Mutex<State>

    init(_ repositories: [String: [String: String]] = [:], hasImmutableTags: Bool = true) {
        state = Mutex(State(repositories: repositories, hasImmutableTags: hasImmutableTags))
    }

    var calls: [String] { state.withLock { $0.calls } }

    func set(_ digest: String, for tag: String, in repository: String) {
        state.withLock { $0.repositories[repository]?[tag] = digest }
    }

    func repository(_ name: String) async throws -> RegistryRepository? {
        state.withLock { state in
            state.calls.append("repository \(name)")
            return state.repositories[name].map { _ in RegistryRepository(hasImmutableTags: state.hasImmutableTags) }
        }
    }

    func createRepository(_ name: String, tags: [(String, String)]) async throws -> RegistryRepository {
        state.withLock { state in
            state.calls.append("create \(name) " + tags.map { "\($0)=\($1)" }.joined(separator: ","))
            state.repositories[name] = [:]
            return RegistryRepository(hasImmutableTags: true)
        }
    }

    func tags(in repository: String) async throws -> [String]? {
        state.withLock { state in
            state.calls.append("tags \(repository)")
            return state.repositories[repository].map { $0.keys.sorted() }
        }
    }

    func digest(of tag: String, in repository: String) async throws -> String? {
        state.withLock { state in
            state.calls.append("digest \(repository):\(tag)")
            return state.repositories[repository]?[tag]
        }
    }

    func login() async throws -> RegistryLogin {
        state.withLock { $0.calls.append("login") }
        return RegistryLogin(user: "AWS", password: Secret("token-1"))
    }
}
