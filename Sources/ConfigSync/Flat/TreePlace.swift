internal import Support

/// A tree of objects: a bucket and what its keys begin with, as a folder.
package struct TreePlace: Sendable, Hashable, CustomStringConvertible {
    package let bucket: String
    /// What every key of the tree begins with: empty, or ending in a slash.
    package let prefix: String

    /// - Parameter prefix: with or without a slash at its end; empty for the whole bucket.
    package init(bucket: String, prefix: String) {
        self.bucket = bucket
        self.prefix = prefix.isEmpty || prefix.hasSuffix("/") ? prefix : prefix + "/"
    }

    /// Reads `s3://bucket/prefix`.
    /// - Throws: `Failure` of kind `usage` that quotes what is none.
    package init(parsing text: String) throws {
        func wrong(_ why: String) -> Failure { Failure(.usage, "'\(text)' \(why)", hint: "like s3://bucket/prefix") }
        guard text.hasPrefix("s3://") else { throw wrong("is no place in S3") }
        let rest = text.dropFirst(5)
        let bucket = rest.prefix { $0 != "/" }
        guard !bucket.isEmpty else { throw wrong("names no bucket") }
        let prefix = rest.dropFirst(bucket.count + 1)
        if prefix.hasPrefix("/") || prefix.contains("//") { throw wrong("has an empty part between slashes") }
        self.init(bucket: String(bucket), prefix: String(prefix))
    }

    /// The key of a file of the tree.
    package func key(_ path: String) -> String { prefix + path }

    package var description: String { "s3://\(bucket)/\(prefix)" }
}
