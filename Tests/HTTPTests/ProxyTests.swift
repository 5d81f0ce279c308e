import Support
import TestSupport
import Testing

@testable import HTTP

/// Proxies and the exceptions from them.
struct ProxyTests {
    private static func configuration(_ environment: [String: String]) -> HTTPConfiguration {
        var configuration = HTTPConfiguration()
        configuration.proxies = ProxySettings(environment: environment)
        return configuration
    }

    @Test func aProxySeesTheWholeURLAsItStands() async throws {
        let proxy = try LoopbackServer { _ in LoopbackAnswer(200, "proxied") }
        let environment = ["HTTP_PROXY": "http://u:p%40ss@127.0.0.1:\(proxy.port)"]
        try await withTransport(Self.configuration(environment)) { transport in
            let answer = try await transport.get("http://s3.example.invalid/a/../b//c?x=1")
            #expect(answer == Answer(200, "proxied"))
        }
        let request = try #require(proxy.requests.first)
        #expect(request.target == "http://s3.example.invalid/a/../b//c?x=1")
        #expect(request.values("host") == ["s3.example.invalid"])
        // u:p@ss
        #expect(request.values("proxy-authorization") == ["Basic dTpwQHNz"])
        #expect(request.lines.count == 3, "\(request.lines)")
    }

    @Test func aRequestCanGoPastTheProxy() async throws {
        let proxy = try LoopbackServer { _ in LoopbackAnswer(502) }
        let server = try LoopbackServer { _ in LoopbackAnswer(200, "direct") }
        let environment = ["http_proxy": "127.0.0.1:\(proxy.port)"]
        try await withTransport(Self.configuration(environment)) { transport in
            var request = HTTPRequest(method: "GET", url: server.url())
            request.usesProxy = false
            let direct = try await transport.exchange(request)
            #expect(direct == Answer(200, "direct"))
            request.usesProxy = true
            let proxied = try await transport.exchange(request)
            #expect(proxied.status == 502)
        }
        #expect(proxy.requests.count == 1)
    }

    @Test func noProxyIsHonoured() async throws {
        let proxy = try LoopbackServer { _ in LoopbackAnswer(502) }
        let server = try LoopbackServer { _ in LoopbackAnswer(200, "direct") }
        let environment = ["http_proxy": "http://127.0.0.1:\(proxy.port)", "NO_PROXY": "example.com, 127.0.0.0/8"]
        try await withTransport(Self.configuration(environment)) { transport in
            let answer = try await transport.get(server.url())
            #expect(answer == Answer(200, "direct"))
        }
        #expect(proxy.connectionCount == 0)
    }

    /// A tunnel's own request must not carry what is meant for the server, and its refusal means 'not sent'.
    @Test func aRefusedTunnelIsNotSent() async throws {
        let proxy = try LoopbackServer { _ in LoopbackAnswer(403, "no", headers: ["X-Proxy: 1"]) }
        let environment = ["HTTPS_PROXY": "http://127.0.0.1:\(proxy.port)"]
        try await withTransport(Self.configuration(environment)) { transport in
            let request = HTTPRequest(
                method: "GET", url: "https://sts.example.invalid/", headers: ["Authorization": "secret"])
            let error = await failure { _ = try await transport.exchange(request) }
            guard case .cannotConnect("sts.example.invalid", let reason) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(reason.contains("403"))
        }
        let request = try #require(proxy.requests.first)
        #expect(request.lines.first == "CONNECT sts.example.invalid:443 HTTP/1.1")
        #expect(request.values("authorization") == [])
    }

    @Test(arguments: [
        "http://user:hunter2@no-such-proxy.invalid:1", "gopher://user:hunter2@p", "http://user:hunter2@:x",
    ])
    func anUnusableProxyKeepsItsPassword(url: String) async throws {
        try await withTransport(Self.configuration(["http_proxy": url])) { transport in
            let error = await failure { _ = try await transport.get("http://s3.example.invalid/") }
            #expect(error?.mayHaveBeenSent == false)
            #expect(!"\(String(describing: error))".contains("hunter2"))
        }
        #expect(!"\(ProxySettings(environment: ["http_proxy": url]))".contains("hunter2"))
    }

    @Test(
        arguments: [
            ("*", "http://a.b/", false), ("b", "http://a.b/", false), (".b", "http://a.b/", false),
            (".a.b", "http://a.b/", false), ("A.B", "http://a.b/", false), ("xa.b", "http://a.b/", true),
            ("a.b", "http://xa.b/", true), ("a.b:80", "http://a.b/", false), ("a.b:81", "http://a.b/", true),
            ("x,a.b", "http://a.b/", false), ("x a.b", "http://a.b/", false), ("10.0.0.0/8", "http://10.9.8.7/", false),
            ("10.0.0.0/8", "http://11.9.8.7/", true), ("10.1.2.128/25", "http://10.1.2.127/", true),
            ("fd00::/8", "http://[fd12::1]/", false), ("::1", "http://[::1]:8080/", false),
            ("[::1]:8080", "http://[::1]:8080/", false), ("[::1]:8081", "http://[::1]:8080/", true),
            ("10.0.0.0/99", "http://10.9.8.7/", true), ("", "http://a.b/", true), (":80", "http://a.b/", true),
        ])
    func exceptions(noProxy: String, url: String, isProxied: Bool) throws {
        let settings = ProxySettings(environment: ["http_proxy": "http://p", "no_proxy": noProxy])
        #expect((settings.proxy(for: try URLTarget(url: url)) != nil) == isProxied)
    }

    @Test func lowerCaseAndTheSpecificNameWin() throws {
        let settings = ProxySettings(
            environment: ["http_proxy": "lower", "HTTP_PROXY": "upper", "ALL_PROXY": "all", "https_proxy": ""])
        #expect(settings.proxy(for: try URLTarget(url: "http://a/"))?.reveal() == "lower")
        #expect(settings.proxy(for: try URLTarget(url: "https://a/"))?.reveal() == "all")
        #expect(ProxySettings(environment: [:]).proxy(for: try URLTarget(url: "http://a/")) == nil)
    }
}
