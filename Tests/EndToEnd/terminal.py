"""A program at a terminal, for what is asked only there."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from processes import wait_until

if TYPE_CHECKING:
    from harness import Project


class Terminal:
    """A running fgctl whose streams are all one terminal."""

    def __init__(self, process: subprocess.Popen[bytes], file: int) -> None:
        self.process, self._seen, self._file = process, b"", file

    @property
    def text(self) -> str:
        """What it has shown so far."""
        return self._seen.decode("utf-8", "replace")

    def shows(self, wanted: str) -> bool:
        while select.select([self._file], [], [], 0.1)[0]:
            try:
                self._seen += os.read(self._file, 4096)
            except OSError:  # the program has ended
                break
        return wanted in self.text

    def expect(self, wanted: str) -> None:
        try:
            wait_until(f"'{wanted}' at the terminal", lambda: self.shows(wanted))
        except TimeoutError as error:
            raise AssertionError(f"{error}\n{self.text}") from None

    def type(self, line: str) -> None:
        os.write(self._file, f"{line}\n".encode())

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)


@contextmanager
def fgctl(project: Project, *words: str) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [str(project.binary), *words], cwd=project.folder, env=project.environment, stdin=theirs, stdout=theirs,
        stderr=theirs)
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
