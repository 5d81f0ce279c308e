"""An upstream for tests: answers every request by a function and remembers the bytes that reached it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass

from . import answers
from .http1 import Disconnected, Head, Stream, body


@dataclass
class Received:
    head: Head
    raw: bytes
    content: bytes


Answer = Callable[[Received], tuple[int, dict[str, str], bytes]]


def empty(_: Received) -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Type": "application/json"}, b"{}"


class DummyUpstream:
    """Listens on a loopback port until it is closed."""

    def __init__(self, answer: Answer = empty) -> None:
        self.answer = answer
        self.received: list[Received] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> DummyUpstream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            stream = Stream(connection)
            try:
                while (head := stream.head(is_request=True)) is not None:
                    pieces = list(body(stream, head))
                    content = b"".join(piece for _, piece in pieces)
                    received = Received(head, head.raw + b"".join(raw for raw, _ in pieces), content)
                    self.received.append(received)
                    status, headers, answer = self.answer(received)
                    stream.send(answers.encode(status, headers, answer, head.method, close=head.closes))
            except Disconnected:
                return
