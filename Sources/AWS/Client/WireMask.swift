internal import FoundationEssentials
internal import HTTP
internal import XML

/// Makes headers and bodies fit to be shown: values that are or may be secret become `****`.
///
/// It judges by names, since on the wire a `Secret` is a text like any other. What can't be read as its protocol's format
/// is shown only when no word in it points to a secret.
enum WireMask {
    private static let mask = "****"
    /// Characters of one value that are shown.
    private static let longest = 300
    private static let secretWords = [
        "secret", "passw", "token", "credential", "authorization", "privatekey", "signature",
    ]
    /// Names with such a word that hold no secret.
    private static let harmless: Set<String> = [
        "clienttoken", "clientrequesttoken", "idempotencytoken", "nexttoken", "nextforwardtoken", "nextbackwardtoken",
        "continuationtoken", "nextcontinuationtoken", "secretid", "secretarn", "secretlist", "credentialsparameter",
    ]
    /// Names whose values are the user's own: of environment variables, parameters (NoEcho or not), SSM and tags.
    private static let values: Set<String> = [
        "value", "values", "parametervalue", "defaultvalue", "templatebody", "mfaserial",
        "externalid", "tokencode",
    ]

    /// Names whose values are programs with their arguments, of containers; arguments may hold passwords.
    private static let commands: Set<String> = ["command", "entrypoint"]

    /// Header lines; the signature's own parts but for the signature are shown.
    static func headers(_ headers: HTTPHeaders) -> [String] {
        headers.fields.map { field in
            let name = field.name.lowercased()
            if name == "authorization", let end = field.value.firstRange(of: "Signature=") {
                return "\(field.name): \(field.value[..<end.lowerBound])\(mask)"
            }
            return "\(field.name): \(isSecret(name) || name == "cookie" || name == "set-cookie" ? mask : field.value)"
        }
    }

    /// A body by its protocol's format, in one line; `nil` when there is none.
    /// - Parameter wire: of the service; S3's request bodies are mostly files and never shown.
    /// - Parameter mask: masks secrets that are known; before long values are cut, since a cut secret is not found.
    static func body(
        _ bytes: [UInt8], _ wire: WireProtocol, isAnswer: Bool, _ mask: (String) -> String = { $0 }
    ) -> String? {
        if bytes.isEmpty { return nil }
        let bytes = Array(mask(String(decoding: bytes, as: UTF8.self)).utf8)
        switch wire {
        case .json, .restJSON: return json(bytes) ?? foreign(bytes)
        case .query where !isAnswer, .ec2 where !isAnswer: return form(bytes)
        case .restXML where !isAnswer: return "<\(bytes.count) bytes>"
        case .query, .ec2, .restXML: return xml(bytes) ?? foreign(bytes)
        }
    }

    /// What is sent with a request.
    static func body(
        _ body: HTTPBody, _ wire: WireProtocol, _ mask: (String) -> String = { $0 }
    ) -> String? {
        switch body {
        case .none: nil
        case .bytes(let bytes): Self.body(bytes, wire, isAnswer: false, mask)
        case .stream(let length, _): "<\(length) bytes>"
        }
    }

    static func isSecret(_ name: String) -> Bool {
        let plain = name.lowercased().filter { $0.isLetter || $0.isNumber }
        if harmless.contains(plain) { return false }
        return values.contains(plain) || secretWords.contains { plain.contains($0) }
    }

    /// A page of a proxy, an answer that was cut short.
    private static func foreign(_ bytes: [UInt8]) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        let plain = text.lowercased()
        if (secretWords + ["accesskey"]).contains(where: { plain.contains($0) }) {
            return "<\(bytes.count) bytes that can't be read, not shown: there may be secrets in them>"
        }
        return text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    // MARK: Formats

    private static func json(_ bytes: [UInt8]) -> String? {
        guard let node = try? JSONReader.read(bytes) else { return nil }
        return text(node, name: "")
    }

    private static func text(_ node: WireNode, name: String) -> String {
        if isSecret(name), !node.isNull { return "\"\(mask)\"" }
        if commands.contains(name.lowercased()), !node.isNull { return "[\"\(mask)\"]" }
        switch node {
        case .object(let members):
            let pairs = members.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(text($0.value, name: $0.key))" }
            return "{\(pairs.joined(separator: ","))}"
        case .array(let items): return "[\(items.map { text($0, name: name) }.joined(separator: ","))]"
        case .string(let value):
            // Documents travel inside texts: a schedule's input, a policy.
            if value.first == "{" || value.first == "[" {
                return json(Array(value.utf8)).map(quoted) ?? "\"<\(value.utf8.count) bytes>\""
            }
            return quoted(short(value))
        case .number(let digits): return digits
        case .bool(let flag): return "\(flag)"
        case .null, .xml, .body, .overlay: return "null"
        }
    }

    private static func quoted(_ text: String) -> String {
        String(decoding: JSONWriter.write(.string(text)), as: UTF8.self)
    }

    private static func form(_ bytes: [UInt8]) -> String {
        let pairs = String(decoding: bytes, as: UTF8.self).split(separator: "&").map { pair -> String in
            let name = pair.prefix { $0 != "=" }
            // `Parameters.member.1.ParameterValue`: the last word that is no number names the value.
            let word = name.split(separator: ".").last { Int($0) == nil && $0 != "member" } ?? name
            let value = PercentEncoding.decode(pair.dropFirst(name.count + 1))
            if isSecret(String(word)) { return "\(name)=\(mask)" }
            if value.first == "{" || value.first == "[" {
                return "\(name)=\(json(Array(value.utf8)) ?? "<\(value.utf8.count) bytes>")"
            }
            return "\(name)=\(PercentEncoding.encode(short(value)))"
        }
        return pairs.joined(separator: "&")
    }

    private static func xml(_ bytes: [UInt8]) -> String? {
        guard let root = try? XMLDocument.parse(bytes) else { return nil }
        return text(root)
    }

    private static func text(_ element: XMLElement) -> String {
        let inside: String
        if isSecret(element.name) {
            inside = mask
        } else if element.children.isEmpty {
            inside = short(element.text.split(whereSeparator: \.isNewline).joined(separator: " "))
        } else {
            inside = element.children.map(text).joined()
        }
        return "<\(element.name)>\(inside)</\(element.name)>"
    }

    private static func short(_ text: String) -> String {
        text.count > longest ? "\(text.prefix(longest))… (\(text.count) characters)" : text
    }
}
