"""Checks parsed members against botocore's shapes: required, enum, length, pattern, range, union."""

from __future__ import annotations

import functools
import re
import sys
import unicodedata
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from .faults import Faults

class Wrong:
    """A value of a wrong type, already reported; kept so that its member does not count as missing as well."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"wrong({self.value!r})"


@functools.cache
def _ranges(category: str) -> str:
    """The characters of a Unicode category as the inside of a character class."""
    out, start = [], None
    for point in range(sys.maxunicode + 2):
        inside = point <= sys.maxunicode and unicodedata.category(chr(point)).startswith(category)
        if inside and start is None:
            start = point
        elif not inside and start is not None:
            out.append(f"\\U{start:08x}-\\U{point - 1:08x}")
            start = None
    return "".join(out)


_JAVA_CLASSES = {"Letter": "L", "Digit": "Nd", "Alphabetic": "L"}
_ASCII_CLASSES = {
    "ASCII": r"\x00-\x7f", "Alnum": "A-Za-z0-9", "Alpha": "A-Za-z", "Graph": r"\x21-\x7e", "Print": r"\x20-\x7e",
}


@functools.cache
def pattern(source: str) -> re.Pattern[str] | None:
    """The model's (Java) pattern in Python's dialect; nil for one that can't be expressed."""
    def category(found: re.Match[str]) -> str:
        name = found[1]
        inside = _ASCII_CLASSES.get(name) or _ranges(_JAVA_CLASSES.get(name, name))
        # Bare \p{L} outside of brackets becomes a class of its own.
        before = re.sub(r"\\.", "", source[: found.start()])
        return inside if before.rfind("[") > before.rfind("]") else f"[{inside}]"

    # A hyphen after a class such as \w can't begin a range; Python wants it escaped.
    source = re.sub(r"(\\[wsd])-(?!\])", r"\1\\-", source)
    translated = re.sub(r"\\p\{(?:Is)?(\w+)\}", category, source).replace("\\z", "\\Z")
    try:
        return re.compile(translated)
    except re.error:
        return None


def check(shape: Shape, value: Any, path: str, faults: Faults) -> None:
    """Walks a parsed value; `path` names it in messages."""
    if isinstance(value, Wrong):
        return
    if isinstance(shape, StructureShape):
        _structure(shape, value, path, faults)
    elif isinstance(shape, ListShape):
        _size(shape, len(value), path, "members", faults)
        for index, item in enumerate(value):
            check(shape.member, item, f"{path}[{index}]", faults)
    elif isinstance(shape, MapShape):
        _size(shape, len(value), path, "entries", faults)
        for key, item in value.items():
            check(shape.key, key, f"{path}.key", faults)
            check(shape.value, item, f"{path}.{key}", faults)
    elif shape.type_name in ("string", "character"):
        _string(shape, value, path, faults)
    elif shape.type_name == "blob":
        _size(shape, len(value), path, "bytes", faults)
    elif shape.type_name in ("integer", "long", "float", "double") and not isinstance(value, str):
        low, high = shape.metadata.get("min"), shape.metadata.get("max")
        if (low is not None and value < low) or (high is not None and value > high):
            faults.note("out-of-range", f"{path} is {value}, wanted {low} to {high}")


def _structure(shape: StructureShape, value: Any, path: str, faults: Faults) -> None:
    if shape.metadata.get("document"):
        return
    for name in shape.required_members:
        if name not in value:
            faults.note("missing-member", f"{path}.{name} is required")
    if shape.is_tagged_union and len(value) != 1:
        faults.note("wrong-type", f"{path} is a union: exactly one member, got {sorted(value)}")
    for name, item in value.items():
        check(shape.members[name], item, f"{path}.{name}", faults)


def _string(shape: Shape, value: str, path: str, faults: Faults) -> None:
    allowed = shape.enum if isinstance(shape, StringShape) else []
    if allowed and value not in allowed:
        shown = ", ".join(allowed[:12]) + (" …" if len(allowed) > 12 else "")
        faults.note("bad-enum", f"{path} is {value[:80]!r}, wanted one of {shown}")
    _size(shape, len(value), path, "characters", faults)
    source = shape.metadata.get("pattern")
    if source:
        compiled = pattern(source)
        if compiled is not None and compiled.fullmatch(value) is None:
            faults.note("bad-pattern", f"{path} is {value[:80]!r}, which does not match {source[:200]}")


def _size(shape: Shape, size: int, path: str, unit: str, faults: Faults) -> None:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        faults.note("bad-length", f"{path} has {size} {unit}, wanted at least {low}")
    if high is not None and size > high:
        faults.note("bad-length", f"{path} has {size} {unit}, wanted at most {high}")
