"""The `console` blocks of a document as something to run: `$ command` lines, each with the output that is promised behind it."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)
#: What differs from run to run, and by what it is replaced before lines are compared.
_VARYING = [
    (r"\bsha256:[0-9a-f]{12,64}", "DIGEST"), (r"\b[0-9a-f]{64}\b", "HASH"), (r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b", "TASK"),
    (r"\b[0-9a-f]{12}\b", "SHORT"), (r"\b\d{4}-\d\d-\d\dT[0-9:.]+Z", "TIME"), (r"\b\d\d:\d\d:\d\d\b", "TIME"),
    (r"ecs-svc/\d+", "DEPLOYMENT"), (r"\b\d+(\.\d+)? (s|ms|min|MB|KiB|B)\b", "N"), (r"\b(subnet|sg|vpc|eni)-[0-9a-f]+", "ID"),
    (r"/[0-9a-f]{8}:", "/TASK:"), (r"RequestToken: \S+", "TOKEN"), (r"\s+", " "),
]


@dataclass
class Step:
    command: str
    promised: list[str]


def steps(text: str) -> list[Step]:
    found: list[Step] = []
    for block in _BLOCK.findall(text):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Step(line[2:], []))
            else:
                found[-1].promised.append(line)
    return found


def run(steps: list[Step], folder: Path, environment: dict[str, str], timeout: float) -> list[list[str]]:
    """The output of each command, both streams in their order, all in one shell."""
    mark = "\x1e"
    # The exit code of the command before is what `$?` means to the next one.
    script = "code=0\n" + "".join(
        f"printf '%s\\n' '{mark}'\n(exit $code)\n{step.command}\ncode=$?\n" for step in steps)
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=timeout, stdin=subprocess.DEVNULL)
    return [part.strip("\n").splitlines() for part in done.stdout.split(mark + "\n")[1:]]


def normal(line: str) -> str:
    for pattern, word in _VARYING:
        line = re.sub(pattern, word, line)
    return line.strip()


def missing(promised: list[str], output: list[str]) -> list[str]:
    """The promised lines that the output does not have; `…` stands for any lines, or for the rest of one. Lines of several containers
    come in any order."""
    there = {normal(line) for line in output}

    def kept(line: str) -> bool:
        if line.endswith("…"):
            return any(one.startswith(normal(line.removesuffix("…"))) for one in there)
        return normal(line) in there
    return [line for line in promised if line.strip() != "…" and not kept(line)]
