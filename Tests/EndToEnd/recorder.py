"""A docker CLI that writes down how it was called, and then is the real one."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

from harness import HarnessError

SCRIPT = """#!/bin/sh
{{
    printf 'call'
    for argument in "$@"; do printf ' %s' "$argument"; done
    printf '\\n'
    env | sed 's/^/env /'
}} >>'{log}'
[ ! -e "{folder}/$1" ] || . "{folder}/$1"
exec '{docker}' "$@"
"""


class DockerRecorder:
    """Stands first in the path of fgctl: `env=recorder.env`."""

    def __init__(self, folder: Path, path: str) -> None:
        docker = shutil.which("docker", path=path)
        if docker is None:
            raise HarnessError("docker is not installed: run bin/setup")
        self.folder, self.log = folder / "recorder", folder / "recorder" / "log"
        self.folder.mkdir()
        script = self.folder / "docker"
        script.write_text(SCRIPT.format(log=self.log, docker=docker, folder=self.folder))
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        self.env = {"PATH": f"{self.folder}:{path}"}

    @property
    def text(self) -> str:
        """All arguments and variables that docker was given."""
        return self.log.read_text() if self.log.exists() else ""

    @property
    def calls(self) -> list[str]:
        """The command lines, without `docker`."""
        return [line.removeprefix("call ") for line in self.text.splitlines() if line.startswith("call ")]

    def called(self, *words: str) -> list[str]:
        """The command lines that begin with one of the words."""
        return [call for call in self.calls if call.split()[0] in words]

    def instead(self, word: str, shell: str) -> None:
        """Runs `shell` before a docker command, which does not come to its turn when that exits."""
        (self.folder / word).write_text(f"{shell}\n")
