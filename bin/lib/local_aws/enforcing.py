"""A second local AWS, for tests, that enforces IAM policies: what a caller may not do is refused.

It is the same emulator with the same overlay on a port of its own, started with AUTH=true. The key test/test is the
account's root. It has no forwarders: containers don't reach it.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .paths import HEALTH_PATH, HOST, ROOT
from .processes import LocalAWSError, wait_until

_PYTHON = ROOT / ".build/venvs/local-aws/bin/python"


# A guard against hanging: several of these start at once on a busy machine.
_START_SECONDS = 180


@contextmanager
def _held_port() -> Iterator[int]:
    """A port that nobody else gets while the emulator starts and runs.

    A port that was only looked for and let go can be another process's a moment later, for its own end of some connection
    among others. Bound without listening it is nobody's but of whoever names it with SO_REUSEADDR, as the emulator does.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind((HOST, 0))
        yield holder.getsockname()[1]


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url + HEALTH_PATH, timeout=60) as answer:
            return answer.status == 200
    except OSError:
        return False


@contextmanager
def enforcing_aws(folder: Path) -> Iterator[str]:
    """Its URL. The registry is at localhost:PORT, which docker takes without TLS."""
    if not _PYTHON.exists():
        raise LocalAWSError(f"{_PYTHON} is not there: run bin/setup")
    with _held_port() as port:
        yield from _serve(folder, port)


def _serve(folder: Path, port: int) -> Iterator[str]:
    log = folder / "emulator.log"
    label = f"fgctl-test-{secrets.token_hex(6)}"
    environment = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "DOCKER_HOST", "DOCKER_CONFIG")}
    environment |= {
        "PYTHONPATH": str(ROOT / "bin/lib"), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1",
        "TMPDIR": str(folder), "BIND_HOST": HOST, "GATEWAY_PORT": str(port), "IOT_MTLS_ENABLED": "0",
        "MINISTACK_HOSTNAME": label, "AUTH": "true"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(_PYTHON), "-m", "local_aws.server"], env=environment, cwd=folder, stdin=subprocess.DEVNULL,
            stdout=output, stderr=output, start_new_session=True)
    url = f"http://{HOST}:{port}"
    try:
        wait_until(lambda: process.poll() is not None or _answers(url), _START_SECONDS)
        if not _answers(url):
            raise LocalAWSError(f"the enforcing local AWS did not start:\n{log.read_text()[-2000:]}")
        yield url
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(60)
        mine = f"label=ministack.instance={label}:{port}"
        for listing, removal in (
                (["ps", "--all"], ["rm", "--force"]), (["volume", "ls"], ["volume", "rm"]),
                (["network", "ls"], ["network", "rm"])):
            found = subprocess.run(
                ["docker", *listing, "--quiet", "--filter", mine], capture_output=True, text=True, timeout=300).stdout.split()
            if found:
                subprocess.run(["docker", *removal, *found], capture_output=True, timeout=300)
