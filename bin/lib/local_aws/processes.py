"""Background processes that outlive the shell, each known by a file under the state folder."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from .paths import STATE, give_to_user


class LocalAWSError(Exception):
    """Something local AWS can't get past; the text says what, why and what to do."""


@dataclass(frozen=True)
class Background:
    """A process that was started here. The start time tells it from a later owner of the same pid."""

    name: str
    pid: int
    started: str
    #: What it was started from; `up` restarts it when this differs.
    fingerprint: str

    @property
    def alive(self) -> bool:
        return _start_time(self.pid) == self.started


def _record(name: str) -> Path:
    return STATE / f"{name}.json"


def log_file(name: str) -> Path:
    return STATE / f"{name}.log"


def _start_time(pid: int) -> str | None:
    """Clock ticks since boot at which a live, not-zombie process began (proc(5), field 22)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else fields[19]


def find(name: str) -> Background | None:
    """The process of that name when it still runs."""
    try:
        process = Background(**json.loads(_record(name).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return process if process.alive else None


def start(name: str, command: list[str], fingerprint: str, environment: dict[str, str] | None = None) -> Background:
    """Starts a process in a session of its own, its output in the log file, nothing of the caller's held open."""
    log = log_file(name)
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/",
            env=environment, start_new_session=True, close_fds=True,
        )
    started = _start_time(process.pid)
    if started is None:
        raise LocalAWSError(f"{name} ended at once:\n{tail(name)}")
    background = Background(name, process.pid, started, fingerprint)
    _record(name).write_text(json.dumps(asdict(background)))
    give_to_user(log)
    give_to_user(_record(name))
    return background


def stop(name: str, grace: float, whole_group: bool = True) -> bool:
    """Ends a process (and its group) by TERM, after `grace` seconds by KILL. Says whether one ran."""
    process = find(name)
    if process is None:
        _record(name).unlink(missing_ok=True)
        return False
    send = os.killpg if whole_group else os.kill
    for number, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, 5.0)):
        try:
            send(process.pid, number)
        except ProcessLookupError:
            break
        if wait_until(lambda: not process.alive, seconds):
            break
    if process.alive:
        raise LocalAWSError(f"{name} (pid {process.pid}) does not end, not even by SIGKILL")
    _record(name).unlink(missing_ok=True)
    return True


def wait_until(condition: Callable[[], bool], seconds: float, interval: float = 0.1) -> bool:
    """Polls until the condition holds; false when it did not within the time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(interval)
    return True


def tail(name: str, lines: int = 15) -> str:
    """The end of a process's log, for error messages."""
    try:
        text = log_file(name).read_text(errors="replace")
    except OSError:
        return "(no log)"
    return "\n".join("    " + line for line in text.splitlines()[-lines:])


def run(command: list[str], timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Runs a short command and keeps what it said."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)
    except FileNotFoundError:
        raise LocalAWSError(f"{command[0]} is not installed. Run bin/setup.") from None
    except subprocess.TimeoutExpired:
        raise LocalAWSError(f"'{' '.join(command)}' gave no answer within {timeout:g} s") from None
