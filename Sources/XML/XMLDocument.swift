internal import CExpat

/// Reads XML documents into trees.
package enum XMLDocument {
    /// What is accepted; the defaults are far above any answer of AWS.
    package struct Limits: Sendable {
        package var bytes = 64 << 20
        /// Elements inside each other.
        package var depth = 100
        package var elements = 1_000_000

        package init() {}
    }

    /// - Throws: `XMLError` for malformed documents, documents beyond the limits, and any document type declaration: entities
    ///   could make a small document huge, and AWS sends none.
    package static func parse(_ bytes: [UInt8], limits: Limits = Limits()) throws(XMLError) -> XMLElement {
        guard bytes.count <= min(limits.bytes, Int(Int32.max)) else {
            throw XMLError(reason: "the document is larger than \(limits.bytes) bytes", line: 1, column: 1)
        }
        guard let parser = XML_ParserCreate(nil) else {
            throw XMLError(reason: "out of memory", line: 1, column: 1)
        }
        defer { XML_ParserFree(parser) }
        let builder = TreeBuilder(parser: parser, limits: limits)
        // The parser borrows the builder for as long as this function runs.
        return try withExtendedLifetime(builder) { () throws(XMLError) -> XMLElement in
            XML_SetUserData(parser, Unmanaged.passUnretained(builder).toOpaque())
            XML_SetElementHandler(parser, startElement, endElement)
            XML_SetCharacterDataHandler(parser, characterData)
            XML_SetStartDoctypeDeclHandler(parser, startDoctype)
            let status = bytes.withUnsafeBufferPointer { buffer in
                buffer.withMemoryRebound(to: CChar.self) { XML_Parse(parser, $0.baseAddress, Int32($0.count), 1) }
            }
            if status == XML_STATUS_OK, builder.refusal == nil, let root = builder.root { return root }
            let words = XML_ErrorString(XML_GetErrorCode(parser)).map { String(cString: $0) }
            throw XMLError(
                reason: builder.refusal ?? words ?? "not a document",
                line: Int(XML_GetCurrentLineNumber(parser)), column: Int(XML_GetCurrentColumnNumber(parser)) + 1)
        }
    }
}

/// Collects what the parser reports.
private final class TreeBuilder {
    private struct Open {
        let name: String
        var text: [UInt8] = []
        var children: [XMLElement] = []
    }

    private let parser: OpaquePointer
    private let limits: XMLDocument.Limits
    private var open: [Open] = []
    private var count = 0
    private(set) var root: XMLElement?
    /// Why the document is refused; parsing has then been stopped.
    private(set) var refusal: String?

    init(parser: OpaquePointer, limits: XMLDocument.Limits) {
        self.parser = parser
        self.limits = limits
    }

    func start(_ qualifiedName: String) {
        guard refusal == nil else { return }
        count += 1
        if count > limits.elements { return refuse("more than \(limits.elements) elements") }
        if open.count >= limits.depth { return refuse("elements nested deeper than \(limits.depth)") }
        let name = qualifiedName.lastIndex(of: ":").map { String(qualifiedName[qualifiedName.index(after: $0)...]) }
        open.append(Open(name: name ?? qualifiedName))
    }

    func end() {
        guard refusal == nil, let done = open.popLast() else { return }
        let element = XMLElement(done.name, text: String(decoding: done.text, as: UTF8.self), children: done.children)
        if open.isEmpty {
            root = element
        } else {
            open[open.count - 1].children.append(element)
        }
    }

    func text(_ bytes: UnsafeRawBufferPointer) {
        guard refusal == nil, !open.isEmpty else { return }
        open[open.count - 1].text.append(contentsOf: bytes)
    }

    func refuse(_ reason: String) {
        refusal = refusal ?? reason
        // Fails only when the parser has stopped already.
        _ = XML_StopParser(parser, XML_Bool(0))
    }
}

private func builder(_ data: UnsafeMutableRawPointer?) -> TreeBuilder? {
    data.map { Unmanaged<TreeBuilder>.fromOpaque($0).takeUnretainedValue() }
}

private func startElement(
    _ data: UnsafeMutableRawPointer?, _ name: UnsafePointer<CChar>?,
    _ attributes: UnsafeMutablePointer<UnsafePointer<CChar>?>?
) {
    guard let name else { return }
    builder(data)?.start(String(cString: name))
}

private func endElement(_ data: UnsafeMutableRawPointer?, _ name: UnsafePointer<CChar>?) {
    builder(data)?.end()
}

private func characterData(_ data: UnsafeMutableRawPointer?, _ text: UnsafePointer<CChar>?, _ length: Int32) {
    builder(data)?.text(UnsafeRawBufferPointer(start: text, count: Int(length)))
}

private func startDoctype(
    _ data: UnsafeMutableRawPointer?, _ name: UnsafePointer<CChar>?, _ systemID: UnsafePointer<CChar>?,
    _ publicID: UnsafePointer<CChar>?, _ hasInternalSubset: Int32
) {
    builder(data)?.refuse("a document type declaration is not accepted")
}
