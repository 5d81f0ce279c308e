"""What becomes of the record: the list of faults, and the documented list of operations."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from . import models

NOT_AWS = ("registry", "local", "metadata", "probe", "?")
ROW = re.compile(r"\| `([^`]+)` \| `([^`]+)` \| .* \|")
INTRODUCTION = """# AWS operations

The AWS API operations that fgctl calls, as the recording proxy saw them in the end-to-end tests. This file is
written by `python -m judge operations --write`; the tests fail when it is stale.

| service | operation | AWS documentation |
|---|---|---|
"""


def lines(files: Iterable[Path]) -> list[dict[str, Any]]:
    """The records of several files.

    - Raises: `ValueError` naming file and line of what is no record.
    """
    out = []
    for file in files:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            try:
                record = json.loads(line)
            except json.JSONDecodeError as error:
                raise ValueError(f"{file}:{number}: {error}") from error
            out.append(record)
    return out


def report(*files: Path | str) -> list[str]:
    """A line for each fault."""
    out = []
    for record in lines(Path(file) for file in files):
        where = f"{record['time']} {record['service']} {record['operation']} (status {record['status']})"
        label = f" in {record['label']}" if record.get("label") else ""
        out += [f"{where}{label}: {fault['code']}: {fault['message']}" for fault in record["faults"]]
    return out


def operations(files: Iterable[Path]) -> set[tuple[str, str]]:
    """Service and operation of every AWS request of the record that meant one."""
    return {
        (record["service"], record["operation"])
        for record in lines(files)
        if record["service"] not in NOT_AWS and record["operation"] != "?"}


def link(service: str, operation: str) -> str:
    uid = models.service(service).metadata["uid"]
    return f"https://docs.aws.amazon.com/goto/WebAPI/{uid}/{operation}"


def page(seen: set[tuple[str, str]]) -> str:
    rows = [f"| `{s}` | `{o}` | [{o}]({link(s, o)}) |\n" for s, o in sorted(seen)]
    return INTRODUCTION + "".join(rows)


def listed(document: Path) -> set[tuple[str, str]]:
    """The operations of a written page; none when there is no page."""
    if not document.exists():
        return set()
    return {(m[1], m[2]) for line in document.read_text(encoding="utf-8").splitlines() if (m := ROW.fullmatch(line))}


def check(seen: set[tuple[str, str]], document: Path, complete: bool) -> list[str]:
    """What is stale in the page. Only a `complete` run can say that an operation is no longer called."""
    known = listed(document)
    out = [f"{s}: {o} was called and is not in {document.name}" for s, o in sorted(seen - known)]
    if complete:
        out += [f"{s}: {o} is in {document.name} and was not called" for s, o in sorted(known - seen)]
        if not out and document.exists() and document.read_text(encoding="utf-8") != page(seen):
            out.append(f"{document.name} differs from what would be written")
    return out
