/// Who may not do what on what, as far as an error of AWS says it.
package struct AccessDenial: Sendable, Hashable {
    /// `ecs:RunTask`
    package let action: String
    /// The ARN of the identity that was refused.
    package let principal: String?
    /// The ARN of what it was refused on, or a pattern.
    package let resource: String?
    /// `no identity-based policy allows the ecs:RunTask action`, `explicit deny in a service control policy`
    package let reason: String?

    package init(action: String, principal: String? = nil, resource: String? = nil, reason: String? = nil) {
        self.action = action
        self.principal = principal
        self.resource = resource
        self.reason = reason
    }

    /// Reads AWS's sentence: `User: … is not authorized to perform: … on resource: … because …`.
    /// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    /// - Returns: `nil` when the text names no action.
    static func parse(_ message: String) -> AccessDenial? {
        let text = withoutEncoded(message).text[...]
        let verb = " is not authorized to perform: "
        guard let found = text.range(of: verb) else { return nil }
        let rest = text[found.upperBound...]
        let action = rest.prefix { !$0.isWhitespace && $0 != "," }
        guard action.contains(":") else { return nil }
        var after = rest[action.endIndex...]
        var resource: Substring?
        if let start = after.range(of: " on resource: ") {
            after = after[start.upperBound...]
            let ends = [" because ", " with an explicit deny", ". "].compactMap { after.range(of: $0)?.lowerBound }
            let end = ends.min() ?? after.endIndex
            resource = after[..<end]
            after = after[end...]
        }
        let principal = text[..<found.lowerBound].range(of: "User: ").map { text[$0.upperBound..<found.lowerBound] }
        return AccessDenial(
            action: trimmed(action) ?? "", principal: principal.flatMap(trimmed), resource: resource.flatMap(trimmed),
            reason: reason(after))
    }

    /// The message without the encoded details that EC2 and others append, and these: only the owner of the account can
    /// decode them, and they fill a screen.
    static func withoutEncoded(_ message: String) -> (text: String, encoded: String?) {
        let words = "Encoded authorization failure message: "
        guard let start = message[...].range(of: words) else { return (message, nil) }
        let encoded = message[start.upperBound...].prefix { !$0.isWhitespace }
        let head = message[..<start.lowerBound].reversed().drop { $0.isWhitespace }.reversed()
        return (String(head) + String(message[encoded.endIndex...]), String(encoded))
    }

    private static func reason(_ text: Substring) -> String? {
        for (word, kept) in [(" because ", ""), (" with an explicit deny", "explicit deny")] {
            guard let start = text.range(of: word) else { continue }
            return trimmed(kept + text[start.upperBound...])
        }
        return nil
    }

    private static func trimmed(_ text: some StringProtocol) -> String? {
        let junk: (Character) -> Bool = { $0.isWhitespace || $0 == "\"" || $0 == "." }
        let kept = String(text.drop(while: junk).reversed().drop(while: junk).reversed())
        return kept.isEmpty ? nil : kept
    }
}

extension Substring {
    /// Where a text stands first. (FoundationEssentials has no `range(of:)`; the standard library's needs a collection.)
    fileprivate func range(of text: String) -> Range<Substring.Index>? { firstRange(of: text) }
}
