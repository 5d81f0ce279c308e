internal import Glibc

/// A folder of a test's own, deleted with what lies in it when the last reference goes.
package final class TemporaryFolder: Sendable {
    private let folder: String

    package init() throws {
        var template = Array("/tmp/fgctl-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw NeverHappened("no temporary folder: error \(errno)") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    package func path(_ name: String) -> String { "\(folder)/\(name)" }

    deinit {
        if let entries = opendir(folder) {
            while let entry = readdir(entries) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                    tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != ".", name != ".." { unlink(path(name)) }
            }
            closedir(entries)
        }
        rmdir(folder)
    }
}
