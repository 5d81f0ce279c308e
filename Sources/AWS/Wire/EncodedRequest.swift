internal import FoundationEssentials
internal import HTTP
internal import Support

/// A request as its protocol writes it, before it is known where it goes.
struct EncodedRequest: Sendable {
    var method: String
    /// Percent-encoded, starting with a slash.
    var path = "/"
    /// Not yet encoded; a parameter without a value has none.
    var query: [(name: String, value: String?)] = []
    var headers: HTTPHeaders = [:]
    var body: HTTPBody = .none
    /// S3 only.
    var bucket: String?

    /// Path and query as they stand in a URL.
    var target: String {
        if query.isEmpty { return path }
        let pairs = query.map { pair in
            PercentEncoding.encode(pair.name) + (pair.value.map { "=\(PercentEncoding.encode($0))" } ?? "")
        }
        return path + "?" + pairs.joined(separator: "&")
    }
}

extension WireValue {
    /// Whether this is a structure whose member of that name is a text with something in it.
    fileprivate func hasText(_ name: String) -> Bool {
        guard case .structure(let structure) = self else { return false }
        return structure.members.contains { member in
            guard member.name == name, case .string(let text) = member.value else { return false }
            return !text.isEmpty
        }
    }
}

/// Writes inputs in the protocol of their service.
enum RequestEncoder {
    /// - Throws: `Failure` when a member that has to be in the URI or the idempotency token is empty, or a header has a
    ///   line break.
    static func encode<I, O>(_ operation: Operation<I, O>, _ input: I) throws -> EncodedRequest {
        let service = operation.service
        if let input = input as? any DirectInput {
            return try input.direct.encoded(method: operation.method, what: "\(service.sdkID) \(operation.name)")
        }
        let value = try WireEncoder.encode(input, names: service.memberNames)
        if case .byToken(let name) = operation.idempotent, !value.hasText(service.memberNames.wireName(name)) {
            // A mistake of fgctl's own: sent without, a lost answer would mean acting twice.
            throw Failure(.failed, "\(service.sdkID) \(operation.name): there is no idempotency token in \(name)")
        }
        switch service.wire {
        case .json(let version, let targetPrefix):
            return EncodedRequest(
                method: "POST",
                headers: [
                    "Content-Type": "application/x-amz-json-\(version)",
                    "X-Amz-Target": "\(targetPrefix).\(operation.name)",
                ],
                body: .bytes(JSONWriter.write(value)))
        case .query, .ec2:
            var writer = QueryWriter(
                action: operation.name, version: service.apiVersion, isEC2: service.wire == .ec2)
            writer.add(value)
            return EncodedRequest(
                method: "POST", headers: ["Content-Type": "application/x-www-form-urlencoded; charset=utf-8"],
                body: .bytes(writer.body))
        case .restJSON, .restXML:
            var encoder = RESTRequestEncoder(
                what: "\(service.sdkID) \(operation.name)", operation: operation.name, template: operation.path,
                isXML: service.wire == .restXML, bindings: service.memberNames.bindings(of: I.self))
            var request = try encoder.encode(value, method: operation.method)
            if service.isS3, operation.path.hasPrefix("/{Bucket}") { request.bucket = encoder.labels["Bucket"] }
            return request
        }
    }
}
