"""Hand-made requests: signed by botocore, then spoilt on purpose, then sent byte for byte."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from judge.http1 import Head, Stream, body

JSON = "application/x-amz-json-1.1"
FORM = "application/x-www-form-urlencoded; charset=utf-8"
ECS = "AmazonEC2ContainerServiceV20141113"
# Seconds, against hanging alone: the first request waits for the judge to load all models.
PATIENCE = 180


def signed(
    url, method, target, headers, content, service, *, key="test", secret="test", token=None, region="us-east-1"
):
    """The headers of a correctly signed request, the Authorization among them."""
    host = urlsplit(url).netloc
    request = AWSRequest(method=method, url=url + target, data=content, headers={"Host": host} | headers)
    kind = S3SigV4Auth if service == "s3" else SigV4Auth
    kind(Credentials(key, secret, token), service, region).add_auth(request)
    return dict(request.headers.items())


def encode(method, target, headers, content):
    lines = [f"{method} {target} HTTP/1.1"] + [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + content


def send(url, raw):
    """Sends the bytes as they are: the answer's head and body."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), PATIENCE) as connection:
        stream = Stream(connection)
        stream.send(raw)
        head = stream.head(is_request=False)
        assert isinstance(head, Head)
        if raw.startswith(b"HEAD "):
            return head, b""
        return head, b"".join(piece for _, piece in body(stream, head, until_close=True))


def call(judge, method="POST", target="/", headers=None, content=b"", service="ecs", spoil=None, **signing):
    """Signs, lets `spoil` change the headers, sends; returns the codes of the faults the judge found."""
    content = content.encode() if isinstance(content, str) else content
    all_headers = signed(judge.url, method, target, headers or {}, content, service, **signing)
    all_headers.setdefault("Content-Length", str(len(content)))
    if spoil:
        all_headers = spoil(all_headers) or all_headers
    mark = judge.mark()
    send(judge.url, encode(method, target, all_headers, content))
    [request] = judge.requests(since=mark)
    return [fault.code for fault in request.faults]


def ecs(judge, operation, content, **more):
    headers = {"Content-Type": JSON, "X-Amz-Target": f"{ECS}.{operation}"} | more.pop("headers", {})
    return call(judge, headers=headers, content=content, service=more.pop("service", "ecs"), **more)


def form(judge, content, service="cloudformation", **more):
    headers = {"Content-Type": FORM} | more.pop("headers", {})
    return call(judge, headers=headers, content=content, service=service, **more)
