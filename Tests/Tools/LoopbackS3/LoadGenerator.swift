import Glibc

/// Asks as much of a server as it can give: how many small requests a second it answers.
struct LoadGenerator {
    struct Failed: Error, CustomStringConvertible { let description: String }

    private let options: Options

    init(_ options: Options) { self.options = options }

    func run() throws {
        var sockets: [CInt] = []
        defer { for socket in sockets { close(socket) } }
        for _ in 0..<max(1, options.connections) { sockets.append(try connected()) }
        let body = [UInt8](repeating: 0x61, count: options.size)
        try exchange(sockets[0], Array("PUT /load HTTP/1.1\r\nHost: load\r\nContent-Length: 0\r\n\r\n".utf8))
        try measure("PUT", sockets) { number in
            Array("PUT /load/object-\(number) HTTP/1.1\r\nHost: load\r\nContent-Length: \(body.count)\r\n\r\n".utf8)
                + body
        }
        try measure("GET", sockets) { number in
            Array("GET /load/object-\(number) HTTP/1.1\r\nHost: load\r\n\r\n".utf8)
        }
    }

    /// Keeps one request under way on each connection.
    private func measure(_ what: String, _ sockets: [CInt], _ request: (Int) -> [UInt8]) throws {
        let start = Self.seconds
        for first in stride(from: 0, to: options.requests, by: sockets.count) {
            let batch = zip(sockets, first..<min(first + sockets.count, options.requests))
            for (socket, number) in batch { try write(socket, request(number)) }
            for (socket, _) in batch { try readAnswer(socket) }
        }
        let rate = Double(options.requests) / (Self.seconds - start)
        print("\(what) \(Int(rate))/s")
    }

    private func exchange(_ socket: CInt, _ request: [UInt8]) throws {
        try write(socket, request)
        try readAnswer(socket)
    }

    private func write(_ socket: CInt, _ bytes: [UInt8]) throws {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                send(socket, $0.baseAddress?.advanced(by: done), $0.count - done, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failed(description: "the server takes no more") }
            done += count
        }
    }

    private func readAnswer(_ socket: CInt) throws {
        try withUnsafeTemporaryAllocation(byteCount: 256 << 10, alignment: 16) { buffer in
            var have = 0
            while true {
                let count = recv(socket, buffer.baseAddress?.advanced(by: have), buffer.count - have, 0)
                guard count > 0 else { throw Failed(description: "the server closed the connection") }
                have += count
                let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<have])
                guard let head = RequestHead.length(in: bytes) else { continue }
                guard bytes[9] == 0x32 else { throw Failed(description: String(decoding: bytes, as: UTF8.self)) }
                if have >= head + contentLength(UnsafeRawBufferPointer(rebasing: bytes[..<head])) { return }
            }
        }
    }

    /// Of this project's server, which writes it last.
    private func contentLength(_ head: UnsafeRawBufferPointer) -> Int {
        var (index, unit, length) = (head.count - 5, 1, 0)
        while index >= 0, (0x30...0x39).contains(head[index]) {
            length += unit * Int(head[index] - 0x30)
            unit *= 10
            index -= 1
        }
        return length
    }

    private func connected() throws -> CInt {
        let socket = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = Loopback.address(options.port)
        guard Loopback.with(&address, { connect(socket, $0, $1) }) == 0 else {
            throw Failed(description: "nothing listens on 127.0.0.1:\(options.port)")
        }
        return socket
    }

    private static var seconds: Double {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
    }
}
