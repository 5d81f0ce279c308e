import HTTP
import TestSupport
import Testing

/// What goes over the wire, byte for byte, and what comes back.
struct ExchangeTests {
    @Test func sendsExactlyTheRequestsOwnHeadersInOrder() async throws {
        let server = try LoopbackServer { _ in LoopbackAnswer(200, "ok") }
        var headers = HTTPHeaders()
        headers.add("x-amz-date", "20260101T000000Z")
        headers.add("X-Dup", "one")
        headers.add("Authorization", "AWS4-HMAC-SHA256 Credential=x")
        headers.add("x-dup", "two")
        headers.add("x-empty", "")
        headers.add("User-Agent", "fgctl/1")
        try await withTransport { transport in
            let request = HTTPRequest(method: "GET", url: server.url(), headers: headers)
            let answer = try await transport.exchange(request)
            #expect(answer == Answer(200, "ok"))
        }
        #expect(
            server.requests.map(\.lines) == [
                [
                    "GET / HTTP/1.1", "Host: 127.0.0.1:\(server.port)", "x-amz-date: 20260101T000000Z", "X-Dup: one",
                    "Authorization: AWS4-HMAC-SHA256 Credential=x", "x-dup: two", "x-empty:", "User-Agent: fgctl/1",
                ]
            ])
    }

    @Test(
        arguments: [
            ("GET", HTTPBody.none, nil), ("HEAD", .none, nil), ("DELETE", .none, nil), ("DELETE", .bytes([1, 2]), "2"),
            ("POST", .none, "0"), ("POST", .bytes([]), "0"), ("PUT", .none, "0"), ("PATCH", .none, "0"),
            ("PUT", .bytes([7, 8, 9]), "3"), ("POST", .bytes([UInt8](repeating: 5, count: 200_000)), "200000"),
            ("GET", .bytes([1]), "1"),
        ] as [(String, HTTPBody, String?)])
    func framesBodiesByTheirLength(method: String, body: HTTPBody, length: String?) async throws {
        let server = try LoopbackServer { connection in
            guard let request = try connection.readRequest() else { return }
            try connection.write(
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + (request.method == "HEAD" ? "" : "abc"))
        }
        try await withTransport { transport in
            let answer = try await transport.exchange(HTTPRequest(method: method, url: server.url(), body: body))
            #expect(answer == Answer(200, method == "HEAD" ? "" : "abc"))
        }
        let request = try #require(server.requests.first)
        #expect(request.method == method)
        #expect(request.values("content-length") == [length].compactMap { $0 })
        #expect(request.lines.count == (length == nil ? 2 : 3), "\(request.lines)")
        if case .bytes(let bytes) = body { #expect(request.body == bytes) }
    }

    @Test(arguments: ["/a/../b//./c", "/a%2F..%2fb/%7E~", "/?acl", "/p?x=%20&y", "/bucket/..", "/*'()"])
    func sendsThePathAsItStands(path: String) async throws {
        let server = try LoopbackServer { _ in LoopbackAnswer() }
        try await withTransport { transport in _ = try await transport.get(server.url(path)) }
        #expect(server.requests.map(\.target) == [path])
    }

    @Test func sendsAGivenHostAndContentLengthOnce() async throws {
        let server = try LoopbackServer { _ in LoopbackAnswer() }
        let headers: HTTPHeaders = [
            "host": "127.0.0.1:\(server.port)", "content-length": "4", "content-type": "text/x",
        ]
        try await withTransport { transport in
            let request = HTTPRequest(
                method: "PUT", url: server.url(), headers: headers, body: .bytes(Array("body".utf8)))
            _ = try await transport.exchange(request)
        }
        let request = try #require(server.requests.first)
        #expect(request.values("host") == ["127.0.0.1:\(server.port)"])
        #expect(request.values("content-length") == ["4"])
        #expect(request.values("content-type") == ["text/x"])
        #expect(request.bodyText == "body")
    }

    @Test func givesStatusHeadersAndChunkedBody() async throws {
        let server = try LoopbackServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 100 Continue\r\nX-Interim: 1\r\n\r\nHTTP/1.1 403 Forb")
            try connection.write("idden\r\nx-amzn-RequestId:  7f \r\nSet-Cookie: a\r\nset-cookie: b\r\n")
            try connection.write("Transfer-Encoding: chunked\r\n\r\n4;ext=1\r\nabcd\r\n")
            try connection.write("2\r\nef\r\n0\r\nX-Trailer: t\r\n\r\n")
        }
        try await withTransport { transport in
            let response = try await transport.send(HTTPRequest(method: "GET", url: server.url()))
            #expect(response.status == 403)
            #expect(response.headers["X-AMZN-REQUESTID"] == "7f")
            #expect(response.headers.fields.filter { $0.name.lowercased() == "set-cookie" }.map(\.value) == ["a", "b"])
            #expect(response.headers["x-interim"] == nil)
            #expect(try await response.body.collect() == Array("abcdef".utf8))
        }
    }

    @Test(arguments: [301, 302, 307, 308])
    func doesNotFollowRedirects(status: Int) async throws {
        let server = try LoopbackServer { request in
            LoopbackAnswer(request.target == "/" ? status : 200, "body", headers: ["Location: /elsewhere"])
        }
        try await withTransport { transport in
            let response = try await transport.send(HTTPRequest(method: "GET", url: server.url()))
            #expect(response.status == status)
            #expect(response.headers["location"] == "/elsewhere")
            _ = try await response.body.collect()
        }
        #expect(server.requests.count == 1)
    }

    @Test func doesNotDecompress() async throws {
        let server = try LoopbackServer { _ in LoopbackAnswer(200, "not gzip", headers: ["Content-Encoding: gzip"]) }
        try await withTransport { transport in
            let answer = try await transport.get(server.url())
            #expect(answer == Answer(200, "not gzip"))
        }
        #expect(server.requests.first?.values("accept-encoding") == [])
    }

    @Test func limitsACollectedBody() async throws {
        let server = try LoopbackServer { _ in LoopbackAnswer(200, String(repeating: "x", count: 100)) }
        try await withTransport { transport in
            let response = try await transport.send(HTTPRequest(method: "GET", url: server.url()))
            await #expect(throws: HTTPError.bodyTooLarge(limit: 99)) { try await response.body.collect(upTo: 99) }
        }
    }

    @Test(
        arguments: [
            ("GET", "ftp://127.0.0.1/", [:]), ("GET", "127.0.0.1", [:]), ("GET", "http://", [:]),
            ("GET", "http://u:p@127.0.0.1/", [:]), ("GET", "http://127.0.0.1/#f", [:]),
            ("GET", "http://127.0.0.1/a b", [:]), ("GET", "http://127.0.0.1:0/", [:]), ("", "http://127.0.0.1/", [:]),
            ("G T", "http://127.0.0.1/", [:]), ("GET", "http://127.0.0.1/", ["x": "a\r\nb: c"]),
            ("GET", "http://127.0.0.1/", ["x y": "1"]), ("GET", "http://127.0.0.1/", ["Host": "other"]),
            ("GET", "http://127.0.0.1/", ["Content-Length": "1"]),
            ("POST", "http://127.0.0.1/", ["Transfer-Encoding": "chunked"]),
        ] as [(String, String, HTTPHeaders)])
    func refusesWhatCannotBeSent(method: String, url: String, headers: HTTPHeaders) async throws {
        try await withTransport { transport in
            let error = await failure {
                _ = try await transport.send(HTTPRequest(method: method, url: url, headers: headers))
            }
            guard case .invalidRequest = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }
}
