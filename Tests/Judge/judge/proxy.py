"""The recording reverse proxy."""

from __future__ import annotations

import datetime
import json
import select
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from . import answers, masking, models, verdict as verdicts
from .exchange import IDLE_TIMEOUT, Exchange
from .faults import Fault
from .http1 import Disconnected, Head, Malformed, Stream
from .observed import Injection, Request


class Judge:
    """Listens on a loopback port, passes every byte on to `upstream` and back, judges and records what passed.

        with Judge("http://127.0.0.1:4566", record=Path("requests.jsonl")) as judge:
            run(AWS_ENDPOINT_URL=judge.url)
            assert not judge.faults
    """

    def __init__(
        self, upstream: str, record: Path | None = None, keys: dict[str, tuple[str, str | None]] | None = None
    ) -> None:
        """`keys` maps access keys to (secret, session token); by default the dummy pair test/test."""
        parts = urlsplit(upstream)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f"upstream {upstream!r} is no http:// URL")
        self.upstream = (parts.hostname, parts.port or 80)
        self._record_path = record
        self.known: dict[str, tuple[str, str | None]] = dict(keys or {"test": ("test", None)})
        self._changed = threading.Condition()
        self._requests: list[Request] = []
        self._injections: list[Injection] = []
        self._open: set[socket.socket] = set()
        self._busy = 0
        self._closing = False
        self._listener: socket.socket | None = None
        self._file = None
        self.label: str | None = None

    # --- life -------------------------------------------------------------------------------------------------------

    def __enter__(self) -> Judge:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        if self._record_path is not None:
            self._record_path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._record_path.open("a", encoding="utf-8")
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._listener.setblocking(False)
        threading.Thread(target=self._accept, name="judge", daemon=True).start()

    def close(self, deadline: float = 60.0) -> None:
        """Stops listening, gives requests under way `deadline` seconds to be recorded, then cuts them off."""
        self.settle(deadline)
        with self._changed:
            self._closing = True
            leftover = list(self._open)
        if self._listener is not None:
            # shutdown() wakes the accept() of the other thread, close() alone would not.
            try:
                self._listener.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            self._listener.close()
        for connection in leftover:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.settle(deadline)
        with self._changed:
            if self._file is not None:
                self._file.close()
                self._file = None

    def settle(self, deadline: float = 60.0) -> bool:
        """Waits until no request is under way, be it one that nobody has begun to read; false when that takes longer than
        `deadline` seconds."""
        end = time.monotonic() + deadline
        while True:
            with self._changed:
                if not self._changed.wait_for(lambda: self._busy == 0, max(0.0, end - time.monotonic())):
                    return False
                if not self._is_waited_for():
                    return True
            if time.monotonic() >= end:
                return False
            time.sleep(0.005)

    def _is_waited_for(self) -> bool:
        """Whether a client has connected, sent something or gone away, and no thread has come to it yet."""
        poll = select.poll()
        sockets = [] if self._closing or self._listener is None else [self._listener, *self._open]
        for one in sockets:
            if one.fileno() >= 0:
                poll.register(one, select.POLLIN)
        return bool(poll.poll(0))

    @property
    def url(self) -> str:
        assert self._listener is not None, "the judge was not started"
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    # --- control and observation --------------------------------------------------------------------------------------

    def know(self, access_key: str, secret: str, token: str | None = None) -> None:
        """Tells the judge of further credentials, so that it can verify what is signed with them."""
        with self._changed:
            self.known[access_key] = (secret, token)

    def inject(
        self, service: str = "*", operation: str = "*", times: int = 1, status: int = 500, *,
        code: str = "InternalFailure", message: str = "injected", body: bytes | str | None = None,
        headers: dict[str, str] | None = None, reset: bool = False, after: bool = False,
        hold: threading.Event | None = None, where: Callable[[Head, bytes], bool] | None = None,
    ) -> Injection:
        """Answers the next `times` requests that fit with `status` and an error of the protocol's form (`code`,
        `message`), or with `body`; or with a connection reset.

        - `after`: AWS carries the request out first, only its answer is lost (replaced, or reset).
        - `hold`: the answer waits for the event (at most ten minutes).
        - `where`: an own condition on the head and the body's first MiB.
        """
        raw = body.encode() if isinstance(body, str) else body
        injection = Injection(
            service, operation, times, status, headers or {}, raw, code, message, reset, after, hold, where)
        with self._changed:
            self._injections.append(injection)
        return injection

    def clear_injections(self) -> None:
        """Forgets all injections, and lets go of the requests that they hold."""
        with self._changed:
            for injection in self._injections:
                if injection.hold is not None:
                    injection.hold.set()
            self._injections.clear()

    def mark(self) -> int:
        """A point in the record, for `requests(since:)`."""
        with self._changed:
            return len(self._requests)

    def requests(
        self, service: str | None = None, operation: str | None = None, since: int = 0, mutating: bool | None = None,
        label: str | None = None,
    ) -> list[Request]:
        with self._changed:
            found = self._requests[since:]
        return [
            r for r in found
            if service in (None, r.service) and operation in (None, r.operation) and label in (None, r.label)
            and mutating in (None, r.mutates)]

    def wait_for(
        self, service: str, operation: str, count: int = 1, since: int = 0, deadline: float = 60.0
    ) -> list[Request]:
        """Waits until `count` such requests came, whole, to the judge.

        - Raises: `TimeoutError` after `deadline` seconds.
        """
        with self._changed:
            enough = self._changed.wait_for(
                lambda: len(self.requests(service, operation, since)) >= count, deadline)
            found = self.requests(service, operation, since)
        if not enough:
            raise TimeoutError(f"{len(found)} of {count} {service} {operation} within {deadline} s")
        return found

    @property
    def faults(self) -> list[tuple[Request, Fault]]:
        return [(request, fault) for request in self.requests() for fault in request.faults]

    # --- serving ------------------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        listener = self._listener
        assert listener is not None
        waiting = select.poll()
        waiting.register(listener, select.POLLIN)
        while True:
            waiting.poll()
            # Taken and noted in one: `settle` finds each connection with the listener or among the open ones.
            with self._changed:
                if self._closing:
                    return
                try:
                    connection, _ = listener.accept()
                except BlockingIOError:
                    continue  # it went away before it was taken
                except OSError:
                    return
                self._open.add(connection)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.settimeout(IDLE_TIMEOUT)
            threading.Thread(target=self._serve, args=(connection,), name="judge", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        client = Stream(connection)
        try:
            while client.waits():
                with self._changed:
                    self._busy += 1
                try:
                    head = client.head(is_request=True)
                    if head is None or not Exchange(self, client, head).run():
                        return
                except Malformed as error:
                    self._malformed(client, error)
                    return
                finally:
                    with self._changed:
                        self._busy -= 1
                        self._changed.notify_all()
        except Disconnected:
            pass  # the client is gone; what it sent is recorded already
        finally:
            with self._changed:
                self._open.discard(connection)
            connection.close()

    def _malformed(self, client: Stream, error: Malformed) -> None:
        request = self.new_request(Head(b"", ("?", "?", "?"), []), verdicts.Verdict())
        request.faults.append(Fault("bad-framing", str(error)))
        request.status = 400
        self.append(request)
        self.write(request, None)
        client.send(answers.encode(400, {}, f"{error}\n".encode(), "GET", close=True))

    def new_request(self, head: Head, verdict: verdicts.Verdict) -> Request:
        return Request(
            number=0, time=datetime.datetime.now(datetime.UTC), service=verdict.service, operation=verdict.operation,
            method=head.method, path=head.path, query=head.query, headers=head.headers, params={}, faults=[],
            access_key=verdict.access_key, label=self.label)

    def append(self, request: Request) -> None:
        with self._changed:
            request.number = len(self._requests)
            self._requests.append(request)
            self._changed.notify_all()

    def take_injection(self, service: str, operation: str, head: Head, body: bytes) -> Injection | None:
        with self._changed:
            for injection in self._injections:
                if injection.fits(service, operation, head, body):
                    injection.seen += 1
                    return injection
        return None

    def write(self, request: Request, verdict: verdicts.Verdict | None) -> None:
        """One JSON line. The target's query may hold a presigned signature, so only API members are written."""
        shape = verdict.model.input_shape if verdict and verdict.model else None
        with models.lock:
            params = masking.mask(request.params, shape)
        line = {
            "time": request.time.isoformat(timespec="milliseconds"), "service": request.service,
            "operation": request.operation, "method": request.method, "path": request.path, "status": request.status,
            "ms": round(request.milliseconds, 1), "faults": [fault.json() for fault in request.faults],
            "request": params,
        }
        for name in ("label", "injected", "aborted"):
            if getattr(request, name):
                line[name] = getattr(request, name)
        text = json.dumps(line, ensure_ascii=False, default=str)
        with self._changed:
            if self._file is not None:
                self._file.write(text + "\n")
                self._file.flush()
