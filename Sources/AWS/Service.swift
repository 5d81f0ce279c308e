/// The wire protocol of a service, as its API model names it.
package enum WireProtocol: Sendable, Hashable {
    /// JSON bodies with the operation in `X-Amz-Target`; `version` is `1.0` or `1.1`.
    case json(version: String, targetPrefix: String)
    /// Form-encoded requests, XML answers.
    case query
    /// EC2's variant of `query`.
    case ec2
    /// REST URIs with JSON bodies.
    case restJSON
    /// REST URIs with XML bodies (S3).
    case restXML
}

/// What has to be known about an AWS service to call it: data, taken from its API model.
package struct Service: Sendable, Hashable {
    /// Its names and its hosts.
    package let id: ServiceID
    /// `Version` of the query protocols.
    package let apiVersion: String
    package let wire: WireProtocol
    /// How the names of members on the wire come from coding keys.
    package let memberNames: MemberNames

    package var name: String { id.name }
    package var sdkID: String { id.sdkID }
    package var signingName: String { id.signingName }

    package init(
        _ id: ServiceID, apiVersion: String, wire: WireProtocol, memberNames: MemberNames = .asWritten
    ) {
        self.id = id
        self.apiVersion = apiVersion
        self.wire = wire
        self.memberNames = memberNames
    }

    /// A service that has no row in `ServiceID` is regular in everything: `endpointPrefix.region.suffix`.
    package init(
        name: String, sdkID: String, endpointPrefix: String, signingName: String, apiVersion: String,
        wire: WireProtocol, memberNames: MemberNames = .asWritten
    ) {
        self.init(
            .named(name, sdkID, endpointPrefix: endpointPrefix, signingName: signingName), apiVersion: apiVersion,
            wire: wire, memberNames: memberNames)
    }
}

/// How the names of structure members on the wire come from the coding keys of the types; keys of maps stay as they are.
package enum MemberNames: Sendable, Hashable {
    /// The coding key is the name.
    case asWritten
    /// The name is the coding key with its first letter in upper case, but for those named.
    case pascalCase(except: Set<String> = [])

    /// The name on the wire of a member with this coding key.
    func wireName(_ key: String) -> String {
        switch self {
        case .asWritten: return key
        case .pascalCase(let exceptions):
            guard let first = key.first, !exceptions.contains(key) else { return key }
            return first.uppercased() + key.dropFirst()
        }
    }

    /// The REST places of a type's members, keyed by their names on the wire.
    func bindings<T>(of type: T.Type) -> [String: RESTBinding] {
        let bindings = (type as? any RESTBound.Type)?.bindings ?? [:]
        return Dictionary(bindings.map { (wireName($0), $1) }, uniquingKeysWith: { first, _ in first })
    }
}

/// Whether an operation reads, or changes something: the client refuses `.mutates` under dry run.
package enum Effect: Sendable { case reads, mutates }

/// Why a request that arrives twice does no more than one that arrives once. It decides whether a call may be sent again
/// after an attempt that the service may have carried out.
package enum Idempotency: Sendable, Hashable {
    /// The input's member of this coding key carries a token by which the service knows a repetition; a call without one is
    /// refused before it is sent.
    case byToken(String)
    /// It reads, sets or removes: the second arrival finds done what it asks for.
    case byNature
    /// Each arrival acts. Such a call is not repeated after an attempt that may have acted; its error says so.
    case no
}

/// One operation of a service with its input and output types.
///
/// The coding keys of both types are the names on the wire. What the wire does beyond names (flattened lists, REST
/// locations, timestamp formats) is said by `WireShaped` and `RESTBound`.
package struct Operation<Input: Encodable & Sendable, Output: Decodable & Sendable>: Sendable {
    package let name: String
    package let service: Service
    package let effect: Effect
    package let idempotent: Idempotency
    package let method: String
    /// REST URI template: `{Name}` is one segment, `{Key+}` may hold slashes; a fixed query may follow (`?list-type=2`).
    package let path: String

    /// - Parameter idempotent: left out: what reads, and PUT and DELETE, are idempotent by nature, other mutations are not.
    package init(
        _ name: String, of service: Service, _ effect: Effect, idempotent: Idempotency? = nil, method: String = "POST",
        path: String = "/"
    ) {
        self.name = name
        self.service = service
        self.effect = effect
        let isRepeatable = effect == .reads || method == "PUT" || method == "DELETE"
        self.idempotent = idempotent ?? (isRepeatable ? .byNature : .no)
        self.method = method
        self.path = path
    }
}

/// Where members of a REST input or output go; every member that is not named is part of the body.
package protocol RESTBound {
    /// Keyed by the member's coding key.
    static var bindings: [String: RESTBinding] { get }
}

/// The place of one member of a REST message.
package enum RESTBinding: Sendable, Hashable {
    /// A label of the URI template of the member's name.
    case path
    /// A query parameter; a list gives it several times, a map gives one parameter for each key.
    case query(String)
    case header(String)
    /// A map whose keys follow the prefix (`x-amz-meta-`).
    case headerPrefix(String)
    /// The whole body: a blob, a text or a structure.
    case payload
    /// The HTTP status of the answer.
    case status
}

/// An empty input or output.
package struct Nothing: Codable, Sendable, Hashable {
    package init() {}
}
