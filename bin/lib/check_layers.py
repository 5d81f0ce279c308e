"""Checks that targets import downwards only: reads the levels from docs/architecture.md and the dependencies from the
package description on standard input (swift package dump-package). Every target of Sources needs a level."""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def levels() -> dict[str, int]:
    found = {}
    for line in (ROOT / "docs" / "architecture.md").read_text().splitlines():
        row = re.match(r"\| (\d+) \| (.*?) \|", line)
        if row:
            found.update({name: int(row[1]) for name in re.findall(r"`(\w+)`", row[2])})
    return found


def main() -> None:
    level = levels()
    faults = []
    for target in json.load(sys.stdin)["targets"]:
        if target["type"] == "test" or (target.get("path") or "").startswith("Tests/"):
            continue
        name = target["name"]
        if name not in level:
            faults.append(f"target {name} has no level in docs/architecture.md")
            continue
        for dependency in target["dependencies"]:
            other = next(iter(dependency.values()))[0]
            if "byName" not in dependency and "target" not in dependency:
                continue
            if other not in level:
                faults.append(f"{name} depends on {other}, which has no level in docs/architecture.md")
            # The system libraries and Support are both of the lowest level.
            elif level[other] >= level[name]:
                faults.append(f"{name} (level {level[name]}) depends on {other} (level {level[other]})")
    if faults:
        sys.exit("\n".join(faults))


main()
