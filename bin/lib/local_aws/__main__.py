"""bin/local-aws up|down|status"""

import argparse
import os
import contextlib
import fcntl
import shutil
import sys
import time
from collections.abc import Iterator

from . import emulator, engine, network, processes
from .paths import CREDENTIALS_ADDRESS, CREDENTIALS_PORT, HEALTH_PATH, PORT, STATE, URL, give_to_user, prepare_state
from .processes import LocalAWSError, log_file

_LOCK_SECONDS = 180


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Only one `up` or `down` of this checkout at a time."""
    prepare_state()
    path = STATE / ".lock"
    with path.open("a") as lock:
        give_to_user(path)
        deadline = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise LocalAWSError(f"another bin/local-aws has been at work for {_LOCK_SECONDS} s") from None
                time.sleep(0.1)
        yield


def up(say) -> int:
    with alone():
        for tool in ("socat", "ip", "ss"):
            if shutil.which(tool) is None:
                raise LocalAWSError(f"{tool} is not installed. Run bin/setup.")
        version = engine.ensure()
        engine.make_base_image()
        outcome = emulator.ensure()
        gateway = network.forward()
        open_to_all = network.exposed(PORT)
        if open_to_all:
            emulator.stop()
            raise LocalAWSError(f"the emulator listens on {', '.join(open_to_all)}, not on loopback only; it was stopped")
    words = {"running": "is already up", "started": "is up", "restarted": "is up again (its code or pins changed)"}
    say(f"local AWS {words[outcome]}")
    say(f"  API          {URL}  (health: {URL}{HEALTH_PATH})")
    say(f"  registry     localhost:{PORT}")
    say(f"  containers   API at {gateway}:{PORT} (host.docker.internal), role credentials at {CREDENTIALS_ADDRESS}:{CREDENTIALS_PORT}")
    say(f"  docker       {version}{' (started by this command)' if engine.is_ours() else ''}, base image busybox:local")
    say(f"  logs         {STATE}")
    return 0


def down(say) -> int:
    with alone():
        stopped = emulator.stop()
        removed = engine.remove_containers()
        engine.remove_base_image()
        network.remove()
        engine_stopped = engine.stop()
        shutil.rmtree(STATE / "tmp", ignore_errors=True)
    if not stopped and not engine_stopped and removed == 0:
        say("local AWS was not up")
        return 0
    say(f"local AWS is down: emulator and forwarders ended, {removed} containers removed"
        + (", docker engine stopped" if engine_stopped else ""))
    return 0


def status(say) -> int:
    rows = []
    version = engine.version()
    rows.append(("docker engine", version is not None, f"version {version}" if version else "does not answer"))
    process = processes.find(emulator.NAME)
    if process is None:
        rows.append(("emulator", False, "not started from here"))
    elif not emulator.healthy():
        rows.append(("emulator", False, f"pid {process.pid} does not answer, see {log_file(emulator.NAME)}"))
    elif process.fingerprint != emulator.fingerprint():
        rows.append(("emulator", True, f"pid {process.pid}, {URL}, of an older state of bin/lib: 'up' restarts it"))
    else:
        rows.append(("emulator", True, f"pid {process.pid}, {URL}"))
    for name in network.FORWARDERS:
        forwarder = processes.find(name)
        rows.append((name, forwarder is not None, f"pid {forwarder.pid}, {forwarder.fingerprint}" if forwarder else "not running"))
    for name, good, text in rows:
        say(f"{name:<20} {'up' if good else 'down':<5} {text}")
    return 0 if all(good for _, good, _ in rows) else 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/local-aws")
    parser.add_argument("command", choices=("up", "down", "status"))
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    arguments = parser.parse_args()
    say = (lambda text: None) if arguments.quiet else print
    try:
        return {"up": up, "down": down, "status": status}[arguments.command](say)
    except LocalAWSError as error:
        print(f"local-aws: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read along has seen enough. What is still buffered must not be written at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


if __name__ == "__main__":
    sys.exit(main())
