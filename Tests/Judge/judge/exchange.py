"""One request on its way through the proxy, and its answer on the way back."""

from __future__ import annotations

import re
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import answers, verdict as verdicts
from .checksums import BodyObserver
from .faults import Fault
from .http1 import Disconnected, Head, Malformed, Stream, body as body_pieces
from .observed import Injection, Request

if TYPE_CHECKING:
    from .proxy import Judge

# Of a request's body, for reading its members; of a response's, for learning the credentials it hands out.
KEEP = 4 * 1024 * 1024
CONNECT_TIMEOUT = 60.0
IDLE_TIMEOUT = 600.0


@dataclass
class Exchange:
    """One request and its answer."""

    judge: Judge
    client: Stream
    head: Head
    request: Request = field(init=False)
    appended: bool = field(default=False, init=False)

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
        self.request = judge.new_request(head, verdict)
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
            request = self.request = judge.new_request(head, verdict)
            injection = judge.take_injection(verdict.service, verdict.operation, head, bytes(kept))
            upstream: Stream | None = None
            try:
                if injection is None or injection.after:
                    upstream = self._forward(bytes(raw))
                raw.clear()
                for raw_piece, content in pieces:  # what is beyond KEEP
                    observed.update(content)
                    upstream = self._pass_on(upstream, raw_piece)
                verdicts.judge(verdict, claim, head, bytes(kept) if whole else None, observed, judge.known)
                request.params, request.faults = verdict.params, list(verdict.faults)
                judge.append(request)
                self.appended = True
                return self._answer(upstream, injection, verdict)
            finally:
                if upstream is not None:
                    upstream.socket.close()
        except (Disconnected, Malformed) as error:
            self._aborted(error)
            return False
        finally:
            self.request.milliseconds = (time.monotonic() - began) * 1000
            judge.write(self.request, verdict)

    def _aborted(self, error: Exception) -> None:
        """The client went away (Ctrl-C in a test) or sent a broken body."""
        request = self.request
        request.aborted = True
        if isinstance(error, Malformed):
            request.faults.append(Fault("bad-framing", str(error)))
        if not self.appended:
            self.judge.append(request)

    def _forward(self, raw: bytes) -> Stream | None:
        """Nil when the upstream can't be reached: the answer is a 502 then."""
        try:
            connection = socket.create_connection(self.judge.upstream, CONNECT_TIMEOUT)
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
        host, port = self.judge.upstream
        text = f"judge: {host}:{port}: {why}\n".encode()
        self.client.send(answers.encode(502, {"Content-Type": "text/plain"}, text, self.head.method, close=True))
        return False

    def _reset(self) -> None:
        # A linger time of 0 makes close() send RST instead of FIN.
        self.client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
