"""A second local AWS, for tests, that enforces IAM policies: what a caller may not do is refused.

It is the same emulator with the same overlay on a port of its own, started with AUTH=true. The key test/test is the
account's root. It has no forwarders: containers don't reach it.
"""

from __future__ import annotations

import os
import random
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


#: Below those that systems hand out (from 32768 on): no connection takes it before the emulator does.
_PORTS = range(20_000, 32_000)


def _free_port() -> int:
    for port in random.sample(_PORTS, 50):
        try:
            with socket.create_server((HOST, port)):
                return port
        except OSError:
            continue  # somebody has it
    raise LocalAWSError(f"none of 50 ports from {_PORTS.start} to {_PORTS.stop} is free")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url + HEALTH_PATH, timeout=30) as answer:
            return answer.status == 200
    except OSError:
        return False


@contextmanager
def enforcing_aws(folder: Path) -> Iterator[str]:
    """Its URL. The registry is at localhost:PORT, which docker takes without TLS."""
    if not _PYTHON.exists():
        raise LocalAWSError(f"{_PYTHON} is not there: run bin/setup")
    port = _free_port()
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
        wait_until(lambda: process.poll() is not None or _answers(url), 240)
        if not _answers(url):
            raise LocalAWSError(f"the enforcing local AWS did not start:\n{log.read_text()[-2000:]}")
        yield url
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        mine = f"label=ministack.instance={label}:{port}"
        for listing, removal in (
                (["ps", "--all"], ["rm", "--force"]), (["volume", "ls"], ["volume", "rm"]),
                (["network", "ls"], ["network", "rm"])):
            found = subprocess.run(
                ["docker", *listing, "--quiet", "--filter", mine], capture_output=True, text=True, timeout=240).stdout.split()
            if found:
                subprocess.run(["docker", *removal, *found], capture_output=True, timeout=240)
