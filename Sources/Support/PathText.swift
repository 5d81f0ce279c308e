/// Paths as text, with `/` as separator. Pure: nothing here looks at a disk or follows a link.
package enum PathText {
    /// `path` seen from `directory`: an absolute path stays as it is. The result is normalised.
    package static func join(_ directory: String, _ path: String) -> String {
        normalized(path.hasPrefix("/") ? path : directory + "/" + path)
    }

    /// The path without empty and `.` parts, and with `NAME/..` taken out; `.` when nothing is left.
    package static func normalized(_ path: String) -> String {
        let absolute = path.hasPrefix("/")
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else if part != ".." || !absolute {
                parts.append(part)
            }
        }
        let text = parts.joined(separator: "/")
        return absolute ? "/" + text : (text.isEmpty ? "." : text)
    }

    /// The folder that holds `path`; `nil` for the root. `path` must be absolute.
    package static func parent(of path: String) -> String? {
        let path = normalized(path)
        guard path != "/", let slash = path.lastIndex(of: "/") else { return nil }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The last part of the path; the empty text for the root.
    package static func lastComponent(of path: String) -> String {
        normalized(path).split(separator: "/").last.map(String.init) ?? ""
    }

    /// The absolute `path` as it is written from inside the absolute `directory`, with `..` where needed.
    package static func relative(_ path: String, to directory: String) -> String {
        let target = normalized(path).split(separator: "/")
        let base = normalized(directory).split(separator: "/")
        let shared = zip(target, base).prefix { $0 == $1 }.count
        let parts = Array(repeating: "..", count: base.count - shared) + target[shared...]
        return parts.isEmpty ? "." : parts.joined(separator: "/")
    }
}
