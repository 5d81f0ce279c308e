"""`python -m judge report FILE…` and `python -m judge operations FILE… --write PAGE | --check PAGE [--complete]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import records


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="judge", description="Reads what the recording proxy wrote.")
    commands = parser.add_subparsers(dest="command", required=True)
    report = commands.add_parser("report", help="list the faults; exit 1 when there are any")
    report.add_argument("files", nargs="+", type=Path)
    operations = commands.add_parser("operations", help="write or check the list of operations that were called")
    operations.add_argument("files", nargs="+", type=Path)
    what = operations.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", type=Path, metavar="PAGE")
    what.add_argument("--check", type=Path, metavar="PAGE")
    operations.add_argument("--complete", action="store_true", help="the record is of all tests")
    options = parser.parse_args(arguments)
    try:
        if options.command == "report":
            found = records.report(*options.files)
            count = len(records.lines(options.files))
            print("\n".join([*found, f"{count} requests, {len(found)} faults"]))
            return 1 if found else 0
        seen = records.operations(options.files)
        if options.write:
            options.write.parent.mkdir(parents=True, exist_ok=True)
            options.write.write_text(records.page(seen), encoding="utf-8")
            return 0
        stale = records.check(seen, options.check, options.complete)
        print("\n".join(stale) or f"{options.check} is up to date")
        return 1 if stale else 0
    except (OSError, ValueError) as error:
        print(f"judge: {error}", file=sys.stderr)
        return 65


if __name__ == "__main__":
    sys.exit(main())
