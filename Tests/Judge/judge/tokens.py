"""The operations of `Sources/AWSServices` beside botocore's models: does everything that changes something say why it may
be repeated, and send the idempotency token that its model has?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from . import models

SOURCES = Path(__file__).resolve().parents[3] / "Sources" / "AWSServices"
# `Operation<In, Out>(\n "RunTask", of: service, .mutates, idempotent: .byToken("clientToken"), method: "POST", path: "/")`
OPERATION = re.compile(
    r'Operation<[^()]*?>\s*\(\s*"(?P<name>\w+)",\s*of:\s*(?P<service>[\w.]+),\s*\.(?P<effect>\w+)(?P<rest>.*?)\)\s*$',
    re.DOTALL | re.MULTILINE)
SERVICE = re.compile(r'\bService\(\s*\.(\w+)')
TOKEN = re.compile(r'idempotent:\s*\.byToken\("(\w+)"\)')
# Repeatable without a word: what sets or removes by its method.
PLAIN_METHODS = ("PUT", "DELETE")


@dataclass(frozen=True)
class Declared:
    service: str
    name: str
    mutates: bool
    # Of the input, as Swift spells it.
    token: str | None
    # Whether `idempotent:` is there at all.
    says: bool
    method: str
    where: str


def declared() -> list[Declared]:
    found = []
    for folder in sorted(path for path in SOURCES.iterdir() if path.is_dir()):
        texts = {file: file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.swift"))}
        # Cases of `ServiceID`: the services' names, in Swift's spelling.
        names = {match.lower() for text in texts.values() for match in SERVICE.findall(text)}
        for file, text in texts.items():
            count = len(re.findall(r"\bOperation<", text))
            matches = list(OPERATION.finditer(text))
            if count != len(matches):
                raise ValueError(f"{file}: {count} operations, {len(matches)} of them in a form that can be read")
            for match in matches:
                if len(names) != 1:
                    raise ValueError(f"{folder}: one service, please: {sorted(names)}")
                rest = match["rest"]
                token = TOKEN.search(rest)
                method = re.search(r'method:\s*"(\w+)"', rest)
                found.append(Declared(
                    next(iter(names)), match["name"], match["effect"] == "mutates", token[1] if token else None,
                    "idempotent:" in rest, method[1] if method else "POST", f"{file.name}: {match['name']}"))
    return found


def faults(operations: list[Declared]) -> list[str]:
    """A line for each operation that does not send the token its model has, or does not say why it may be repeated."""
    out = []
    for operation in operations:
        model = models.service(operation.service).operation_model(operation.name)
        members = model.input_shape.members if model.input_shape else {}
        wanted = set(model.idempotent_members)
        given = {name for name in members if operation.token and name.lower() == operation.token.lower()}
        if operation.token and not given:
            out.append(f"{operation.where}: {operation.service} has no member {operation.token}")
        for name in sorted(wanted - given):
            out.append(f"{operation.where}: {name} is an idempotency token: declare 'idempotent: .byToken(…)'")
        # CloudFormation's tokens are told by their names only.
        for name in sorted(members):
            named = re.fullmatch(r"client(request)?token|idempotencytoken", name, re.I)
            if operation.mutates and named and name not in given | wanted:
                out.append(f"{operation.where}: {name} looks like an idempotency token and is not sent")
        if operation.mutates and not operation.says and operation.method not in PLAIN_METHODS:
            out.append(f"{operation.where}: changes something: say 'idempotent: .byToken(…)', '.byNature' or '.no'")
    return out
