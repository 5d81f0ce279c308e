"""HTTP/1.1 framing that keeps every byte.

The standard library's server normalises paths and headers before anybody sees them, which would hide just the faults
the judge looks for. So heads are kept raw beside what was parsed from them, and bodies are handed on in the framing in
which they came.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field

HEAD_LIMIT = 256 * 1024
CHUNK = 64 * 1024


class Disconnected(Exception):
    """The peer closed (or reset) the connection in the middle of a message."""


class Malformed(Exception):
    """The bytes are not an HTTP/1.1 message."""


def text(raw: bytes) -> str:
    """UTF-8 where it is UTF-8 (S3 metadata), else one character a byte, so that nothing is lost."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


@dataclass
class Head:
    """The start line and headers of a message."""

    raw: bytes
    start: tuple[str, str, str]
    headers: list[tuple[str, str]]
    problems: list[str] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def get(self, name: str, default: str | None = None) -> str | None:
        values = self.all(name)
        return values[0] if values else default

    @property
    def names(self) -> list[str]:
        return [key.lower() for key, _ in self.headers]

    # A request's start line.
    @property
    def method(self) -> str:
        return self.start[0]

    @property
    def target(self) -> str:
        return self.start[1]

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    # A response's start line.
    @property
    def status(self) -> int:
        return int(self.start[1])

    @property
    def chunked(self) -> bool:
        return any("chunked" in value.lower() for value in self.all("transfer-encoding"))

    @property
    def length(self) -> int | None:
        """The declared length in bytes. Raises `Malformed` when it is no number."""
        value = self.get("content-length")
        if value is None:
            return None
        if not value.isascii() or not value.isdigit():
            raise Malformed(f"content-length is {value!r}")
        return int(value)

    @property
    def closes(self) -> bool:
        connection = ",".join(self.all("connection")).lower()
        version = self.start[2] if self.start[2].startswith("HTTP/") else self.start[0]
        return "close" in connection or (version == "HTTP/1.0" and "keep-alive" not in connection)


class Stream:
    """A socket with a read buffer."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self._buffer = bytearray()

    def _fill(self) -> bool:
        try:
            more = self.socket.recv(CHUNK)
        except (ConnectionError, TimeoutError) as error:
            raise Disconnected(str(error)) from error
        except OSError as error:  # closed by `Judge.close` under us
            raise Disconnected(str(error)) from error
        self._buffer += more
        return bool(more)

    def waits(self) -> bool:
        """Waits until there is something to read, and leaves it where it is; false at the end of the stream."""
        try:
            return bool(self._buffer or self.socket.recv(1, socket.MSG_PEEK))
        except OSError as error:
            raise Disconnected(str(error)) from error

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def send(self, data: bytes) -> None:
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise Disconnected(str(error)) from error

    def some(self, limit: int = CHUNK) -> bytes:
        """At most `limit` bytes, at least one; empty at the end of the stream."""
        if not self._buffer and not self._fill():
            return b""
        return self._take(limit)

    def line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > HEAD_LIMIT:
                raise Malformed("a line has no end")
            if not self._fill():
                raise Disconnected("end of stream within a line")
        return self._take(end + 2)

    def head(self, is_request: bool) -> Head | None:
        """The next head, or nil when the peer closed between two messages."""
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > HEAD_LIMIT:
                raise Malformed("the head is too long")
            if not self._fill():
                if self._buffer:
                    raise Disconnected("end of stream within a head")
                return None
        return parse_head(self._take(end + 4), is_request)


def parse_head(raw: bytes, is_request: bool) -> Head:
    lines = raw[:-4].split(b"\r\n")
    parts = text(lines[0]).split(" ", 2)
    if len(parts) < (3 if is_request else 2):
        raise Malformed(f"start line {lines[0]!r}")
    head = Head(raw, (parts[0], parts[1], parts[2] if len(parts) > 2 else ""), [])
    if is_request and head.start[2] not in ("HTTP/1.1", "HTTP/1.0"):
        raise Malformed(f"start line {lines[0]!r}")
    for line in lines[1:]:
        if line[:1] in (b" ", b"\t"):
            head.problems.append("a header is folded over two lines")
            continue
        name, colon, value = line.partition(b":")
        if not colon or not name or name != name.strip():
            raise Malformed(f"header {line[:80]!r}")
        if b"\r" in line or b"\n" in line or b"\0" in line:
            head.problems.append(f"header {text(name)} holds a control character")
        head.headers.append((text(name), text(value.strip(b" \t"))))
    if is_request:
        if len(head.all("host")) != 1:
            head.problems.append(f"{len(head.all('host'))} host headers")
        if len(head.all("content-length")) > 1:
            head.problems.append("several content-length headers")
        if head.chunked and head.length is not None:
            head.problems.append("both content-length and transfer-encoding")
        if not head.target.isascii() or any(ord(c) <= 32 for c in head.target):
            head.problems.append("the target holds bytes that must be percent-encoded")
    return head


def body(stream: Stream, head: Head, until_close: bool = False) -> Iterator[tuple[bytes, bytes]]:
    """Pairs of (bytes as they came, content within them).

    - Raises: `Disconnected` when the stream ends before the body does, `Malformed` on a bad chunk.
    """
    if head.chunked:
        while True:
            size_line = stream.line()
            try:
                size = int(size_line.split(b";")[0].strip(), 16)
            except ValueError as error:
                raise Malformed(f"chunk size {size_line[:40]!r}") from error
            yield size_line, b""
            while size:
                piece = stream.some(min(size, CHUNK))
                if not piece:
                    raise Disconnected("end of stream within a chunk")
                size -= len(piece)
                yield piece, piece
            if size_line.split(b";")[0].strip().strip(b"0"):
                yield stream.line(), b""
                continue
            while True:
                trailer = stream.line()
                yield trailer, b""
                if trailer == b"\r\n":
                    return
    left = head.length
    if left is None:
        while until_close and (piece := stream.some()):
            yield piece, piece
        return
    while left:
        piece = stream.some(min(left, CHUNK))
        if not piece:
            raise Disconnected(f"end of stream, {left} bytes of the body missing")
        left -= len(piece)
        yield piece, piece
