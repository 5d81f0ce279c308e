"""botocore's service models: which service and operation a request means."""

from __future__ import annotations

import functools
import re
import threading
from urllib.parse import parse_qsl, unquote

import botocore.session
from botocore.model import OperationModel, ServiceModel

from .faults import Faults
from .http1 import Head
from .signature import query_pairs

SERVICES = (
    "cloudformation", "cloudwatch", "ec2", "ecr", "ecs", "elbv2", "events", "iam", "logs", "rds", "s3", "scheduler",
    "secretsmanager", "servicediscovery", "sns", "sqs", "ssm", "stepfunctions", "sts",
)

# Operations that only read, by the words AWS's names start with.
READING = re.compile(
    r"(Batch)?(Get|Check|Describe)|List|Head|Lookup|Search|Select|Filter|Validate|Estimate|Detect|StartQuery"
    r"|StartLiveTail|StopQuery|Test|Simulate|AssumeRole|DecodeAuthorizationMessage|ReceiveMessage")

lock = threading.RLock()


@functools.cache
def _session() -> botocore.session.Session:
    return botocore.session.Session()


@functools.cache
def _load(name: str) -> ServiceModel:
    return _session().get_service_model(name)


def service(name: str) -> ServiceModel:
    """The model of one of `SERVICES`, loaded once in a process."""
    with lock:
        return _load(name)


@functools.cache
def _by_signing_name() -> dict[str, str]:
    return {service(name).signing_name: name for name in SERVICES}


@functools.cache
def _by_target_prefix() -> dict[str, str]:
    return {p: name for name in SERVICES if (p := service(name).metadata.get("targetPrefix"))}


def preload() -> None:
    """Loads all models (about a second), so that no request has to wait for it."""
    with lock:
        _by_signing_name()
        _by_target_prefix()


def protocols(model: ServiceModel) -> list[str]:
    return model.metadata.get("protocols") or [model.metadata["protocol"]]


def mutates(operation: str) -> bool:
    return READING.match(operation) is None


class Identified:
    """What a request is meant to be; `operation` is nil where no operation fits (a fault tells why)."""

    def __init__(self, name: str, protocol: str, operation: OperationModel | None, label: str) -> None:
        self.service, self.protocol, self.operation, self.label = name, protocol, operation, label


def identify(head: Head, body: bytes, signing_name: str | None, faults: Faults) -> Identified | None:
    """Service, protocol and operation, or nil (with a fault) when the service can't even be guessed."""
    with lock:
        return _identify(head, body, signing_name, faults)


def _identify(head: Head, body: bytes, signing_name: str | None, faults: Faults) -> Identified | None:
    name = _by_signing_name().get(signing_name or "")
    if signing_name is not None and name is None:
        faults.note("unknown-service", f"signed for {signing_name!r}, which the judge has no model of")
    target = head.get("x-amz-target")
    if target is not None:
        return _by_target(target, name, faults)
    if name is None and signing_name is not None:
        return None
    form = _form(head, body)
    if name is None:  # not signed: only STS has such operations
        name = "sts" if "Action" in form else None
        if name is None:
            faults.note("unknown-service", f"{head.method} {head.path} is neither signed nor names a service")
            return None
    model = service(name)
    protocol = protocols(model)[0]
    if protocol in ("query", "ec2") or ("query" in protocols(model) and "Action" in form):
        protocol = protocol if protocol in ("query", "ec2") else "query"
        return Identified(name, protocol, _named(model, form.get("Action"), faults), form.get("Action") or "?")
    if "smithy-protocol" in head.names:
        label = head.path.rpartition("/")[2]
        return Identified(name, "smithy-rpc-v2-cbor", _named(model, label, faults), label)
    if protocol in ("rest-json", "rest-xml"):
        operation = match_rest(model, head)
        if operation is None:
            faults.note("unknown-operation", f"no operation of {name} is {head.method} {head.path}")
        return Identified(name, protocol, operation, operation.name if operation else "?")
    faults.note("wrong-target", f"{name} wants an X-Amz-Target header")
    return Identified(name, "json", None, "?")


def _by_target(target: str, name: str | None, faults: Faults) -> Identified | None:
    prefix, _, action = target.rpartition(".")
    owner = _by_target_prefix().get(prefix)
    if name is None:
        name = owner
    if name is None:
        faults.note("wrong-target", f"no service has the target {target!r}")
        return None
    model = service(name)
    if prefix != model.metadata.get("targetPrefix"):
        faults.note("wrong-target", f"{target!r} is not of {name}, which has {model.metadata.get('targetPrefix')!r}")
        return Identified(name, "json", None, action or "?")
    return Identified(name, "json", _named(model, action, faults), action)


def _form(head: Head, body: bytes) -> dict[str, str]:
    """The first value of each form parameter, of the body or (where that has no Action) the query string."""
    content_type = (head.get("content-type") or "").lower()
    pairs: list[tuple[str, str]] = []
    if content_type.startswith("application/x-www-form-urlencoded") or body.startswith((b"Action=", b"Version=")):
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    pairs = pairs or parse_qsl(head.query, keep_blank_values=True)
    return dict(reversed(pairs))


def _named(model: ServiceModel, action: str | None, faults: Faults) -> OperationModel | None:
    if action in model.operation_names:
        return model.operation_model(action)
    faults.note("unknown-operation", f"{model.service_name} has no operation {action!r}")
    return None


def s3_path(head: Head) -> str:
    """The path in path style: a bucket in front of `.localhost` or of AWS's domain is put back into it."""
    host = (head.get("host") or "").partition(":")[0]
    if bucket := re.fullmatch(r"(.+)\.(localhost|s3[.-][a-z0-9.-]*amazonaws\.com)", host):
        return f"/{bucket[1]}" + head.path
    return head.path


@functools.cache
def path_pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^}]+\})", template)
    pattern = ""
    for part in parts:
        if part.startswith("{"):
            name = part[1:-1]
            pattern += f"(?P<{name.rstrip('+')}>{'.+' if name.endswith('+') else '[^/]+'})"
        else:
            pattern += re.escape(part)
    return re.compile(pattern + ("" if template == "/" else "/?"), re.DOTALL)


def match_rest(model: ServiceModel, head: Head) -> OperationModel | None:
    """The operation whose URI fits best: literal segments first, then fixed query words, then required members."""
    path = s3_path(head) if model.service_name == "s3" else head.path
    given = {unquote(n): unquote(v) for n, v in query_pairs(head.query)}
    best: tuple[tuple[int, ...], OperationModel] | None = None
    for operation_name in model.operation_names:
        operation = model.operation_model(operation_name)
        template, _, fixed_query = operation.http["requestUri"].partition("?")
        if operation.http["method"] != head.method or not path_pattern(template).fullmatch(path):
            continue
        fixed = dict((n, v) for n, v in query_pairs(fixed_query))
        if any(given.get(n) != v for n, v in fixed.items()):
            continue
        shape = operation.input_shape
        members = shape.members if shape else {}
        required = set(shape.required_members) if shape else set()
        known, missing, matched = set(fixed), 0, 0
        for member, member_shape in members.items():
            location = member_shape.serialization.get("location")
            wire = member_shape.serialization.get("name", member)
            present = wire in given if location == "querystring" else wire.lower() in head.names
            if location == "querystring":
                known.add(wire)
            if location in ("querystring", "header") and member in required:
                matched, missing = matched + present, missing + (not present)
        unknown = sum(1 for n in given if n not in known and n != "x-id" and not n.startswith("X-Amz-"))
        literal = len(re.sub(r"\{[^}]+\}", "", template))
        # S3 has deprecated twins of some operations (PutBucketLifecycle) on the same URI.
        rank = (literal, len(fixed), not operation.deprecated, -(missing + unknown), matched)
        if best is None or rank > best[0]:
            best = (rank, operation)
    return best[1] if best else None
