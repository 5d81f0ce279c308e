internal import FoundationEssentials
internal import HTTP
internal import Support

/// Spreads an input over URI, headers and body (REST-JSON, REST-XML).
struct RESTRequestEncoder {
    /// Service and operation, for messages.
    let what: String
    let operation: String
    let template: String
    let isXML: Bool
    let bindings: [String: RESTBinding]
    /// The members bound to the path, not encoded.
    private(set) var labels: [String: String] = [:]
    private var request = EncodedRequest(method: "")
    private var payload: WireValue.Member?

    init(what: String, operation: String, template: String, isXML: Bool, bindings: [String: RESTBinding]) {
        self.what = what
        self.operation = operation
        self.template = template
        self.isXML = isXML
        self.bindings = bindings
    }

    mutating func encode(_ value: WireValue, method: String) throws -> EncodedRequest {
        guard case .structure(let structure) = value else {
            throw Failure(.failed, "\(what): the input is no structure")
        }
        request.method = method
        var rest = WireValue.Structure(root: structure.root)
        for member in structure.members {
            if case .null = member.value { continue }
            switch bindings[member.name] {
            case nil: rest.members.append(member)
            case .path: labels[member.name] = member.value.text(timestamps: .iso8601)
            case .query(let name): addQuery(name, member.value)
            case .header(let name): try addHeader(name, member.value)
            case .headerPrefix(let prefix):
                guard case .map(let entries, _) = member.value else { continue }
                for entry in entries { try addHeader(prefix + entry.key, entry.value) }
            case .payload: payload = member
            case .status: continue
            }
        }
        try fillTemplate()
        setBody(rest)
        return request
    }

    /// `/{Bucket}/{Key+}?list-type=2`
    private mutating func fillTemplate() throws {
        let halves = template.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var path = ""
        var rest = halves[0]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            path += rest[..<open]
            var name = rest[rest.index(after: open)..<close]
            let isGreedy = name.last == "+"
            if isGreedy { name.removeLast() }
            // An empty label would address the collection instead of the thing.
            guard let label = labels[String(name)], !label.isEmpty else {
                throw Failure(.failed, "\(what): \(name) is empty")
            }
            path += PercentEncoding.encode(label, keepsSlash: isGreedy)
            rest = rest[rest.index(after: close)...]
        }
        request.path = path + rest
        guard halves.count > 1 else { return }
        let fixed = halves[1].split(separator: "&").map { pair -> (name: String, value: String?) in
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            return (parts[0], parts.count > 1 ? parts[1] : nil)
        }
        request.query = fixed + request.query
    }

    private mutating func addQuery(_ name: String, _ value: WireValue) {
        switch value {
        case .list(let items, _): for item in items { addQuery(name, item) }
        case .map(let entries, _): for entry in entries { addQuery(entry.key, entry.value) }
        default: if let text = value.text(timestamps: .iso8601) { request.query.append((name, text)) }
        }
    }

    private mutating func addHeader(_ name: String, _ value: WireValue) throws {
        let text: String?
        if case .list(let items, _) = value {
            text = items.compactMap { $0.text(timestamps: .httpDate) }.joined(separator: ",")
        } else {
            text = value.text(timestamps: .httpDate)
        }
        guard let text else { return }
        // A line break would end the header and start another one.
        let isClean = (name + text).unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
        guard isClean else { throw Failure(.failed, "\(what): the value for header \(name) has a control character") }
        request.headers.add(name, text)
    }

    private mutating func setBody(_ rest: WireValue.Structure) {
        if let payload {
            switch payload.value {
            case .blob(let bytes):
                request.body = .bytes(bytes)
                if !isXML { setContentType("application/octet-stream") }
            case .string(let text):
                request.body = .bytes(Array(text.utf8))
                if !isXML { setContentType("text/plain") }
            case .structure(let structure):
                setDocument(payload.value, root: structure.root ?? XMLRoot(payload.name))
            default: setDocument(payload.value, root: XMLRoot(payload.name))
            }
        } else if !rest.members.isEmpty {
            setDocument(.structure(rest), root: rest.root ?? XMLRoot("\(operation)Request"))
        } else if !isXML, ["POST", "PUT", "PATCH"].contains(request.method) {
            setDocument(.structure(rest), root: XMLRoot(operation))
        }
    }

    private mutating func setDocument(_ value: WireValue, root: XMLRoot) {
        request.body = .bytes(isXML ? XMLWriter.write(value, root: root) : JSONWriter.write(value))
        setContentType(isXML ? "application/xml" : "application/json")
    }

    private mutating func setContentType(_ type: String) {
        if request.headers["Content-Type"] == nil { request.headers.add("Content-Type", type) }
    }
}
