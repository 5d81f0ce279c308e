internal import Glibc
internal import Support

/// The proxies of an environment, and the hosts that are reached without one.
///
/// Read from `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`; the lower-case name wins over the upper-case one,
/// as in curl and Python. A proxy's URL may hold a password, hence `Secret`.
package struct ProxySettings: Sendable, Hashable {
    private var http: Secret?
    private var https: Secret?
    private var exceptions: [String] = []

    /// No proxies.
    package init() {}

    /// - Parameter environment: the environment to read; the process's own is never looked at.
    package init(environment: [String: String]) {
        func value(_ name: String) -> String? {
            let found = environment[name] ?? environment[name.uppercased()]
            return found.flatMap { $0.isEmpty ? nil : $0 }
        }
        let all = value("all_proxy")
        http = (value("http_proxy") ?? all).map { Secret($0) }
        https = (value("https_proxy") ?? all).map { Secret($0) }
        exceptions = (value("no_proxy") ?? "").lowercased()
            .split { $0 == "," || $0.isWhitespace }.map { String($0) }
    }

    /// The proxy to use for a target; `nil` is none.
    func proxy(for target: URLTarget) -> Secret? {
        guard let proxy = target.isSecure ? https : http else { return nil }
        return exceptions.contains { Self.matches($0, target) } ? nil : proxy
    }

    /// Whether one entry of `no_proxy` names the target: `*`, a domain (with or without a leading dot, itself and all
    /// below it), an address, a network in CIDR form; each may carry a port.
    private static func matches(_ entry: String, _ target: URLTarget) -> Bool {
        if entry == "*" { return true }
        if entry.contains("/") { return network(entry, contains: target.host) }
        var name = Substring(entry)
        if name.first == "[", let end = name.firstIndex(of: "]") {
            let port = name[end...].dropFirst(2)
            if !port.isEmpty, UInt16(port) != target.port { return false }
            name = name[..<end].dropFirst()
        } else if let colon = name.lastIndex(of: ":"), name.firstIndex(of: ":") == colon {
            if UInt16(name[colon...].dropFirst()) != target.port { return false }
            name = name[..<colon]
        }
        if name.first == "." { name = name.dropFirst() }
        if name.isEmpty { return false }
        return target.host == name || target.host.hasSuffix("." + name)
    }

    private static func network(_ cidr: String, contains host: String) -> Bool {
        let parts = cidr.split(separator: "/", maxSplits: 1)
        guard parts.count == 2, let bits = Int(parts[1]), let base = address(String(parts[0])),
            let wanted = address(host), base.count == wanted.count, (0...base.count * 8).contains(bits)
        else { return false }
        return (0..<bits).allSatisfy { bit in
            let mask: UInt8 = 0x80 >> UInt8(bit % 8)
            return base[bit / 8] & mask == wanted[bit / 8] & mask
        }
    }

    /// The bytes of an IPv4 or IPv6 address; `nil` for a name.
    private static func address(_ text: String) -> [UInt8]? {
        for (family, size) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: size)
            if inet_pton(family, text, &bytes) == 1 { return bytes }
        }
        return nil
    }
}
