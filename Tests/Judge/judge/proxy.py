"""The recording reverse proxy."""

from __future__ import annotations

import datetime
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from . import answers, masking, models, verdict as verdicts
from .checksums import BodyObserver
from .faults import Fault
from .http1 import Disconnected, Head, Malformed, Stream, body as body_pieces

# Of a request's body, for reading its members; of a response's, for learning the credentials it hands out.
KEEP = 4 * 1024 * 1024
CONNECT_TIMEOUT = 10.0
IDLE_TIMEOUT = 600.0


@dataclass
class Request:
    """One request as the judge saw it. `status` is nil until the answer came, 0 when the connection was reset."""

    number: int
    time: datetime.datetime
    service: str
    operation: str
    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    params: dict[str, Any]
    faults: list[Fault]
    access_key: str | None = None
    label: str | None = None
    status: int | None = None
    injected: bool = False
    aborted: bool = False
    milliseconds: float = 0.0

    @property
    def mutates(self) -> bool:
        """Whether the operation changes anything on AWS, by its name (by its method in a registry)."""
        if self.service in ("registry", "local", "metadata"):
            return self.method not in ("GET", "HEAD")
        return models.mutates(self.operation)

    def header(self, name: str) -> str | None:
        return next((v for n, v in self.headers if n.lower() == name.lower()), None)


@dataclass
class Injection:
    """An answer that some requests get instead of AWS's. `seen` counts those that got it."""

    service: str
    operation: str
    times: int
    status: int
    headers: dict[str, str]
    body: bytes | None
    code: str
    message: str
    reset: bool
    after: bool
    hold: threading.Event | None
    where: Callable[[Head, bytes], bool] | None
    seen: int = 0

    def fits(self, service: str, operation: str, head: Head, body: bytes) -> bool:
        return (
            self.seen < self.times and self.service in (service, "*") and self.operation in (operation, "*")
            and (self.where is None or self.where(head, body)))


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
        self._upstream = (parts.hostname, parts.port or 80)
        self._record_path = record
        self._known: dict[str, tuple[str, str | None]] = dict(keys or {"test": ("test", None)})
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
        threading.Thread(target=self._accept, name="judge", daemon=True).start()

    def close(self, deadline: float = 10.0) -> None:
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

    def settle(self, deadline: float = 10.0) -> bool:
        """Waits until no request is under way; false when that takes longer than `deadline` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._busy == 0, deadline)

    @property
    def url(self) -> str:
        assert self._listener is not None, "the judge was not started"
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    # --- control and observation --------------------------------------------------------------------------------------

    def know(self, access_key: str, secret: str, token: str | None = None) -> None:
        """Tells the judge of further credentials, so that it can verify what is signed with them."""
        with self._changed:
            self._known[access_key] = (secret, token)

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
        with self._changed:
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
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.settimeout(IDLE_TIMEOUT)
            with self._changed:
                if self._closing:
                    connection.close()
                    return
                self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), name="judge", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        client = Stream(connection)
        try:
            while True:
                try:
                    head = client.head(is_request=True)
                except Malformed as error:
                    self._malformed(client, error)
                    return
                if head is None:
                    return
                with self._changed:
                    self._busy += 1
                try:
                    if not _Exchange(self, client, head).run():
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
        request = self._new_request(Head(b"", ("?", "?", "?"), []), verdicts.Verdict())
        request.faults.append(Fault("bad-framing", str(error)))
        request.status = 400
        self._append(request)
        self._write(request, None)
        client.send(answers.encode(400, {}, f"{error}\n".encode(), "GET", close=True))

    def _new_request(self, head: Head, verdict: verdicts.Verdict) -> Request:
        return Request(
            number=0, time=datetime.datetime.now(datetime.UTC), service=verdict.service, operation=verdict.operation,
            method=head.method, path=head.path, query=head.query, headers=head.headers, params={}, faults=[],
            access_key=verdict.access_key, label=self.label)

    def _append(self, request: Request) -> None:
        with self._changed:
            request.number = len(self._requests)
            self._requests.append(request)
            self._changed.notify_all()

    def _take_injection(self, service: str, operation: str, head: Head, body: bytes) -> Injection | None:
        with self._changed:
            for injection in self._injections:
                if injection.fits(service, operation, head, body):
                    injection.seen += 1
                    return injection
        return None

    def _write(self, request: Request, verdict: verdicts.Verdict | None) -> None:
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


@dataclass
class _Exchange:
    """One request and its answer."""

    judge: Judge
    client: Stream
    head: Head
    request: Request = field(init=False)

    def run(self) -> bool:
        """True when the client's connection can carry another request."""
        began = time.monotonic()
        head, judge = self.head, self.judge
        observed = BodyObserver(head)
        if (head.get("expect") or "").lower() == "100-continue":
            self.client.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        pieces = body_pieces(self.client, head)
        raw, kept = bytearray(), bytearray()
        verdict = verdicts.Verdict()
        self.request = judge._new_request(head, verdict)
        whole = False
        try:
            for raw_piece, content in pieces:
                raw += raw_piece
                kept += content
                observed.update(content)
                if len(raw) >= KEEP:
                    break
            else:
                whole = True
            verdict, claim = verdicts.identify(head, bytes(kept))
            request = self.request = judge._new_request(head, verdict)
            injection = judge._take_injection(verdict.service, verdict.operation, head, bytes(kept))
            upstream: Stream | None = None
            try:
                if injection is None or injection.after:
                    upstream = self._forward(bytes(raw))
                raw.clear()
                for raw_piece, content in pieces:  # what is beyond KEEP
                    observed.update(content)
                    upstream = self._pass_on(upstream, raw_piece)
                verdicts.judge(verdict, claim, head, bytes(kept) if whole else None, observed, judge._known)
                request.params, request.faults = verdict.params, list(verdict.faults)
                judge._append(request)
                return self._answer(upstream, injection, verdict)
            finally:
                if upstream is not None:
                    upstream.socket.close()
        except (Disconnected, Malformed) as error:
            self._aborted(error)
            return False
        finally:
            self.request.milliseconds = (time.monotonic() - began) * 1000
            judge._write(self.request, verdict)

    def _aborted(self, error: Exception) -> None:
        """The client went away (Ctrl-C in a test) or sent a broken body."""
        request = self.request
        request.aborted = True
        if isinstance(error, Malformed):
            request.faults.append(Fault("bad-framing", str(error)))
        if request not in self.judge.requests(since=request.number):
            self.judge._append(request)

    def _forward(self, raw: bytes) -> Stream | None:
        """Nil when the upstream can't be reached: the answer is a 502 then."""
        try:
            connection = socket.create_connection(self.judge._upstream, CONNECT_TIMEOUT)
        except OSError:
            return None
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(IDLE_TIMEOUT)
        return self._pass_on(Stream(connection), self.head.raw + raw)

    def _pass_on(self, upstream: Stream | None, raw: bytes) -> Stream | None:
        if upstream is not None and raw:
            try:
                upstream.send(raw)
            except Disconnected:
                pass  # it may have answered early; the answer is read below
        return upstream

    def _answer(self, upstream: Stream | None, injection: Injection | None, verdict: verdicts.Verdict) -> bool:
        request = self.request
        if injection is not None:
            request.injected = True
            if upstream is not None:
                for _ in self._response(upstream, verdict):
                    pass
            if injection.hold is not None:
                injection.hold.wait(IDLE_TIMEOUT)
            if injection.reset:
                request.status = 0
                self._reset()
                return False
            return self._inject(injection, verdict)
        if upstream is None:
            return self._bad_gateway("cannot connect")
        began = False
        try:
            for piece in self._response(upstream, verdict):
                began = True
                self.client.send(piece)
        except (Disconnected, Malformed) as error:
            if not began:
                return self._bad_gateway(str(error))
            raise Disconnected(str(error)) from error
        return not self._closes

    _closes = False

    def _response(self, upstream: Stream, verdict: verdicts.Verdict) -> Iterator[bytes]:
        """The answer's bytes, unchanged; sets the request's status on the way."""
        while True:
            response = upstream.head(is_request=False)
            if response is None:
                raise Disconnected("the upstream closed without an answer")
            if response.status >= 200 or response.status == 101:
                break  # 100 Continue was answered here already
        self.request.status = response.status
        self._closes = response.closes or self.head.closes
        if not response.chunked and response.length is None:
            self._closes = True
        learns = verdict.service in ("sts", "metadata")
        kept = bytearray()
        yield response.raw
        if self.head.method == "HEAD" or response.status in (204, 304):
            self._closes = response.closes or self.head.closes
            return
        for raw, content in body_pieces(upstream, response, until_close=True):
            if learns and len(kept) < KEEP:
                kept += content
                self._learn(bytes(kept))
            yield raw

    def _learn(self, body: bytes) -> None:
        """Credentials that STS or a container endpoint hands out are good for signing from now on."""
        text = body.decode("utf-8", "replace")
        found = {}
        for name, keys in (("key", "AccessKeyId"), ("secret", "SecretAccessKey"), ("token", "SessionToken|Token")):
            if match := re.search(rf'(?:<(?:{keys})>([^<]+)<)|(?:"(?:{keys})"\s*:\s*"([^"]+)")', text):
                found[name] = match[1] or match[2]
        if len(found) == 3:
            self.judge.know(found["key"], found["secret"], found["token"])

    def _inject(self, injection: Injection, verdict: verdicts.Verdict) -> bool:
        headers, body = answers.error(verdict.protocol, injection.status, injection.code, injection.message)
        if injection.body is not None:
            headers, body = {}, injection.body
        self.request.status = injection.status
        self.client.send(
            answers.encode(injection.status, headers | injection.headers, body, self.head.method, self.head.closes))
        return not self.head.closes

    def _bad_gateway(self, why: str) -> bool:
        self.request.status = 502
        host, port = self.judge._upstream
        text = f"judge: {host}:{port}: {why}\n".encode()
        self.client.send(answers.encode(502, {"Content-Type": "text/plain"}, text, self.head.method, close=True))
        return False

    def _reset(self) -> None:
        # A linger time of 0 makes close() send RST instead of FIN.
        self.client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
