/// How much a document may hold. They bound time and memory for texts of unknown origin.
package struct YAMLLimits: Sendable {
    /// UTF-8 bytes of the text.
    package var bytes: Int
    /// Sequences and mappings inside each other.
    package var depth: Int
    /// Nodes of the document, those that aliases stand for counted at each use: a short text whose aliases multiply
    /// (the "billion laughs") is refused before anything walks it.
    package var nodes: Int

    package init(bytes: Int = 4 << 20, depth: Int = 100, nodes: Int = 500_000) {
        self.bytes = bytes
        self.depth = depth
        self.nodes = nodes
    }
}
