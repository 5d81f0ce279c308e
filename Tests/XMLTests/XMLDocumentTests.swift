import Testing
import XML

struct XMLDocumentTests {
    private func parse(_ text: String, limits: XMLDocument.Limits = .init()) throws -> XMLElement {
        try XMLDocument.parse(Array(text.utf8), limits: limits)
    }

    private func error(_ text: String, limits: XMLDocument.Limits = .init()) -> XMLError? {
        do throws(XMLError) {
            _ = try XMLDocument.parse(Array(text.utf8), limits: limits)
            return nil
        } catch {
            return error
        }
    }

    @Test func readsNamesTextAndChildren() throws {
        let root = try parse("<?xml version=\"1.0\"?><a x='1'><b>one</b><b/><!-- no --><c>t<d>in</d>ail</c></a>")
        let expected = XMLElement(
            "a",
            children: [
                XMLElement("b", text: "one"), XMLElement("b"),
                XMLElement("c", text: "tail", children: [XMLElement("d", text: "in")]),
            ])
        #expect(root == expected)
        #expect(root.descendant("c", "d")?.text == "in")
        #expect(root.child("x") == nil)
    }

    @Test func readsEntitiesReferencesAndCDATA() throws {
        #expect(try parse("<a>&lt;&amp;&gt;&quot;&#65;&#x1F600;<![CDATA[<b>&amp;]]></a>").text == "<&>\"A😀<b>&amp;")
    }

    @Test func dropsNamespacePrefixes() throws {
        #expect(try parse("<s:a xmlns:s='urn:x'><s:b>1</s:b></s:a>").child("b")?.text == "1")
    }

    @Test func readsOtherEncodings() throws {
        let bytes = Array("<?xml version='1.0' encoding='ISO-8859-1'?><a>".utf8) + [0xfc] + Array("</a>".utf8)
        #expect(try XMLDocument.parse(bytes).text == "ü")
    }

    @Test(arguments: [
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
        "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
    ])
    func refusesDocumentTypes(text: String) {
        #expect(error(text)?.reason == "a document type declaration is not accepted")
    }

    @Test(arguments: ["", "x", "<a>", "<a></b>", "<a/><b/>", "<a>&nope;</a>", "<a b=c/>"])
    func refusesMalformedDocuments(text: String) { #expect(error(text) != nil) }

    @Test func saysWhereTheFaultIs() {
        let fault = error("<a>\n  <b></c></a>")
        #expect(fault?.line == 2)
        #expect(fault?.column == 8)
        #expect(fault?.reason == "mismatched tag")
    }

    @Test func refusesWhatIsTooDeepTooLargeOrTooMuch() {
        var limits = XMLDocument.Limits()
        limits.depth = 3
        limits.bytes = 100
        limits.elements = 5
        #expect(error("<a><a><a/></a></a>", limits: limits) == nil)
        #expect(error("<a><a><a><a/></a></a></a>", limits: limits)?.reason == "elements nested deeper than 3")
        #expect(error("<a><b/><b/><b/><b/><b/></a>", limits: limits)?.reason == "more than 5 elements")
        #expect(error("<a>\(String(repeating: "x", count: 100))</a>", limits: limits) != nil)
        #expect(error(String(repeating: "<a>", count: 100_000)) != nil)
    }
}
