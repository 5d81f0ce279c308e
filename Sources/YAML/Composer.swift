import Support

/// Builds the tree of one document out of events, and keeps to the limits.
struct Composer {
    private let events: EventStream
    private let file: String
    private let limits: YAMLLimits
    private let dialect: YAMLDialect
    /// What each anchor stands for, and how many nodes that is with its aliases expanded.
    private var anchors: [String: (node: YAMLNode, nodes: Int)] = [:]
    /// Nodes so far, aliases expanded.
    private var nodes = 0

    init(events: EventStream, file: String, limits: YAMLLimits, dialect: YAMLDialect) {
        self.events = events
        self.file = file
        self.limits = limits
        self.dialect = dialect
    }

    /// The one document of the stream.
    mutating func document() throws(Failure) -> YAMLNode {
        _ = try events.next()  // the start of the stream
        guard case .documentStart = try events.next().kind else {
            return YAMLNode(.scalar("", plain: true), mark: YAMLMark(file: file, line: 1, column: 1))
        }
        let root = try node(events.next(), depth: 0)
        _ = try events.next()  // the end of the document
        let end = try events.next()
        guard case .streamEnd = end.kind else {
            throw end.mark.failure("a second document begins here; only one is allowed")
        }
        return root
    }

    private mutating func node(_ event: Event, depth: Int) throws(Failure) -> YAMLNode {
        let before = nodes
        let content: YAMLNode.Content
        switch event.kind {
        case .alias(let name): return try alias(name, at: event.mark)
        case .scalar(let text, let plain): content = .scalar(text, plain: plain)
        case .sequenceStart: content = try .sequence(sequence(from: event.mark, depth: depth + 1))
        case .mappingStart: content = try .mapping(mapping(from: event.mark, depth: depth + 1))
        default: throw event.mark.failure("a value is missing here")
        }
        try count(1, at: event.mark)
        let node = YAMLNode(content, tag: event.tag, mark: event.mark)
        if let anchor = event.anchor {
            if dialect == .python, let first = anchors[anchor]?.node.mark {
                throw event.mark.failure(
                    "anchor &\(anchor) occurs twice, first in line \(first.line), column \(first.column)")
            }
            anchors[anchor] = (node, nodes - before)
        }
        return node
    }

    private mutating func alias(_ name: String, at mark: YAMLMark) throws(Failure) -> YAMLNode {
        guard let known = anchors[name] else {
            throw mark.failure("alias *\(name) stands before the end of its anchor &\(name), or there is none")
        }
        try count(known.nodes, at: mark)
        return known.node
    }

    private mutating func sequence(from mark: YAMLMark, depth: Int) throws(Failure) -> [YAMLNode] {
        try check(depth: depth, at: mark)
        var items: [YAMLNode] = []
        while true {
            let event = try events.next()
            if case .sequenceEnd = event.kind { return items }
            items.append(try node(event, depth: depth))
        }
    }

    private mutating func mapping(from mark: YAMLMark, depth: Int) throws(Failure) -> [YAMLPair] {
        try check(depth: depth, at: mark)
        var pairs: [YAMLPair] = []
        var seen: [String: YAMLMark] = [:]
        var merged: [YAMLPair] = []
        while true {
            let event = try events.next()
            if case .mappingEnd = event.kind {
                // What stands in the mapping itself wins, then what was merged first.
                for pair in merged where seen.updateValue(pair.keyMark, forKey: pair.key) == nil { pairs.append(pair) }
                return pairs
            }
            let key = try node(event, depth: depth)
            guard case .scalar(let name, let plain) = key.content else {
                throw event.mark.failure("a key must be text, this is \(key.kindName)")
            }
            if name == "<<", plain {
                if dialect == .python {
                    merged += try mergeable(node(events.next(), depth: depth))
                    continue
                }
                throw event.mark.failure("merge keys (<<) are no part of YAML 1.2; write the keys out")
            }
            if let first = seen.updateValue(event.mark, forKey: name) {
                throw event.mark.failure(
                    "key \(name) occurs twice, first in line \(first.line), column \(first.column)")
            }
            pairs.append(YAMLPair(key: name, keyMark: event.mark, value: try node(events.next(), depth: depth)))
        }
    }

    /// The pairs that a merge key brings: those of a mapping, or of each mapping of a list.
    private func mergeable(_ value: YAMLNode) throws(Failure) -> [YAMLPair] {
        if let pairs = value.pairs { return pairs }
        guard let items = value.items, items.allSatisfy({ $0.pairs != nil }) else {
            throw value.failure("merged (<<) are mappings and lists of mappings, this is \(value.kindName)")
        }
        return items.flatMap { $0.pairs ?? [] }
    }

    private func check(depth: Int, at mark: YAMLMark) throws(Failure) {
        guard depth <= limits.depth else {
            throw mark.failure("more than \(limits.depth) lists and mappings inside each other")
        }
    }

    private mutating func count(_ more: Int, at mark: YAMLMark) throws(Failure) {
        nodes += more
        guard nodes <= limits.nodes else {
            throw mark.failure("more than \(limits.nodes) values, with aliases counted at each use")
        }
    }
}
