"""Runs a tier of tests for bin/test, and what failed of it once more.

With every processor busy a deadline passes now and then, and one such test in some thousands must not cost a whole run. So
when at most LIMIT tests failed, they have a second try, alone. One that passes then is called unsteady, below the report of
its first failure: the run passes, the test is still to be mended. What the judge found in the first try stays a fault.

    second_try.py pytest ARGUMENTS...   exit code of pytest, or 0 after a second try that passed
    second_try.py swift ARGUMENTS...    the same with 'swift test'
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[2]
PYTEST = ROOT / ".build" / "venvs" / "tests" / "bin" / "pytest"
LAST_FAILED = ROOT / ".build" / "pytest_cache" / "v" / "cache" / "lastfailed"
XUNIT = ROOT / ".build" / "unit.xml"
SWIFT_TESTING = XUNIT.with_name("unit-swift-testing.xml")
LIMIT = 2
FAILED = 1


def run(*command: str | Path) -> int:
    return subprocess.call([str(part) for part in command], cwd=ROOT)


def pytest_failures() -> list[str]:
    """Ids of the tests that failed in the run before; none when it failed for another reason, as a file that can't be read."""
    failed = sorted(json.loads(LAST_FAILED.read_text())) if LAST_FAILED.exists() else []
    return failed if all("::" in test for test in failed) else []


def swift_results(report: Path) -> dict[str, bool]:
    """Whether each test that ran passed, by `Target.Suite/test()`. A run that crashed leaves no report: nothing ran."""
    if not report.exists():
        return {}
    cases = ElementTree.parse(report).iter("testcase")
    return {f"{case.get('classname')}/{case.get('name')}": case.find("failure") is None for case in cases}


def swift_filter(test: str) -> str:
    """A pattern for `--filter` that finds this test with all its arguments, and no test whose name goes on."""
    owner, _, name = test.partition("(")[0].rpartition("/")
    # The filter wants a dot before a test that stands in no suite, where the report has a slash.
    return "^" + re.escape(owner) + "[./]" + re.escape(name) + r"\("


def swift_run(arguments: list[str]) -> tuple[int, dict[str, bool]]:
    SWIFT_TESTING.unlink(missing_ok=True)
    return run("swift", "test", *arguments, "--xunit-output", XUNIT), swift_results(SWIFT_TESTING)


def second_try(failed: list[str], again: Callable[[], int]) -> int:
    names = ", ".join(failed)
    if not 1 <= len(failed) <= LIMIT:
        return FAILED
    print(f"\n== a second try, alone: {names}", flush=True)
    if code := again():
        return code
    print(f"\n== unsteady: {names}\nFailed above and passed alone: this run goes on, the test is to be mended.", flush=True)
    return 0


def pytest_twice(arguments: list[str]) -> int:
    LAST_FAILED.unlink(missing_ok=True)  # it would hold other tiers' failures too
    if (code := run(PYTEST, "-q", *arguments)) != FAILED:
        return code
    alone = ["-n", "0", "--last-failed", "--last-failed-no-failures", "none", "--keep-record"]
    return second_try(pytest_failures(), lambda: run(PYTEST, "-q", *arguments, *alone))


def swift_twice(arguments: list[str]) -> int:
    code, results = swift_run(arguments)
    if code != FAILED:
        return code
    failed = sorted(test for test, passed in results.items() if not passed)

    def again() -> int:
        filters = [part for test in failed for part in ("--filter", swift_filter(test))]
        code, results = swift_run(["--skip-build", *arguments, "--no-parallel", *filters])
        # A filter that finds nothing is a success to 'swift test'.
        return code or (0 if all(results.get(test) for test in failed) else FAILED)
    return second_try(failed, again)


if __name__ == "__main__":
    kind, *rest = sys.argv[1:]
    sys.exit({"pytest": pytest_twice, "swift": swift_twice}[kind](rest))
