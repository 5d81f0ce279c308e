internal import HTTP
internal import XML

/// What an error answer says, in any of the protocols.
struct ErrorAnswer: Sendable, Equatable {
    var code: String
    var message = ""
    var requestID: String?
    var fields: [String: String] = [:]
}

/// Reads error answers; never fails: what can't be read is kept as text.
enum ErrorDecoder {
    /// Characters of a body that is neither JSON nor XML (a proxy's page) that go into the message.
    private static let textLimit = 300

    static func decode(_ wire: WireProtocol, status: Int, headers: HTTPHeaders, body: [UInt8]) -> ErrorAnswer {
        var answer: ErrorAnswer
        switch wire {
        case .json, .restJSON: answer = json(status: status, headers: headers, body: body)
        case .query, .ec2, .restXML: answer = xml(status: status, body: body)
        }
        answer.requestID = requestID(headers) ?? answer.requestID
        // Kept whole for who can decode it, out of the way of the sentence before it.
        let message = AccessDenial.withoutEncoded(answer.message)
        answer.message = message.text
        if let encoded = message.encoded { answer.fields["encodedAuthorizationMessage"] = encoded }
        return answer
    }

    static func requestID(_ headers: HTTPHeaders) -> String? {
        headers["x-amzn-requestid"] ?? headers["x-amz-request-id"] ?? headers["x-amzn-request-id"]
    }

    /// `com.amazonaws.ecs#ClusterNotFoundException:http://…` → `ClusterNotFoundException`
    static func shortCode(_ text: String) -> String {
        String(text.prefix { $0 != ":" }.split(separator: "#").last ?? "")
    }

    private static func json(status: Int, headers: HTTPHeaders, body: [UInt8]) -> ErrorAnswer {
        let named = headers["x-amzn-errortype"]
        guard case .object(let members)? = try? JSONReader.read(body) else {
            return unread(status: status, body: body, code: named.map(shortCode))
        }
        func text(_ names: String...) -> String? { names.lazy.compactMap { members[$0]?.text }.first }
        // Services that once spoke Query give their old code here; it is the one their documentation names.
        let query = headers["x-amzn-query-error"]?.split(separator: ";").first.map(String.init)
        let code = query ?? (named ?? text("__type", "code", "Code")).map(shortCode) ?? ""
        var answer = ErrorAnswer(
            code: code.isEmpty ? "HTTP\(status)" : code, message: text("message", "Message", "errorMessage") ?? "")
        for (name, node) in members where !["__type", "code", "Code", "message", "Message"].contains(name) {
            answer.fields[name] = flat(node)
        }
        return answer
    }

    /// Texts as they are, lists joined by commas; structures are left out.
    private static func flat(_ node: WireNode) -> String? {
        if case .array(let items) = node { return items.compactMap(\.text).joined(separator: ",") }
        return node.text
    }

    private static func xml(status: Int, body: [UInt8]) -> ErrorAnswer {
        guard let root = try? XMLDocument.parse(body) else { return unread(status: status, body: body, code: nil) }
        // Query: <ErrorResponse><Error>; EC2: <Response><Errors><Error>; S3: <Error>.
        let error =
            root.name == "Error" ? root : root.child("Error") ?? root.descendant("Errors", "Error")
        guard let error, let code = error.child("Code")?.text, !code.isEmpty else {
            return unread(status: status, body: body, code: nil)
        }
        var answer = ErrorAnswer(code: code, message: trimmed(error.child("Message")?.text ?? ""))
        let id = error.child("RequestId") ?? root.child("RequestId") ?? root.child("RequestID")
        answer.requestID = (id ?? root.descendant("ResponseMetadata", "RequestId"))?.text
        for child in error.children where !["Code", "Message", "RequestId", "Type"].contains(child.name) {
            if child.children.isEmpty, !child.text.isEmpty { answer.fields[child.name] = child.text }
        }
        return answer
    }

    /// HTML of a proxy, an empty body (HEAD), anything else.
    private static func unread(status: Int, body: [UInt8], code: String?) -> ErrorAnswer {
        // Only an empty body is AWS's own (HEAD): a page may be a proxy's, whose 404 says nothing about the resource.
        let known = body.isEmpty ? [304: "NotModified", 403: "Forbidden", 404: "NotFound"][status] : nil
        let text = String(decoding: body, as: UTF8.self).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let cut = text.count > textLimit ? "\(text.prefix(textLimit))…" : text
        return ErrorAnswer(code: code.flatMap { $0.isEmpty ? nil : $0 } ?? known ?? "HTTP\(status)", message: cut)
    }

    private static func trimmed(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
