internal import FoundationEssentials
internal import Support

/// Checks names of time zones (`Europe/Berlin`) against the system's zone files.
///
/// AWS takes the names of the IANA database. Where the system has no such files only the form is checked, and AWS decides.
package struct ZoneDatabase: Sendable {
    private let root: String

    /// - Parameter root: the folder of the compiled zones.
    package init(root: String = "/usr/share/zoneinfo") { self.root = root }

    /// AWS's limit of a zone's name, in characters.
    private static let longest = 50
    /// Files and folders beside the zones that are none themselves.
    private static let noZones: Set<String> = ["posix", "right", "localtime", "posixrules", "Factory"]

    /// - Throws: `Failure(.badInput)` with, where only the case of letters differs, the right spelling.
    package func check(_ name: String) throws {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard name.count <= Self.longest, TimeZoneFile.isName(name), let first = parts.first,
            !Self.noZones.contains(first)
        else { throw unknown(name) }
        let files = FileManager.default
        var isFolder = false
        guard files.fileExists(atPath: root, isDirectory: &isFolder), isFolder else { return }
        if isZone(name) { return }
        throw unknown(name, meant: spelling(parts))
    }

    private func isZone(_ name: String) -> Bool {
        // The four bytes that every compiled zone begins with.
        FileManager.default.contents(atPath: "\(root)/\(name)")?.prefix(4).elementsEqual("TZif".utf8) ?? false
    }

    private func spelling(_ parts: [String]) -> String? {
        var found: [String] = []
        for part in parts {
            let folder = ([root] + found).joined(separator: "/")
            guard let entries = try? FileManager.default.contentsOfDirectory(atPath: folder),
                let entry = entries.sorted().first(where: { $0.lowercased() == part.lowercased() })
            else { return nil }
            found.append(entry)
        }
        let name = found.joined(separator: "/")
        return isZone(name) ? name : nil
    }

    private func unknown(_ name: String, meant: String? = nil) -> Failure {
        Failure(
            .badInput, "time zone '\(name)' is unknown",
            hint: meant.map { "did you mean '\($0)'?" }
                ?? "give a name of the IANA database, such as Europe/Berlin or UTC")
    }
}
