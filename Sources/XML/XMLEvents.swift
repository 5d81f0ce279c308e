internal import CExpat

/// Takes what a document consists of, piece by piece; for documents whose tree nobody needs.
package protocol XMLEventHandler: AnyObject {
    /// An element begins. The name is in UTF-8, with its namespace prefix.
    func start(_ name: UnsafeBufferPointer<UInt8>)
    /// Some of the text inside the present element; a text may come in several pieces.
    func text(_ bytes: UnsafeBufferPointer<UInt8>)
    /// The present element ends.
    func end(_ name: UnsafeBufferPointer<UInt8>)
}

extension XMLDocument {
    /// Reads a document into a handler.
    ///
    /// - Throws: `XMLError` as `parse`; the handler may have been told a part of the document then.
    package static func read(_ bytes: [UInt8], _ handler: some XMLEventHandler) throws(XMLError) {
        guard bytes.count <= min(Limits().bytes, Int(Int32.max)) else {
            throw XMLError(reason: "the document is larger than \(Limits().bytes) bytes", line: 1, column: 1)
        }
        guard let parser = XML_ParserCreate(nil) else {
            throw XMLError(reason: "out of memory", line: 1, column: 1)
        }
        defer { XML_ParserFree(parser) }
        let relay = Relay(handler)
        let status = withExtendedLifetime(relay) {
            XML_SetUserData(parser, Unmanaged.passUnretained(relay).toOpaque())
            XML_SetElementHandler(parser, startElement, endElement)
            XML_SetCharacterDataHandler(parser, characterData)
            XML_SetStartDoctypeDeclHandler(parser, startDoctype)
            relay.parser = parser
            return bytes.withUnsafeBufferPointer { buffer in
                buffer.withMemoryRebound(to: CChar.self) { XML_Parse(parser, $0.baseAddress, Int32($0.count), 1) }
            }
        }
        guard status != XML_STATUS_OK || relay.refusal != nil else { return }
        let words = XML_ErrorString(XML_GetErrorCode(parser)).map { String(cString: $0) }
        throw XMLError(
            reason: relay.refusal ?? words ?? "not a document", line: Int(XML_GetCurrentLineNumber(parser)),
            column: Int(XML_GetCurrentColumnNumber(parser)) + 1)
    }
}

/// What the parser's callbacks find the handler by.
private final class Relay {
    let handler: any XMLEventHandler
    var parser: OpaquePointer?
    var refusal: String?
    private var depth = 0

    init(_ handler: any XMLEventHandler) { self.handler = handler }

    func start(_ name: UnsafeBufferPointer<UInt8>) {
        depth += 1
        if depth > XMLDocument.Limits().depth { return refuse("elements nested too deeply") }
        if refusal == nil { handler.start(name) }
    }

    func text(_ bytes: UnsafeBufferPointer<UInt8>) { if refusal == nil { handler.text(bytes) } }

    func end(_ name: UnsafeBufferPointer<UInt8>) {
        depth -= 1
        if refusal == nil { handler.end(name) }
    }

    func refuse(_ reason: String) {
        refusal = refusal ?? reason
        // Fails only when the parser has stopped already.
        if let parser { _ = XML_StopParser(parser, XML_Bool(0)) }
    }
}

private func relay(_ data: UnsafeMutableRawPointer?) -> Relay? {
    data.map { Unmanaged<Relay>.fromOpaque($0).takeUnretainedValue() }
}

private func bytes(_ name: UnsafePointer<CChar>) -> UnsafeBufferPointer<UInt8> {
    var length = 0
    while name[length] != 0 { length += 1 }
    return UnsafeRawBufferPointer(start: name, count: length).bindMemory(to: UInt8.self)
}

private func startElement(
    _ data: UnsafeMutableRawPointer?, _ name: UnsafePointer<CChar>?,
    _ attributes: UnsafeMutablePointer<UnsafePointer<CChar>?>?
) {
    if let name { relay(data)?.start(bytes(name)) }
}

private func endElement(_ data: UnsafeMutableRawPointer?, _ name: UnsafePointer<CChar>?) {
    if let name { relay(data)?.end(bytes(name)) }
}

private func characterData(_ data: UnsafeMutableRawPointer?, _ text: UnsafePointer<CChar>?, _ length: Int32) {
    relay(data)?.text(UnsafeRawBufferPointer(start: text, count: Int(length)).bindMemory(to: UInt8.self))
}

private func startDoctype(
    _ data: UnsafeMutableRawPointer?, _ name: UnsafePointer<CChar>?, _ systemID: UnsafePointer<CChar>?,
    _ publicID: UnsafePointer<CChar>?, _ hasInternalSubset: Int32
) {
    relay(data)?.refuse("a document type declaration is not accepted")
}
