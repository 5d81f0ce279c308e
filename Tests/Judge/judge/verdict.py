"""Judges one whole request: signature, protocol, members."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from botocore.model import ListShape, MapShape, OperationModel

from . import bodies, models, scalars, shapes, signature
from .checksums import BodyObserver
from .faults import Faults
from .http1 import Head

# Headers of AWS's own protocols and SDKs that no input shape models.
PROTOCOL_HEADERS = {
    "x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "x-amz-target", "x-amz-user-agent", "x-amz-trailer",
    "x-amz-decoded-content-length", "x-amz-sdk-checksum-algorithm", "x-amz-te", "x-amzn-query-mode",
    "x-amz-region-set",
}
UNSIGNED_HOSTS_PATHS = ("/latest/", "/v2/credentials/")
TARGETS_OF_EMULATORS = ("/_", "/health")


class Verdict:
    """What the judge knows of a request. `service` is `registry`, `local`, `metadata` or `probe` for what is no AWS API."""

    def __init__(self) -> None:
        self.service = "?"
        self.operation = "?"
        self.protocol = ""
        self.model: OperationModel | None = None
        self.params: dict[str, Any] = {}
        self.faults = Faults()
        self.access_key: str | None = None

    @property
    def is_api(self) -> bool:
        return self.service not in ("registry", "local", "metadata", "probe", "?")


def identify(head: Head, body_start: bytes) -> tuple[Verdict, signature.Claim | None]:
    """Service and operation, all that fault injection needs to know. `body_start` may be cut off."""
    verdict = Verdict()
    claim = signature.claim(head, verdict.faults)
    unsigned = claim is None and not verdict.faults
    for problem in head.problems:
        verdict.faults.note("bad-framing", problem)
    if unsigned and head.get("x-amz-target") is None:
        kind = _plain(head)
        if kind:
            verdict.service, verdict.operation = kind, head.method
            return verdict, None
    verdict.access_key = claim.access_key if claim else None
    found = models.identify(head, body_start, claim.service if claim else None, verdict.faults)
    if found:
        verdict.service, verdict.operation = found.service, found.label
        verdict.protocol, verdict.model = found.protocol, found.operation
    return verdict, claim


def _plain(head: Head) -> str | None:
    """What an unsigned request is, when it is none to an AWS API."""
    if head.method == "HEAD" and head.path == "/" and not head.query:
        return "probe"  # whether anybody answers; it asks for nothing
    if head.path.startswith(UNSIGNED_HOSTS_PATHS):
        return "metadata"
    if head.path in ("/v2", "/v2/") or head.path.startswith("/v2/"):
        return "registry"
    if head.path.startswith(TARGETS_OF_EMULATORS):
        return "local"
    return None


def judge(
    verdict: Verdict, claim: signature.Claim | None, head: Head, body: bytes | None, observed: BodyObserver,
    known: dict[str, tuple[str, str | None]],
) -> None:
    """Fills in members and faults once the body is complete. `body` is nil when it was too large to keep."""
    faults = verdict.faults
    if not verdict.is_api and verdict.service != "?":
        return
    if claim is not None:
        signature.check(head, claim, known, observed.sha256, faults)
    elif verdict.model is None or str(verdict.model.auth_type) != "none":
        faults.note("unsigned-request", f"{head.method} {head.path} carries no Signature Version 4")
    observed.check(faults)
    if verdict.model is None:
        return
    with models.lock:
        _judge_members(verdict, head, body, observed)


def _judge_members(verdict: Verdict, head: Head, body: bytes | None, observed: BodyObserver) -> None:
    faults, model = verdict.faults, verdict.model
    assert model is not None
    if verdict.protocol == "json":
        params = _json(model, head, body, faults)
    elif verdict.protocol in ("query", "ec2"):
        params = _form(model, head, body, faults, verdict.protocol == "ec2")
    elif verdict.protocol in ("rest-json", "rest-xml"):
        params = _rest(model, head, body, faults, verdict.protocol)
    else:
        faults.note("unknown-protocol", f"the judge cannot read {verdict.protocol}")
        return
    if model.input_shape is not None:
        shapes.check(model.input_shape, params, model.name, faults)
        for name in model.idempotent_members:
            if name not in params and name not in model.input_shape.required_members:
                faults.note("missing-token", f"{model.name}.{name} makes a retry safe: send one")
    if model.http_checksum_required or (model.http_checksum or {}).get("requestChecksumRequired"):
        if not observed.claimed and head.get("content-md5") is None and head.get("x-amz-trailer") is None:
            faults.note("missing-checksum", f"{model.name} wants Content-MD5 or an x-amz-checksum header")
    verdict.params = params


def _content_type(head: Head) -> tuple[str, dict[str, str]]:
    kind, *options = [part.strip() for part in (head.get("content-type") or "").split(";")]
    return kind.lower(), dict(option.lower().partition("=")[::2] for option in options)


def _expect_rpc(head: Head, method: str, faults: Faults) -> None:
    if head.method != method:
        faults.note("wrong-method", f"{head.method}, wanted {method}")
    if head.path != "/":
        faults.note("wrong-uri", f"{head.path}, wanted /")


def _json(model: OperationModel, head: Head, body: bytes | None, faults: Faults) -> dict[str, Any]:
    _expect_rpc(head, model.http.get("method", "POST"), faults)
    if head.query:
        faults.note("wrong-uri", f"?{head.query}: the JSON protocol has no query string")
    wanted = f"application/x-amz-json-{model.service_model.metadata.get('jsonVersion', '1.0')}"
    if _content_type(head)[0] != wanted:
        faults.note("wrong-content-type", f"{head.get('content-type')!r}, wanted {wanted!r}")
    if body is None:
        faults.note("bad-body", "the body is larger than the judge keeps")
        return {}
    value = bodies.parse_json(body, faults)
    if value is None:
        return {}
    if model.input_shape is None:
        if value:
            faults.note("unknown-member", f"{model.name} takes no input")
        return {}
    params = bodies.from_json(model.input_shape, value, model.name, faults)
    return params if isinstance(params, dict) else {}


def _form(model: OperationModel, head: Head, body: bytes | None, faults: Faults, ec2: bool) -> dict[str, Any]:
    _expect_rpc(head, model.http.get("method", "POST"), faults)
    kind, options = _content_type(head)
    if kind != "application/x-www-form-urlencoded" or options.get("charset", "utf-8") != "utf-8":
        faults.note(
            "wrong-content-type",
            f"{head.get('content-type')!r}, wanted 'application/x-www-form-urlencoded; charset=utf-8'")
    if head.query:
        faults.note("wrong-uri", f"?{head.query}: parameters belong in the body")
    if body is None:
        faults.note("bad-body", "the body is larger than the judge keeps")
        return {}
    root = bodies.parse_form(body or head.query.encode(), faults)
    root.children.pop("Action", None)
    version = (root.children.pop("Version", None) or bodies.Node()).value
    wanted = model.service_model.metadata["apiVersion"]
    if version != wanted:
        faults.note("wrong-version", f"Version is {version}, wanted {wanted}")
    if model.input_shape is None:
        for name in root.children:
            faults.note("unknown-member", f"{model.name}.{name}: the operation takes no input")
        return {}
    return bodies.Form(faults, ec2).structure(model.input_shape, root, model.name)


# --- REST -----------------------------------------------------------------------------------------------------------


def _rest(
    model: OperationModel, head: Head, body: bytes | None, faults: Faults, protocol: str
) -> dict[str, Any]:
    shape = model.input_shape
    template, _, fixed = model.http["requestUri"].partition("?")
    path = models.s3_path(head) if model.service_model.service_name == "s3" else head.path
    found = models.path_pattern(template).fullmatch(path)
    labels = {name: _utf8(value, faults) for name, value in (found.groupdict() if found else {}).items()}
    query = [(unquote(n), _utf8(v, faults)) for n, v in signature.query_pairs(head.query)]
    fixed_names = {name for name, _ in signature.query_pairs(fixed)}
    known_query, known_headers, prefixes = set(fixed_names), set(PROTOCOL_HEADERS), []
    params: dict[str, Any] = {}
    for member, member_shape in (shape.members if shape else {}).items():
        location = member_shape.serialization.get("location")
        name = member_shape.serialization.get("name", member)
        at = f"{model.name}.{member}"
        if location == "uri" and name in labels:
            params[member] = scalars.from_text(member_shape, labels[name], at, faults)
        elif location == "querystring":
            if isinstance(member_shape, MapShape):
                free = {n: v for n, v in query if n not in known_query}
                params |= {member: free} if free else {}
                known_query |= set(free)
                continue
            known_query.add(name)
            values = [v for n, v in query if n == name]
            if values and isinstance(member_shape, ListShape):
                params[member] = [scalars.from_text(member_shape.member, v, at, faults) for v in values]
            elif values:
                params[member] = scalars.from_text(member_shape, values[0], at, faults)
                if len(values) > 1:
                    faults.note("wrong-type", f"{at}: the query word {name} occurs {len(values)} times")
        elif location == "header":
            known_headers.add(name.lower())
            value = head.get(name)
            if value is not None and name.lower() != "content-length":
                params[member] = _header(member_shape, value, at, faults)
        elif location == "headers":
            prefixes.append(name.lower())
            entries = {k[len(name):]: v for k, v in head.headers if k.lower().startswith(name.lower())}
            params |= {member: entries} if entries else {}
    for name, _ in query:
        if name not in known_query and name != "x-id" and not name.startswith("X-Amz-"):
            known = ", ".join(sorted(known_query))
            faults.note("unknown-member", f"{model.name}: query word {name!r} (known: {known})")
    for name in sorted(set(head.names)):
        free = (*prefixes, "x-amz-checksum-")  # of algorithms that are newer than the model
        if name.startswith("x-amz-") and name not in known_headers and not name.startswith(free):
            faults.note("unknown-member", f"{model.name}: header {name}")
    params |= _rest_body(model, head, body, faults, protocol)
    return params


def _utf8(text: str, faults: Faults) -> str:
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        faults.note("bad-encoding", f"{text[:80]!r} is not percent-encoded UTF-8")
        return unquote(text, "latin-1")


def _header(shape: Any, value: str, path: str, faults: Faults) -> Any:
    if isinstance(shape, ListShape):
        return [scalars.from_text(shape.member, item.strip(), path, faults) for item in value.split(",")]
    return scalars.from_text(shape, value, path, faults, timestamps="rfc822")


def _rest_body(
    model: OperationModel, head: Head, body: bytes | None, faults: Faults, protocol: str
) -> dict[str, Any]:
    shape = model.input_shape
    payload = shape.serialization.get("payload") if shape else None
    payload_shape = shape.members[payload] if shape and payload else None
    if payload_shape is not None and payload_shape.type_name in ("blob", "string"):
        if payload_shape.serialization.get("streaming") or body is None:
            return {}  # hashed, never kept
        if payload_shape.type_name == "blob":
            return {payload: body}
        return {payload: body.decode("utf-8", "replace")}
    if body is None:
        faults.note("bad-body", "the body is larger than the judge keeps")
        return {}
    in_body = [n for n, m in (shape.members if shape else {}).items() if "location" not in m.serialization]
    if not in_body:
        if body and not (protocol == "rest-json" and body == b"{}"):
            faults.note("unknown-member", f"{model.name} has no body, got {len(body)} bytes")
        return {}
    wanted = ("application/json",) if protocol == "rest-json" else ("", "application/xml", "text/xml")
    if not body:
        return {}
    if _content_type(head)[0] not in wanted:
        faults.note("wrong-content-type", f"{head.get('content-type')!r}, wanted {wanted[-1]!r}")
    target = payload_shape if payload_shape is not None else shape
    if protocol == "rest-json":
        value = bodies.parse_json(body, faults)
        parsed = bodies.from_json(target, value, model.name, faults) if value is not None else {}
    else:
        parsed = bodies.parse_xml(target, body, faults)
    if payload_shape is not None:
        return {payload: parsed}
    return parsed if isinstance(parsed, dict) else {}
