"""Recomputes a request's Signature Version 4 with botocore's own signer.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from .faults import Faults
from .http1 import Head

ALGORITHM = "AWS4-HMAC-SHA256"
FRESHNESS = datetime.timedelta(minutes=5)
UNSIGNED = "UNSIGNED-PAYLOAD"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


@dataclass
class Claim:
    """What the request says about its own signature."""

    access_key: str
    date: str
    region: str
    service: str
    terminator: str
    signed: list[str]
    signature: str
    timestamp: str | None
    presigned: bool = False
    expires: str | None = None


def query_pairs(query: str) -> list[tuple[str, str]]:
    """The raw pairs of a query string, still percent-encoded."""
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return [(name, value) for name, _, value in pairs]


def claim(head: Head, faults: Faults) -> Claim | None:
    """Nil for a request without a (readable) Signature Version 4."""
    header = head.get("authorization")
    if header is not None and header.startswith(ALGORITHM):
        fields = dict(re.findall(r"(Credential|SignedHeaders|Signature)=([^,\s]+)", header[len(ALGORITHM):]))
        timestamp = head.get("x-amz-date")
        presigned, expires = False, None
    else:
        raw = {n: unquote_to_bytes(v).decode("latin-1") for n, v in query_pairs(head.query) if n.startswith("X-Amz-")}
        if raw.get("X-Amz-Algorithm") != ALGORITHM:
            return None
        fields = {name: raw.get(f"X-Amz-{name}", "") for name in ("Credential", "SignedHeaders", "Signature")}
        timestamp, presigned, expires = raw.get("X-Amz-Date"), True, raw.get("X-Amz-Expires", "")
    scope = fields.get("Credential", "").rsplit("/", 4)
    if len(scope) != 5 or not fields.get("SignedHeaders") or not fields.get("Signature"):
        faults.note("wrong-signature", "the authorization does not name Credential, SignedHeaders and Signature")
        return None
    return Claim(
        scope[0], *scope[1:], fields["SignedHeaders"].split(";"), fields["Signature"], timestamp, presigned, expires)


def _reencoded(text: str, safe: str) -> str:
    """Percent-encoding as AWS normalises it on its side, whatever the client sent."""
    return quote(unquote_to_bytes(text), safe=safe)


class _AsSent:
    """Signs exactly the headers that the client claims to have signed, with the body's hash as observed."""

    claim: Claim
    body_hash: str

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        chosen = HTTPHeaders()
        for name, value in request.headers.items():
            if name.lower() in self.claim.signed:
                chosen[name.lower()] = value
        return chosen

    def signed_headers(self, headers_to_sign: HTTPHeaders) -> str:
        return ";".join(self.claim.signed)

    def payload(self, request: AWSRequest) -> str:
        return self.body_hash


class _Recomputed(_AsSent, SigV4Auth):
    pass


class _RecomputedS3(_AsSent, S3SigV4Auth):
    def _normalize_url_path(self, path: str) -> str:
        return _reencoded(path, "/~")


def expected(head: Head, claim: Claim, secret: str, body_hash: str) -> tuple[str, str]:
    """The signature that the raw request should carry, and the canonical request it signs."""
    kind = _RecomputedS3 if claim.service == "s3" else _Recomputed
    signer = kind(Credentials(claim.access_key, secret), claim.service, claim.region)
    signer.claim, signer.body_hash = claim, body_hash
    query = "&".join(
        f"{_reencoded(name, '-_.~')}={_reencoded(value, '-_.~')}"
        for name, value in query_pairs(head.query)
        if not (claim.presigned and name == "X-Amz-Signature"))
    request = AWSRequest(method=head.method, url=f"http://judge{head.path}" + (f"?{query}" if query else ""))
    for name, value in head.headers:
        request.headers[name] = value
    request.context["timestamp"] = claim.timestamp or ""
    canonical = signer.canonical_request(request)
    return signer.signature(signer.string_to_sign(request, canonical), request), canonical


def check(
    head: Head, claim: Claim, known: dict[str, tuple[str, str | None]], body_hash: str, faults: Faults,
    now: datetime.datetime | None = None,
) -> None:
    """All checks that need no service model. `known` maps access keys to (secret, session token)."""
    _check_date(claim, now or datetime.datetime.now(datetime.UTC), faults)
    _check_headers(head, claim, faults)
    stated = head.get("x-amz-content-sha256")
    if stated is None:
        if claim.service == "s3" and not claim.presigned:
            faults.note("wrong-payload-hash", "S3 wants x-amz-content-sha256 on every request")
    elif stated in (UNSIGNED, UNSIGNED_TRAILER):
        if claim.service != "s3":
            faults.note("wrong-payload-hash", f"{claim.service} takes no {stated}")
    elif stated.startswith("STREAMING-"):
        faults.note("wrong-payload-hash", f"the judge cannot verify {stated}")
    elif stated != body_hash:
        faults.note("wrong-payload-hash", f"x-amz-content-sha256 is {stated}, the body's is {body_hash}")
    if claim.presigned:
        token = next((v for n, v in query_pairs(head.query) if n == "X-Amz-Security-Token"), None)
        token = unquote_to_bytes(token).decode("latin-1") if token is not None else None
    else:
        token = head.get("x-amz-security-token")
    if claim.access_key not in known:
        faults.note("unknown-key", f"access key {claim.access_key!r} is none that the judge was told")
        return
    secret, known_token = known[claim.access_key]
    if known_token != token:
        faults.note("wrong-token", "the key has a session token, another or none was sent" if known_token
                    else "a session token was sent with a key that has none")
    payload = UNSIGNED if claim.presigned and claim.service == "s3" else body_hash
    signature, canonical = expected(head, claim, secret, payload)
    if signature != claim.signature:
        shown = canonical.replace("\n", "\\n")
        faults.note("wrong-signature", f"sent {claim.signature}, recomputed {signature} over '{shown}'")


def _check_date(claim: Claim, now: datetime.datetime, faults: Faults) -> None:
    try:
        date = datetime.datetime.strptime(claim.timestamp or "", "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC)
    except ValueError:
        faults.note("stale-date", f"X-Amz-Date is {claim.timestamp!r}, wanted YYYYMMDDThhmmssZ")
        return
    limit = FRESHNESS
    if claim.presigned:
        if not (claim.expires or "").isdigit() or not 1 <= int(claim.expires or "") <= 604800:
            faults.note("stale-date", f"X-Amz-Expires is {claim.expires!r}")
        else:
            limit = max(limit, datetime.timedelta(seconds=int(claim.expires or "")))
    if date - now > FRESHNESS or now - date > limit:
        faults.note("stale-date", f"signed at {date:%H:%M:%S}, received at {now:%H:%M:%S} UTC")
    if claim.date != (claim.timestamp or "")[:8]:
        faults.note("wrong-scope", f"the scope is of {claim.date}, X-Amz-Date is {claim.timestamp}")


def _check_headers(head: Head, claim: Claim, faults: Faults) -> None:
    if claim.terminator != "aws4_request":
        faults.note("wrong-scope", f"the scope ends in {claim.terminator!r}")
    if not re.fullmatch(r"[a-z]{2,}(-[a-z]+)+-\d+", claim.region):
        faults.note("wrong-scope", f"the scope's region is {claim.region!r}")
    if claim.signed != sorted({name.lower() for name in claim.signed}):
        faults.note("wrong-signature", f"SignedHeaders is not sorted lower case: {';'.join(claim.signed)}")
    if "host" not in claim.signed:
        faults.note("unsigned-header", "host is not signed")
    for name in sorted(set(head.names)):
        if name.startswith("x-amz-") and name not in claim.signed:
            faults.note("unsigned-header", f"{name} is not signed")
    for name in claim.signed:
        if name not in head.names:
            faults.note("wrong-signature", f"signed header {name} is not in the request")
    if "+" in head.query:
        faults.note("bad-encoding", "a '+' in the query string: write %20 or %2B")
