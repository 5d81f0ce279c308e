/// Names of files under way: `.fgctl-1f0e….part`, in the folder where the file is to lie.
///
/// They are recognised by the next run, which removes what an interrupted one left; they never count as files of a tree.
package enum TemporaryName {
    private static let prefix = ".fgctl-"
    private static let suffix = ".part"

    /// A name that nobody has yet.
    package static func make() -> String {
        prefix + String(UInt64.random(in: .min ... .max), radix: 16) + suffix
    }

    package static func isOne(_ name: String) -> Bool {
        var name = name
        return name.withUTF8 { isOne($0) }
    }

    static func isOne(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        guard name.count > prefix.utf8.count + suffix.utf8.count, name.starts(with: prefix.utf8),
            name.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
        else { return false }
        return name[prefix.utf8.count..<name.count - suffix.utf8.count].allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x66).contains($0)
        }
    }
}
