/// One element of an XML document: its name, its text, its child elements. Attributes, comments and processing instructions
/// are not kept; AWS's answers say nothing with them.
package struct XMLElement: Sendable, Hashable {
    /// Without a namespace prefix.
    package let name: String
    /// All character data directly inside, joined; white space as it stands.
    package let text: String
    package let children: [XMLElement]

    package init(_ name: String, text: String = "", children: [XMLElement] = []) {
        self.name = name
        self.text = text
        self.children = children
    }

    /// The first child of that name.
    package func child(_ name: String) -> XMLElement? { children.first { $0.name == name } }

    /// The first element reached by one name after another.
    package func descendant(_ names: String...) -> XMLElement? {
        var element = self
        for name in names {
            guard let next = element.child(name) else { return nil }
            element = next
        }
        return element
    }
}

/// Why bytes are no acceptable XML document.
package struct XMLError: Error, Sendable, Equatable, CustomStringConvertible {
    package let reason: String
    /// Both counted from 1.
    package let line: Int
    package let column: Int

    package var description: String { "line \(line), column \(column): \(reason)" }
}
