"""docs/json.schema.json as the tests take it: every member that fgctl prints must be documented."""

from __future__ import annotations

import json
from typing import Any

import harness
from jsonschema import Draft202012Validator, FormatChecker

DOCUMENT = json.loads((harness.ROOT / "docs" / "json.schema.json").read_text(encoding="utf-8"))


def strict(schema: Any) -> Any:
    """The same schema, with members that it does not name refused. Users' validators let them pass: more may come."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    copy = {key: strict(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        copy.setdefault("additionalProperties", False)
    return copy


STRICT = strict(DOCUMENT)


def commands() -> set[str]:
    return set(DOCUMENT["commands"])


def check(value: Any, command: str, form: str = "result") -> None:
    """- Raises: `AssertionError` naming the member that is not as documented."""
    pointer = "#/$defs/failure" if form == "failure" else f"#/commands/{command}/{form}"
    validator = Draft202012Validator(STRICT | {"$ref": pointer}, format_checker=FormatChecker())
    errors = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]
    assert not errors, f"{command} {form} is not as {pointer} says: {errors}\n{json.dumps(value, indent=2)}"
