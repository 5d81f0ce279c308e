"""The docker engine: the one that answers, else a dockerd of our own."""

import os
import shutil

from . import processes
from .paths import INSTANCE_LABEL, ROOT, STATE
from .processes import LocalAWSError, run

_DOCKERD = "dockerd"
_START_SECONDS = 180
_BRIDGE_MARK = "bridge-was-there"
_BASE_IMAGE = "busybox:local"
_IMAGE_MARK = STATE / "base-image-made"


def version() -> str | None:
    """Version of the engine that answers, or nil when none does."""
    if shutil.which("docker") is None:
        return None
    answer = run(["docker", "version", "--format", "{{.Server.Version}}"])
    text = answer.stdout.strip()
    return text if answer.returncode == 0 and text else None


def is_ours() -> bool:
    """Whether the engine was started by `up`."""
    return processes.find(_DOCKERD) is not None


def ensure() -> str:
    """Version of a running engine; starts dockerd when none answers and we may."""
    if running := version():
        return running
    if shutil.which("docker") is None or shutil.which("dockerd") is None:
        raise LocalAWSError(
            "no docker engine answers and docker is not installed.\n"
            "  Run bin/setup (installs docker.io), or start an engine and try again.")
    if os.geteuid() != 0:
        raise LocalAWSError("no docker engine answers, and starting dockerd needs root. Run this as root.")
    if os.environ.get("DOCKER_HOST"):
        raise LocalAWSError(
            f"no docker engine answers at DOCKER_HOST={os.environ['DOCKER_HOST']}.\n"
            "  Start that engine, or unset DOCKER_HOST to have one started here.")
    had_bridge = run(["ip", "link", "show", "docker0"]).returncode == 0
    process = processes.start(_DOCKERD, ["dockerd", "--host", "unix:///var/run/docker.sock"], _BRIDGE_MARK if had_bridge else "")
    if not processes.wait_until(lambda: version() is not None or not process.alive, _START_SECONDS, 0.3):
        raise LocalAWSError(f"dockerd does not answer after {_START_SECONDS} s. Its log ends:\n{processes.tail(_DOCKERD)}")
    running = version()
    if running is None:
        raise LocalAWSError(f"dockerd ended while starting. Its log ends:\n{processes.tail(_DOCKERD)}")
    return running


def make_base_image() -> None:
    """Makes busybox:local, the base image that needs no public registry, where it is missing or of another busybox."""
    there = run(["docker", "image", "inspect", _BASE_IMAGE]).returncode == 0
    made = run([str(ROOT / "bin" / "lib" / "base-image.sh")], timeout=300)
    if made.returncode != 0:
        raise LocalAWSError(f"making image {_BASE_IMAGE} failed:\n{made.stderr.strip()}")
    if not there:
        _IMAGE_MARK.touch()


def remove_containers() -> int:
    """Removes what this checkout's emulator started: containers with their volumes, named volumes, networks."""
    if version() is None:
        return 0
    listed = run(["docker", "ps", "--all", "--quiet", "--filter", f"label={INSTANCE_LABEL}"])
    if listed.returncode != 0:
        raise LocalAWSError(f"listing containers failed: {listed.stderr.strip()}")
    containers = listed.stdout.split()
    if containers:
        removed = run(["docker", "rm", "--force", "--volumes", *containers], timeout=300)
        if removed.returncode != 0 and "No such container" not in removed.stderr:
            raise LocalAWSError(f"removing containers failed: {removed.stderr.strip()}")
    for kind in ("volume", "network"):
        named = run(["docker", kind, "ls", "--quiet", "--filter", f"label={INSTANCE_LABEL}"]).stdout.split()
        if named:
            run(["docker", kind, "rm", *named])
    return len(containers)


def remove_base_image() -> None:
    """Removes the tag busybox:local when `up` made it. Images built on it keep their layers."""
    if _IMAGE_MARK.exists() and version() is not None:
        run(["docker", "rmi", _BASE_IMAGE])
        _IMAGE_MARK.unlink()


def stop() -> bool:
    """Ends the engine when `up` started it; takes its bridge along when that was not there before."""
    process = processes.find(_DOCKERD)
    if not processes.stop(_DOCKERD, grace=30, whole_group=False):
        return False
    if process is not None and process.fingerprint != _BRIDGE_MARK:
        run(["ip", "link", "delete", "docker0"])
    return True
