"""bin/lib/second_try.py: which failures pass a run on their second try."""

import sys

import harness
import pytest

sys.path.insert(0, str(harness.ROOT / "bin" / "lib"))
import second_try  # noqa: E402

CONFTEST = '''
def pytest_addoption(parser):
    parser.addoption("--keep-record", action="store_true")
'''
FAILS_ONCE = '''
import pathlib
def test_{name}():
    seen = pathlib.Path("{name}.seen")
    if not seen.exists():
        seen.touch()
        assert False
'''
FAILS = "def test_{name}():\n    assert False\n"
PASSES = "def test_{name}():\n    pass\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "conftest.py").write_text(CONFTEST)
    monkeypatch.setattr(second_try, "ROOT", tmp_path)
    monkeypatch.setattr(second_try, "LAST_FAILED", tmp_path / ".pytest_cache/v/cache/lastfailed")
    return tmp_path


@pytest.mark.parametrize("tests, code, tried", [
    ([PASSES], 0, False),
    ([PASSES, FAILS_ONCE], 0, True),
    ([FAILS_ONCE, PASSES, FAILS_ONCE], 0, True),
    ([FAILS_ONCE, FAILS_ONCE, FAILS_ONCE], 1, False),
    ([FAILS], 1, True),
    ([FAILS_ONCE, FAILS], 1, True),
    (["syntax error"], 2, False),
    ([], 5, False),
])
def test_pytest(folder, capfd, tests, code, tried):
    for number, text in enumerate(tests):
        (folder / f"test_{number}.py").write_text(text.format(name=f"number{number}"))
    workers = ["-n", "2"] if len(tests) == 3 else []
    assert second_try.pytest_twice([*workers, "."]) == code
    out = capfd.readouterr().out
    assert ("a second try" in out) == tried
    assert ("unsteady" in out) == (tried and code == 0)


def test_a_fault_without_a_failed_test_has_no_second_try(folder, capfd):
    (folder / "conftest.py").write_text(CONFTEST + "def pytest_sessionfinish(session):\n    session.exitstatus = 1\n")
    (folder / "test_it.py").write_text(PASSES.format(name="it"))
    assert second_try.pytest_twice(["."]) == 1
    assert "second try" not in capfd.readouterr().out


# --- swift test -----------------------------------------------------------------------------------------------------

REPORT = '''<?xml version="1.0"?><testsuites><testsuite>
<testcase classname="HTTPTests.LaneTests" name="order()"/>
<testcase classname="HTTPTests.LaneTests" name="end(_:)">{0}</testcase>
<testcase classname="CryptoTests" name="digest()">{1}</testcase>
</testsuite></testsuites>'''
FAILURE = '<failure message="a"/><failure message="b"/>'


@pytest.mark.parametrize("first, second, code", [
    ((0, REPORT.format("", "")), None, 0),
    ((1, REPORT.format(FAILURE, "")), (0, REPORT.format("", "")), 0),
    ((1, REPORT.format(FAILURE, FAILURE)), (0, REPORT.format("", "")), 0),
    ((1, REPORT.format(FAILURE, FAILURE)), (1, REPORT.format("", FAILURE)), 1),
    ((1, REPORT.format(FAILURE, "")), (0, "<testsuites/>"), 1),  # it found no test
    ((1, REPORT.format(FAILURE, "")), (0, None), 1),
    ((1, None), None, 1),  # it did not build, or crashed
    ((1, REPORT.format("", "")), None, 1),
    ((-11, None), None, -11),
])
def test_swift(tmp_path, monkeypatch, first, second, code):
    report = tmp_path / "unit-swift-testing.xml"
    runs, commands = [first, second], []

    def run(*command):
        commands.append(command)
        status, text = runs.pop(0)
        if text:
            report.write_text(text)
        return status
    monkeypatch.setattr(second_try, "SWIFT_TESTING", report)
    monkeypatch.setattr(second_try, "run", run)
    assert second_try.swift_twice(["--parallel"]) == code
    assert len(commands) == (2 if second else 1)
    if second:
        assert r"^HTTPTests\.LaneTests[./]end\(" in commands[1]
