"""pytest plugin: the verdict of a run, over what the judges of all workers recorded.

Any fault fails the run, and so does a stale docs/aws-operations.md after a run of all end-to-end tests. The hooks must
be known to xdist's controller, which collects no tests, so `Tests/conftest.py` names this plugin.
"""

from __future__ import annotations

import os
from pathlib import Path

import harness
import pytest
from judge import records

RECORDS = Path(os.environ.get("FGCTL_E2E_RECORDS", harness.ROOT / ".build" / "e2e"))
PAGE = Path(os.environ.get("FGCTL_OPERATIONS_PAGE", harness.ROOT / "docs" / "aws-operations.md"))
verdict_key = pytest.StashKey[list[str]]()


def pytest_addoption(parser):
    parser.addoption(
        "--write-operations", action="store_true", help="rewrite docs/aws-operations.md from what was called")
    parser.addoption("--keep-record", action="store_true", help="judge the requests of the run before once more with this one's")


def is_worker(config):
    return hasattr(config, "workerinput")


def is_complete(config):
    """Whether all end-to-end tests were asked for."""
    options = config.option
    narrowed = (
        options.keyword or options.markexpr or getattr(options, "lf", False) or getattr(options, "stepwise", False)
        or options.ignore or options.ignore_glob or options.deselect or options.collectonly)
    here = Path(os.environ.get("FGCTL_E2E_TESTS", Path(__file__).parent)).resolve()
    asked = [(config.invocation_params.dir / argument.partition("::")[0]).resolve() for argument in config.args]
    whole = any(path == here or path in here.parents for path in asked)
    return whole and not narrowed and not any("::" in argument for argument in config.args)


def pytest_configure(config):
    if is_worker(config):
        return
    if config.option.write_operations and not is_complete(config):
        raise pytest.UsageError("--write-operations wants a run of all end-to-end tests")
    for old in () if config.option.keep_record else RECORDS.glob("requests-*.jsonl"):
        old.unlink()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    config = session.config
    if is_worker(config) or config.option.collectonly:
        return
    files = sorted(RECORDS.glob("requests-*.jsonl"))
    problems = [f"fault: {line}" for line in records.report(*files)]
    seen = records.operations(files)
    if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and is_complete(config):
        if config.option.write_operations:
            PAGE.parent.mkdir(parents=True, exist_ok=True)
            PAGE.write_text(records.page(seen), encoding="utf-8")
        else:
            # A failed test may not have come to all of its calls.
            stale = records.check(seen, PAGE, complete=exitstatus == pytest.ExitCode.OK)
            problems += [f"{line}: run with --write-operations" for line in stale]
    config.stash[verdict_key] = [f"{len(records.lines(files))} requests judged, {len(problems)} problems", *problems]
    if problems and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    lines = config.stash.get(verdict_key, [])
    if lines:
        terminalreporter.section("judge", red=len(lines) > 1, green=len(lines) == 1)
        for line in lines:
            terminalreporter.write_line(line)
