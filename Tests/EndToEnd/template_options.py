"""The options of a template: which combinations there are, what each renders, and which have to be linted to have linted all.

An option is a parameter that a condition or a rule looks at: `true` or `false`, or empty or set. A template of n options renders 2^n
stacks. Of up to 1024 combinations each one is linted. Of more, `Options.rows` gives so many that each resource is rendered in
all its forms beside all forms of the resources that it refers to: cfn-lint compares a resource with those and no others, so that the
rest of the combinations hold nothing that it has not seen. Parameters that are values only (sizes, days, architectures) need no
combining: cfn-lint tries every allowed value of a parameter wherever it stands.
"""

from __future__ import annotations

import functools
import itertools
import json
import random
import re
from collections.abc import Iterable, Iterator
from typing import Any

from cfnlint.api import ManualArgs, lint
from cfnlint.core import get_rules
from cfnlint.decode.cfn_yaml import loads

GONE = object()
FULL = 1024
# What stands for a value of an option whose default is empty (or 0).
SET = {
    "BucketName": "a-bucket", "DatabaseHost": "db.example", "DatabaseSecretKeyArn": f"arn:aws:kms:us-east-1:{'1' * 12}:key/a",
    "DatabaseSecretArn": f"arn:aws:secretsmanager:us-east-1:{'1' * 12}:secret:a", "DeadLetterArn": f"arn:aws:sqs:us-east-1:{'1' * 12}:a",
    "EphemeralStorage": "30", "NamespaceId": "ns-1", "NamespaceName": "a.internal", "NetworkStackName": "a-vpc",
    "PermissionsBoundary": f"arn:aws:iam::{'1' * 12}:policy/a", "RepositoryName": "a", "SidecarRepositoryName": "a/fgctl",
    "UsercodeHost": "usercode.example", "BatchCommand": "echo,a"}

Row = dict[str, str]


class Options:
    def __init__(self, text: str) -> None:
        self.template: dict[str, Any] = json.loads(json.dumps(loads(text)))
        self.conditions: dict[str, Any] = self.template.get("Conditions", {})
        asked = set(references({"a": self.conditions, "b": self.template.get("Rules", {})}))
        self.values = {
            name: values(name, entry) for name, entry in self.template["Parameters"].items() if name in asked}
        self.parts = {f"{section}.{name}": entry for section in ("Resources", "Outputs")
                      for name, entry in self.template[section].items()}

    @property
    def count(self) -> int:
        """Of all combinations."""
        return 1 << len(self.values)

    def every(self) -> Iterator[Row]:
        return (dict(zip(self.values, row)) for row in itertools.product(*self.values.values()))

    def refused(self, row: Row) -> bool:
        """Whether a rule of the template forbids it: CloudFormation makes no such stack."""
        rules = self.template.get("Rules", {}).values()
        return any(self._true(rule["RuleCondition"], row) and not self._true(one["Assert"], row)
                   for rule in rules for one in rule["Assertions"])

    def rows(self, *, beside: bool) -> list[Row]:
        """All combinations where these are few; else so many that each part is rendered in all its forms, and any two options
        meet in all ways.

        - beside: in all forms of those that it refers to, too.
        """
        if self.count <= FULL and (beside or self.count <= 16):
            return [row for row in self.every() if not self.refused(row)]
        groups = {frozenset(pair) for pair in itertools.combinations(self.values, 2)}
        groups |= {frozenset(self.options_of(name, beside=beside)) for name in self.parts}
        groups = {group for group in groups if not any(group < other for other in groups)}
        return [row for row in cover(self.values, groups) if not self.refused(row)]

    @functools.cache
    def options_of(self, part: str, *, beside: bool) -> frozenset[str]:
        """The options that decide what a part looks like."""
        entry = self.parts[part]
        own = set(self._asked(conditions_in(entry)))
        if beside:
            for name in references(entry):
                if f"Resources.{name}" in self.parts:
                    own |= self.options_of(f"Resources.{name}", beside=False)
        return frozenset(own & set(self.values))

    def _asked(self, conditions: Iterable[str]) -> Iterator[str]:
        for name in conditions:
            yield from references(self.conditions[name])
            yield from self._asked(conditions_in(self.conditions[name]))

    def truths(self, parameters: Row) -> dict[str, bool]:
        return {name: self._true(value, parameters) for name, value in self.conditions.items()}

    def _true(self, value: Any, row: Row) -> bool:
        [(function, given)] = value.items()
        match function:
            case "Fn::Equals":
                one, other = (self._text(item, row) for item in given)
                return one == other
            case "Fn::Not": return not self._true(given[0], row)
            case "Fn::And": return all(self._true(item, row) for item in given)
            case "Fn::Or": return any(self._true(item, row) for item in given)
            case "Condition": return self._true(self.conditions[given], row)
        raise ValueError(function)

    def _text(self, value: Any, row: Row) -> str:
        if isinstance(value, str):
            return value
        return row[value["Ref"]]

    def render(self, row: Row) -> dict[str, Any]:
        """What the stack would be made of: no condition is left in it, and the options have the row's values."""
        truths = self.truths(row)
        out = {key: value for key, value in self.template.items()
               if key not in ("Conditions", "Resources", "Outputs", "Rules")}
        out["Parameters"] = {
            name: entry | {"Default": row[name]} if name in self.values and row[name] else without_empty(entry)
            for name, entry in self.template["Parameters"].items()}
        for section in ("Resources", "Outputs"):
            out[section] = {
                name: rendered({key: item for key, item in entry.items() if key != "Condition"}, truths)
                for name, entry in self.template[section].items()
                if "Condition" not in entry or truths[entry["Condition"]]}
        return out


def values(name: str, entry: dict[str, Any]) -> tuple[str, str]:
    if entry.get("AllowedValues"):
        assert entry["AllowedValues"] == ["true", "false"], f"{name}: a condition of another kind: teach the test its values"
        return ("true", "false")
    default = str(entry.get("Default", ""))
    if name == "EphemeralStorage":
        return (SET[name], "0")
    return (default or SET[name], "")


def without_empty(entry: dict[str, Any]) -> dict[str, Any]:
    """An empty default says that an option is off: nothing that stands in the stack has it."""
    return {key: value for key, value in entry.items() if (key, value) != ("Default", "")}


def rendered(value: Any, truths: dict[str, bool]) -> Any:
    """The template's part with its conditions decided."""
    if isinstance(value, list):
        items = [rendered(item, truths) for item in value]
        return [item for item in items if item is not GONE]
    if not isinstance(value, dict):
        return value
    if value == {"Ref": "AWS::NoValue"}:
        return GONE
    if list(value) == ["Fn::If"]:
        name, yes, no = value["Fn::If"]
        return rendered(yes if truths[name] else no, truths)
    members = {key: rendered(item, truths) for key, item in value.items()}
    return {key: item for key, item in members.items() if item is not GONE}


def references(value: Any) -> Iterator[str]:
    """The names that Ref, GetAtt, Sub and DependsOn stand for."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "Ref":
                yield item
            elif key == "Fn::GetAtt":
                yield item[0] if isinstance(item, list) else item.split(".")[0]
            elif key == "DependsOn" and (isinstance(item, str) or all(isinstance(one, str) for one in item)):
                yield from [item] if isinstance(item, str) else item
            else:
                if key == "Fn::Sub":
                    text = item if isinstance(item, str) else item[0]
                    yield from (name.split(".")[0] for name in re.findall(r"\$\{([^!}]+)\}", text))
                yield from references(item)


def conditions_in(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from conditions_in(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "Fn::If":
                yield item[0]
            # Statements of policies and containers have a member of that name, too.
            if key == "Condition" and isinstance(item, str) and (len(value) == 1 or "Type" in value or "Value" in value):
                yield item
            yield from conditions_in(item)


def cover(values: dict[str, tuple[str, str]], groups: Iterable[frozenset[str]]) -> list[Row]:
    """Rows in which the options of each group meet in all ways. Groups go side by side: there are hardly more rows than the largest
    needs."""
    order = list(values)
    rows: list[Row] = []
    for group in sorted(groups, key=lambda group: (-len(group), sorted(group))):
        names = [name for name in order if name in group]
        for wanted in itertools.product(*(values[name] for name in names)):
            one = dict(zip(names, wanted))
            if any(one.items() <= row.items() for row in rows):
                continue
            for row in rows:
                if all(row.get(name, value) == value for name, value in one.items()):
                    row |= one
                    break
            else:
                rows.append(one)
    # By chance, but every time the same.
    chance = random.Random(len(rows))
    return [{name: row.get(name) if name in row else chance.choice(values[name]) for name in order} for row in rows]


@functools.cache
def rules() -> Any:
    """Reading them takes longer than linting. Parameters that an option leaves without use are no fault of the template."""
    return get_rules([], ["W2001"], [], {}, False)


def faults(template: dict[str, Any]) -> list[str]:
    text = json.dumps(template)
    assert "Fn::If" not in text and "AWS::NoValue" not in text
    found = lint(text, rules(), config=ManualArgs(regions=["us-east-1"], ignore_checks=["W2001"]))
    return [f"{one.rule.id} {one}" for one in found]


def lint_combination(text: str, parameters: Row) -> list[str]:
    """What cfn-lint finds in what is made of a template's text with these parameters; for a process of its own."""
    return faults(options(text).render(parameters))


@functools.cache
def options(text: str) -> Options:
    return Options(text)
