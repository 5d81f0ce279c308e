"""Error answers in the form of each wire protocol, for faults that a test injects."""

from __future__ import annotations

import json
from http.client import responses
from xml.sax.saxutils import escape

REQUEST_ID = "judge-0000-injected"


def error(protocol: str, status: int, code: str, message: str) -> tuple[dict[str, str], bytes]:
    """Headers and body of an error as the protocol carries it."""
    kind = "Sender" if status < 500 else "Receiver"
    c, m = escape(code), escape(message)
    if protocol == "query":
        text = (f"<ErrorResponse><Error><Type>{kind}</Type><Code>{c}</Code><Message>{m}</Message></Error>"
                f"<RequestId>{REQUEST_ID}</RequestId></ErrorResponse>")
    elif protocol == "ec2":
        text = (f"<Response><Errors><Error><Code>{c}</Code><Message>{m}</Message></Error></Errors>"
                f"<RequestID>{REQUEST_ID}</RequestID></Response>")
    elif protocol == "rest-xml":
        text = f"<Error><Code>{c}</Code><Message>{m}</Message><RequestId>{REQUEST_ID}</RequestId></Error>"
    elif protocol == "rest-json":
        headers = {"Content-Type": "application/json", "x-amzn-ErrorType": code, "x-amzn-RequestId": REQUEST_ID}
        return headers, json.dumps({"message": message}).encode()
    else:
        headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": REQUEST_ID}
        return headers, json.dumps({"__type": code, "message": message}).encode()
    return {"Content-Type": "text/xml", "x-amz-request-id": REQUEST_ID}, text.encode()


def encode(status: int, headers: dict[str, str], body: bytes, method: str, close: bool) -> bytes:
    lines = [f"HTTP/1.1 {status} {responses.get(status, 'Status')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"Content-Length: {len(body)}")
    if close:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + (b"" if method == "HEAD" else body)
