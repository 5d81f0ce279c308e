"""Members as they may stand in a file: secrets masked, long texts cut."""

from __future__ import annotations

import re
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from .shapes import Wrong

MASK = "****"
SECRET = re.compile(r"secret|passw|private_?key|credential|authorization|session_?token|access_?key|api_?key", re.I)
HARMLESS = re.compile(r"(id|ids|arn|arns|name|namespace|type|stage|stages|valuefrom|provider|providers|list)$", re.I)
LONG = 2000


def is_secret(name: str) -> bool:
    return bool(SECRET.search(name)) and not HARMLESS.search(name)


def mask(value: Any, shape: Shape | None, name: str = "") -> Any:
    """`shape` guides where it is known: AWS marks members as sensitive."""
    if (shape is not None and shape.metadata.get("sensitive")) or (name and is_secret(name)):
        return MASK
    if isinstance(value, Wrong):
        return mask(value.value, None, name)
    if isinstance(value, dict):
        return _mask_dict(value, shape)
    if isinstance(value, (list, tuple)):
        member = shape.member if isinstance(shape, ListShape) else None
        return [mask(item, member) for item in value]
    if isinstance(value, (bytes, bytearray)):
        return f"<{len(value)} bytes>"
    if isinstance(value, str) and len(value) > LONG:
        return value[:LONG] + f"… ({len(value)} characters)"
    return value


def _mask_dict(value: dict[str, Any], shape: Shape | None) -> dict[str, Any]:
    # Pairs such as {name: DB_PASSWORD, value: …}, {ParameterKey: …, ParameterValue: …}, {Type: SecureString, Value: …}.
    keys = [v for k, v in value.items() if k.lower() in ("name", "key", "parameterkey") and isinstance(v, str)]
    secret_pair = any(SECRET.search(k) for k in keys) or "SecureString" in (value.get("Type"), value.get("type"))
    out = {}
    for key, item in value.items():
        if secret_pair and key.lower() in ("value", "parametervalue") and isinstance(item, str):
            out[key] = MASK
            continue
        member: Shape | None = None
        if isinstance(shape, StructureShape):
            member = shape.members.get(key)
        elif isinstance(shape, MapShape):
            member = shape.value
        out[key] = mask(item, member, key)
    return out
