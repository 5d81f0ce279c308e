"""Processes with deadlines, read line by line while they run.

A deadline that only ends what hangs is long: the machine may be busy with ten times as much as it can do at once.
"""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TIMEOUT = 240.0


def wait_until(what: str, condition: Callable[[], Any], deadline: float = TIMEOUT, interval: float = 0.2) -> Any:
    """Polls until `condition` is truthy, and returns its value.

    - Raises: `TimeoutError` after `deadline` seconds.
    """
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise TimeoutError(f"{what}: not within {deadline:g} s")
        time.sleep(min(interval, max(0.0, end - time.monotonic())))


@dataclass(frozen=True)
class Result:
    """A finished process. `code` is negative for death by a signal, as in `subprocess`."""

    arguments: list[str]
    code: int
    out: str
    err: str
    seconds: float

    def __str__(self) -> str:
        return (f"$ {' '.join(self.arguments)}\nexit {self.code} after {self.seconds:.1f} s\n"
                f"--- stdout\n{self.out}--- stderr\n{self.err}---")

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def expect(self, code: int) -> Result:
        """Itself. - Raises: `AssertionError` with all its output when it exited with another code."""
        assert self.code == code, f"wanted exit {code}\n{self}"
        return self


class Running:
    """A process in a process group of its own, read line by line while it runs."""

    def __init__(
        self, arguments: list[str], environment: Mapping[str, str], folder: Path, text: str | None = None
    ) -> None:
        self.arguments = arguments
        self._began = time.monotonic()
        self._ended: float | None = None
        self.process = subprocess.Popen(
            arguments, cwd=folder, env=dict(environment), start_new_session=True, bufsize=0,
            stdin=subprocess.DEVNULL if text is None else subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._output = {"out": bytearray(), "err": bytearray()}
        self._lines: queue.Queue[tuple[str, str, float] | None] = queue.Queue()
        self._open = 2
        #: When the line that `line` found last was read, in seconds since 1970.
        self.shown = 0.0
        self._readers = [
            threading.Thread(target=self._read, args=(name, stream), daemon=True)
            for name, stream in (("out", self.process.stdout), ("err", self.process.stderr))]
        for reader in self._readers:
            reader.start()
        if text is not None:
            threading.Thread(target=self._feed, args=(text.encode(),), daemon=True).start()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def out(self) -> str:
        return bytes(self._output["out"]).decode("utf-8", "replace")

    @property
    def err(self) -> str:
        return bytes(self._output["err"]).decode("utf-8", "replace")

    def _feed(self, data: bytes) -> None:
        assert self.process.stdin is not None
        with self.process.stdin as stream:
            try:
                while data:
                    data = data[os.write(stream.fileno(), data):]
            except BrokenPipeError:
                pass  # a process may end without reading all of its input

    def _read(self, name: str, stream: Any) -> None:
        line = bytearray()
        while piece := os.read(stream.fileno(), 65536):
            now = time.time()
            self._output[name] += piece
            line += piece
            while (end := line.find(b"\n")) >= 0:
                self._lines.put((name, line[:end].decode("utf-8", "replace"), now))
                del line[: end + 1]
        if line:
            self._lines.put((name, line.decode("utf-8", "replace"), time.time()))
        self._lines.put(None)

    def _so_far(self) -> str:
        return f"$ {' '.join(self.arguments)}\n--- stdout\n{self.out}--- stderr\n{self.err}---"

    def line(self, pattern: str, deadline: float = TIMEOUT, stream: str | None = None) -> re.Match[str]:
        """The next line in which `pattern` is found (on `out`, `err` or either); lines before it are passed over.

        - Raises: `AssertionError` when the output ends or `deadline` seconds pass without one.
        """
        end = time.monotonic() + deadline
        while self._open:
            try:
                item = self._lines.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no line /{pattern}/ within {deadline:g} s\n{self._so_far()}") from None
            if item is None:
                # Each reader's last word: what it read comes before.
                self._open -= 1
                continue
            name, text, self.shown = item
            if stream in (None, name) and (found := re.search(pattern, text)):
                return found
        raise AssertionError(f"the output ended without a line /{pattern}/\n{self._so_far()}")

    def signal(self, number: int, group: bool = False) -> None:
        """Sends to the process, or to its whole group as a terminal does on Ctrl-C."""
        if group:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.signal(signal.SIGINT, group=True)

    def wait(self, deadline: float = TIMEOUT) -> Result:
        """Until the process has ended and its output is read.

        - Raises: `AssertionError` with the output so far after `deadline` seconds; the process is killed then.
        """
        end = time.monotonic() + deadline
        try:
            code = self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still running after {deadline:g} s\n{self._so_far()}") from None
        self._ended = self._ended or time.monotonic()
        for reader in self._readers:
            # Children that inherited the streams may keep them open.
            reader.join(max(1.0, end - time.monotonic()))
            if reader.is_alive():
                self.kill()
                raise AssertionError(f"ended, but a child keeps its output open\n{self._so_far()}")
        return Result(self.arguments, code, self.out, self.err, self._ended - self._began)

    def kill(self) -> None:
        """Kills the whole group, whatever is left of it."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait(60)
        for reader in self._readers:
            reader.join(10)
        # Standard input is closed by who writes to it.
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None and not stream.closed and not any(r.is_alive() for r in self._readers):
                stream.close()
