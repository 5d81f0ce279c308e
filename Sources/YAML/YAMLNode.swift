package import Support

/// A place in a text: line and column count from 1, columns in Unicode scalars.
package struct YAMLMark: Sendable, Hashable, CustomStringConvertible {
    /// The name of the text, as messages give it: usually a path.
    package let file: String
    package let line: Int
    package let column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    package var description: String { "\(file):\(line):\(column)" }

    /// A failure of class `badInput` whose message begins with this place.
    package func failure(_ message: String, hint: String? = nil) -> Failure {
        Failure(.badInput, "\(self): \(message)", hint: hint)
    }
}

/// One node of a YAML document, with its tag and where it stands.
///
/// Scalars keep the text that was written; what a plain scalar means is decided on demand by `scalar`, so that nothing
/// is lost by reading (an account's number keeps its leading zero).
package struct YAMLNode: Sendable, Hashable {
    package enum Content: Sendable, Hashable {
        /// The text, without quotes and with escapes resolved; `plain` when it was written without quotes.
        case scalar(String, plain: Bool)
        case sequence([YAMLNode])
        /// The pairs in the order of the text; keys are scalars and occur once.
        case mapping([YAMLPair])
    }

    package let content: Content
    /// The tag as written for local tags (`!Ref`), in full for YAML's own (`tag:yaml.org,2002:str`); nil without one.
    package let tag: String?
    package let mark: YAMLMark

    package init(_ content: Content, tag: String? = nil, mark: YAMLMark) {
        self.content = content
        self.tag = tag
        self.mark = mark
    }
}

/// A key with its value.
package struct YAMLPair: Sendable, Hashable {
    package let key: String
    package let keyMark: YAMLMark
    package let value: YAMLNode

    package init(key: String, keyMark: YAMLMark, value: YAMLNode) {
        self.key = key
        self.keyMark = keyMark
        self.value = value
    }
}

extension YAMLNode {
    /// The text of a scalar as written, whatever it means; nil for sequences and mappings.
    package var text: String? {
        guard case .scalar(let text, _) = content else { return nil }
        return text
    }

    /// The nodes of a sequence; nil for other nodes.
    package var items: [YAMLNode]? {
        guard case .sequence(let items) = content else { return nil }
        return items
    }

    /// The pairs of a mapping; nil for other nodes.
    package var pairs: [YAMLPair]? {
        guard case .mapping(let pairs) = content else { return nil }
        return pairs
    }

    /// The value of a key; nil when the node is no mapping or lacks the key.
    package subscript(_ key: String) -> YAMLNode? { pairs?.first { $0.key == key }?.value }

    /// The value of a scalar in YAML 1.2's core schema; nil for sequences and mappings.
    package var scalar: YAMLScalar? {
        guard case .scalar(let text, let plain) = content else { return nil }
        switch tag {
        case nil: return plain ? YAMLScalar(plain: text) : .text(text)
        case "tag:yaml.org,2002:null", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:int", "tag:yaml.org,2002:float":
            return YAMLScalar(plain: text)
        default: return .text(text)
        }
    }

    /// Whether the node is an untagged plain `null`, `~` or nothing at all.
    package var isNull: Bool { scalar == .null }

    /// What the node is, for messages: `a mapping`, `a list`, `a number`, …
    package var kindName: String {
        switch content {
        case .sequence: return "a list"
        case .mapping: return "a mapping"
        case .scalar:
            switch scalar {
            case .null: return "nothing"
            case .bool: return "true or false"
            case .integer, .float: return "a number"
            case .text, nil: return "text"
            }
        }
    }

    /// A failure of class `badInput` at this node.
    package func failure(_ message: String, hint: String? = nil) -> Failure { mark.failure(message, hint: hint) }
}
