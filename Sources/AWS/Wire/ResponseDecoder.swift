internal import FoundationEssentials
internal import HTTP
internal import Support
internal import XML

/// Reads good answers in the protocol of their service.
enum ResponseDecoder {
    /// - Parameter body: the whole body; `nil` when it streams to the caller.
    static func decode<I, O>(
        _ operation: Operation<I, O>, status: Int, headers: HTTPHeaders, body: [UInt8]?
    ) throws -> O {
        if let type = O.self as? any DirectOutput.Type, let output = try type.init(headers) as? O { return output }
        let node = try node(operation, status: status, headers: headers, body: body)
        return try WireDecoder.decode(O.self, from: node, names: operation.service.memberNames)
    }

    private static func node<I, O>(
        _ operation: Operation<I, O>, status: Int, headers: HTTPHeaders, body: [UInt8]?
    ) throws -> WireNode {
        if O.self == Nothing.self { return .object([:]) }
        let bytes = body ?? []
        switch operation.service.wire {
        case .json: return try .document(bytes, .json)
        case .query:
            // <RunXResponse><RunXResult>…</RunXResult><ResponseMetadata>…
            let root = try XMLDocument.parse(bytes)
            return .xml([root.child("\(operation.name)Result") ?? root])
        case .ec2: return try .document(bytes, .xml)
        case .restJSON, .restXML:
            let bindings = operation.service.memberNames.bindings(of: O.self)
            let format: BodyFormat = operation.service.wire == .restXML ? .xml : .json
            var members = bound(bindings, status: status, headers: headers)
            if let payload = bindings.first(where: { $0.value == .payload }) {
                if let body, !body.isEmpty { members[payload.key] = .body(body, format) }
                return .overlay(members, over: .object([:]))
            }
            return .overlay(members, over: try .document(bytes, format))
        }
    }

    /// The members that come from headers and status.
    private static func bound(
        _ bindings: [String: RESTBinding], status: Int, headers: HTTPHeaders
    ) -> [String: WireNode] {
        var members: [String: WireNode] = [:]
        for (member, binding) in bindings {
            switch binding {
            case .header(let name): if let value = headers[name] { members[member] = .string(value) }
            case .headerPrefix(let prefix):
                let prefix = prefix.lowercased()
                var map: [String: WireNode] = [:]
                for field in headers.fields where field.name.lowercased().hasPrefix(prefix) {
                    map[String(field.name.lowercased().dropFirst(prefix.count))] = .string(field.value)
                }
                members[member] = .object(map)
            case .status: members[member] = .number("\(status)")
            case .path, .query, .payload: continue
            }
        }
        return members
    }

    /// One line on why decoding failed; names places, never values.
    static func reason(_ error: any Error) -> String {
        switch error {
        case let error as XMLError: "the answer is no acceptable XML: \(error)"
        case let error as JSONReader.Fault: "the answer is no JSON: \(error)"
        case DecodingError.keyNotFound(let key, let context):
            "the answer has no \((context.codingPath + [key]).dotted)"
        case DecodingError.typeMismatch(let type, let context), DecodingError.valueNotFound(let type, let context):
            "\(context.codingPath.dotted) in the answer can't be read as \(type): \(context.debugDescription)"
        case DecodingError.dataCorrupted(let context):
            "\(context.codingPath.dotted) in the answer can't be read: \(context.debugDescription)"
        case let failure as Failure: failure.message
        default: "the answer can't be read"
        }
    }
}
