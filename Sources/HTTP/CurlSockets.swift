internal import CCurl
internal import Glibc

/// The sockets that libcurl waits for, and the wait for them and for commands. Used on the owner thread alone, but for the
/// descriptor that wakes it.
///
/// By poll(2): connections are few, and epoll(7) would take two calls for each exchange.
final class CurlSockets {
    /// The descriptor that ends a wait when something is written to it.
    let wakeUp: CInt
    /// First the one that wakes.
    private var entries: [pollfd]
    /// Where a socket stands in `entries`.
    private var places: [curl_socket_t: Int] = [:]
    /// What the last wait found.
    private var ready: [(socket: curl_socket_t, bits: CInt)] = []

    /// `nil` when there are no descriptors left.
    init?() {
        wakeUp = fg_wake_up_make()
        guard wakeUp >= 0 else { return nil }
        entries = [pollfd(fd: wakeUp, events: Int16(POLLIN), revents: 0)]
    }

    deinit { close(wakeUp) }

    /// - Parameter what: one of `CURL_POLL_…`.
    func watch(_ socket: curl_socket_t, _ what: CInt) {
        var events: Int16 = 0
        if what & CURL_POLL_IN != 0 { events |= Int16(POLLIN) }
        if what & CURL_POLL_OUT != 0 { events |= Int16(POLLOUT) }
        if what == CURL_POLL_REMOVE {
            guard let place = places.removeValue(forKey: socket), let last = entries.popLast() else { return }
            guard place < entries.count else { return }
            entries[place] = last
            places[last.fd] = place
        } else if let place = places[socket] {
            entries[place].events = events
        } else {
            places[socket] = entries.count
            entries.append(pollfd(fd: socket, events: events, revents: 0))
        }
    }

    /// Waits until a socket is ready or the thread is woken.
    /// - Returns: 0, or the error number.
    func wait(milliseconds: CInt) -> CInt {
        ready.removeAll(keepingCapacity: true)
        let count = nfds_t(entries.count)
        var left = poll(&entries, count, milliseconds)
        if left < 0 { return errno == EINTR ? 0 : errno }
        for (place, entry) in entries.enumerated() {
            if left == 0 { break }
            if entry.revents == 0 { continue }
            left -= 1
            if place == 0 { fg_wake_up_take(wakeUp) } else { ready.append((entry.fd, Self.bits(entry))) }
        }
        return 0
    }

    /// Gives the sockets that the last wait found ready; `act` may change what is watched.
    func forEachReady(_ act: (_ socket: curl_socket_t, _ bits: CInt) -> Void) {
        for (socket, bits) in ready where places[socket] != nil { act(socket, bits) }
        ready.removeAll(keepingCapacity: true)
    }

    /// As libcurl reads poll's words when it waits by itself: what ended or failed is told by the next read or write.
    private static func bits(_ entry: pollfd) -> CInt {
        let (wanted, found) = (CInt(entry.events), CInt(entry.revents))
        var bits: CInt = 0
        if wanted & POLLIN != 0, found & (POLLIN | POLLERR | POLLHUP) != 0 { bits |= CURL_CSELECT_IN }
        if wanted & POLLOUT != 0 {
            if found & POLLOUT != 0 { bits |= CURL_CSELECT_OUT }
            if found & (POLLERR | POLLHUP) != 0 { bits |= CURL_CSELECT_ERR }
        }
        if found & POLLNVAL != 0 { bits |= CURL_CSELECT_ERR }
        return bits
    }
}
