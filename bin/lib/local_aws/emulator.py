"""The emulator's process: ministack with our overlay, on loopback."""

import hashlib
import json
import os
import socket
import sys
import urllib.error
import urllib.request
from pathlib import Path

from . import engine, network, processes
from .paths import HEALTH_PATH, HOST, INSTANCE, PORT, ROOT, STATE, URL
from .processes import LocalAWSError, run

NAME = "emulator"
_START_SECONDS = 180
# For as long a busy emulator may leave the health page waiting; one that has hung is restarted after it.
_HEALTH_SECONDS = 60


def fingerprint() -> str:
    """Of the overlay's code, the pinned packages and the interpreter: when it changes, `up` restarts."""
    digest = hashlib.sha256()
    package = Path(__file__).parent
    for file in sorted(package.rglob("*.py")):
        digest.update(str(file.relative_to(package)).encode() + b"\0" + file.read_bytes())
    digest.update((ROOT / "bin/lib/requirements-local-aws.txt").read_bytes())
    digest.update(sys.version.encode())
    return digest.hexdigest()


def healthy() -> bool:
    """Whether the health page answers 200."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(URL + HEALTH_PATH, timeout=_HEALTH_SECONDS) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def ensure() -> str:
    """Starts the emulator, or restarts it when its code changed: 'started', 'restarted' or 'running'."""
    wanted = fingerprint()
    process = processes.find(NAME)
    if process is not None and process.fingerprint == wanted and healthy():
        return "running"
    outcome = "restarted" if processes.stop(NAME, grace=10) else "started"
    # What an earlier run left behind has nobody who knows it any more.
    engine.remove_containers()
    _check_port()
    temporary = STATE / "tmp"
    temporary.mkdir(exist_ok=True)
    process = processes.start(NAME, [sys.executable, "-m", "local_aws.server"], wanted, _environment(temporary))
    if not processes.wait_until(lambda: healthy() or not process.alive, _START_SECONDS):
        raise LocalAWSError(f"the emulator is not healthy after {_START_SECONDS} s. Its log ends:\n{processes.tail(NAME)}")
    if not process.alive:
        raise LocalAWSError(f"the emulator ended while starting. Its log ends:\n{processes.tail(NAME)}")
    return outcome


def _check_port() -> None:
    with socket.socket() as probe:
        # What just stopped may still hold sockets in TIME_WAIT; that is no other listener.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, PORT))
        except OSError as error:
            raise LocalAWSError(
                f"port {PORT} of {HOST} is taken by {network.listener(HOST, PORT)} ({error.strerror}).\n"
                "  If that is the local AWS of another checkout, run 'bin/local-aws down' there; else end that process.",
            ) from None


def _environment(temporary: Path) -> dict[str, str]:
    """The emulator's environment, from nothing but what it needs: no setting of the user's changes what it does."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "LC_ALL", "TZ", "DOCKER_CONFIG")}
    home = os.environ.get("HOME")
    return kept | ({"HOME": home} if home else {}) | {
        "PYTHONPATH": str(ROOT / "bin" / "lib"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "DOCKER_HOST": _docker_host(),
        "TMPDIR": str(temporary),
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(PORT),
        # Its MQTT listener would be open to every interface.
        "IOT_MTLS_ENABLED": "0",
        # Labels the containers; `down` goes by it.
        "MINISTACK_HOSTNAME": INSTANCE,
    }


def _docker_host() -> str:
    """The engine that the docker command talks to; the docker SDK knows no contexts."""
    if host := os.environ.get("DOCKER_HOST"):
        return host
    answer = run(["docker", "context", "inspect", "--format", "{{json .Endpoints.docker.Host}}"])
    if answer.returncode == 0 and answer.stdout.strip():
        return json.loads(answer.stdout) or "unix:///var/run/docker.sock"
    return "unix:///var/run/docker.sock"


def stop() -> bool:
    """Ends the emulator; everything it held is gone with it."""
    return processes.stop(NAME, grace=10)
