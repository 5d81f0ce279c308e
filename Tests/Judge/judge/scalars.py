"""Scalars as they stand on the wire, in text (query, XML, headers) and in JSON."""

from __future__ import annotations

import base64
import binascii
import datetime
import email.utils
import re
from typing import Any

from botocore.model import Shape

from .faults import Faults
from .shapes import Wrong

ISO8601 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
INTEGER = re.compile(r"[+-]?\d+")
BITS = {"integer": 32, "long": 64}


def _wrong(faults: Faults, path: str, value: Any, wanted: str) -> Wrong:
    faults.note("wrong-type", f"{path} is {str(value)[:80]!r}, wanted {wanted}")
    return Wrong(value)


def _blob(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _timestamp(text: str, form: str) -> Any:
    """Nil when `text` is not of the form iso8601, rfc822 or unixTimestamp."""
    try:
        if form == "iso8601":
            if ISO8601.fullmatch(text):
                return datetime.datetime.fromisoformat(text).isoformat()
        elif form == "rfc822":
            return email.utils.parsedate_to_datetime(text).isoformat()
        else:
            return float(text)
    except ValueError:
        pass
    return None


def from_text(shape: Shape, text: str, path: str, faults: Faults, timestamps: str = "iso8601") -> Any:
    kind = shape.type_name
    if kind in ("integer", "long"):
        if not INTEGER.fullmatch(text) or not _fits(int(text), BITS[kind]):
            return _wrong(faults, path, text, f"a {BITS[kind]} bit integer")
        return int(text)
    if kind in ("float", "double"):
        try:
            return float(text)
        except ValueError:
            return _wrong(faults, path, text, "a number")
    if kind == "boolean":
        return text == "true" if text in ("true", "false") else _wrong(faults, path, text, "true or false")
    if kind == "blob":
        blob = _blob(text)
        return blob if blob is not None else _wrong(faults, path, text, "base64")
    if kind == "timestamp":
        form = shape.serialization.get("timestampFormat", timestamps)
        moment = _timestamp(text, form)
        return moment if moment is not None else _wrong(faults, path, text, f"a timestamp, {form}")
    if kind in ("string", "character"):
        return text
    return _wrong(faults, path, text, f"a {kind}")


def from_json(shape: Shape, value: Any, path: str, faults: Faults) -> Any:
    kind = shape.type_name
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind in ("integer", "long"):
        if not number or not isinstance(value, int) or not _fits(value, BITS[kind]):
            return _wrong(faults, path, value, f"a {BITS[kind]} bit integer")
        return value
    if kind in ("float", "double"):
        special = value in ("NaN", "Infinity", "-Infinity")
        return value if number or special else _wrong(faults, path, value, "a number")
    if kind == "boolean":
        return value if isinstance(value, bool) else _wrong(faults, path, value, "a boolean")
    if kind == "timestamp":
        form = shape.serialization.get("timestampFormat", "unixTimestamp")
        if form == "unixTimestamp":
            return value if number else _wrong(faults, path, value, "seconds since 1970 as a number")
        moment = _timestamp(value, form) if isinstance(value, str) else None
        return moment if moment is not None else _wrong(faults, path, value, f"a timestamp, {form}")
    if not isinstance(value, str):
        return _wrong(faults, path, value, f"a {kind}")
    if kind == "blob":
        blob = _blob(value)
        return blob if blob is not None else _wrong(faults, path, value, "base64")
    return value


def _fits(value: int, bits: int) -> bool:
    return -(1 << (bits - 1)) <= value < (1 << (bits - 1))
