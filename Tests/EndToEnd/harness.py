"""What an end-to-end test of the fgctl binary stands on: a project of its own on local AWS, behind the judge."""

from __future__ import annotations

import functools
import json
import os
import secrets
import subprocess
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from leftovers import HarnessError, Leftovers
from processes import TIMEOUT, Result, Running, wait_until

__all__ = ["TIMEOUT", "HarnessError", "Leftovers", "Project", "Result", "Running", "check_local_aws", "client", "find_binary",
           "wait_until"]

ROOT = Path(__file__).resolve().parents[2]
LOCAL_AWS = "http://127.0.0.1:4566"
REGION = "us-east-1"


def find_binary() -> Path:
    """`$FGCTL_BIN`, else the debug build's product.

    - Raises: `HarnessError` when there is no such executable.
    """
    named = os.environ.get("FGCTL_BIN")
    if named:
        binary = Path(named).absolute()
    else:
        shown = subprocess.run(
            ["swift", "build", "--show-bin-path"], cwd=ROOT, capture_output=True, text=True, timeout=300)
        if shown.returncode != 0:
            raise HarnessError(f"swift build --show-bin-path: {shown.stderr.strip()}")
        binary = Path(shown.stdout.strip().splitlines()[-1]) / "fgctl"
    if not os.access(binary, os.X_OK):
        raise HarnessError(f"{binary} is no executable: run bin/build, or set FGCTL_BIN")
    return binary


def check_local_aws(url: str) -> None:
    """- Raises: `HarnessError` when nothing answers like local AWS at `url`."""
    try:
        with urllib.request.urlopen(f"{url}/_ministack/health", timeout=240) as answer:
            json.load(answer)["services"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise HarnessError(f"no local AWS at {url} ({error}): run bin/local-aws up") from error


@functools.cache
def client(service: str, endpoint: str) -> Any:
    """boto3 straight to local AWS: what a test looks up by it is no part of the record. One for all tests: to make one takes
    longer than to call it."""
    config = Config(
        retries={"mode": "standard", "max_attempts": 4}, s3={"addressing_style": "path"}, connect_timeout=60,
        read_timeout=300)
    return boto3.client(
        service, endpoint_url=endpoint, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test",
        config=config)


DOCKERFILE = """FROM busybox:local
LABEL fgctl.test={suffix}
CMD ["sh", "-c", "echo hello from {stack}"]
"""


class Project:
    """A project folder with names of its own, and all that a test makes under these names.

    `env/default` points AWS_ENDPOINT_URL at the judge. `names` are at most 20 characters.
    """

    def __init__(self, folder: Path, binary: Path, judge: Any, local_aws: str = LOCAL_AWS) -> None:
        self.binary, self.judge, self.local_aws = binary, judge, local_aws
        self.suffix = secrets.token_hex(4)
        self.stack = f"t{self.suffix}"
        self.parent_stack = f"t{self.suffix}-vpc"
        self.bucket = f"t{self.suffix}-bucket"
        self.image = f"t{self.suffix}-image"
        self.registry = os.environ.get("FGCTL_LOCAL_REGISTRY", "localhost:4566")
        self.home, self.folder = folder / "home", folder / "project"
        self._running: list[Running] = []
        self._begin, self._has_client = judge.mark(), False
        self._cleanups: list[tuple[str, Callable[[], None]]] = []
        self.home.mkdir(parents=True)
        # The walk upward for env/default stops at .git.
        (self.folder / ".git").mkdir(parents=True)
        self.write("Dockerfile", DOCKERFILE.format(suffix=self.suffix, stack=self.stack))
        self.write_env()
        for name, action in Leftovers(self).actions():
            self.on_cleanup(name, action)

    @property
    def keys(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.judge.url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION, "REGISTRY_URL": self.registry, "STACK_NAME": self.stack,
            "PARENT_STACK_NAME": self.parent_stack, "S3_BUCKET": self.bucket, "IMAGE_NAME": self.image,
        }

    def write(self, path: str, text: str) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def write_env(self, name: str = "default", **changes: str | None) -> Path:
        """Writes `env/NAME`; a change of None leaves its key out."""
        keys = {key: value for key, value in (self.keys | changes).items() if value is not None}
        return self.write(f"env/{name}", "".join(f"{key}={value}\n" for key, value in keys.items()))

    @property
    def environment(self) -> dict[str, str]:
        """What fgctl gets: nothing of the tester's own but the path and the docker engine."""
        passed = ("PATH", "DOCKER_HOST", "TMPDIR", "LD_LIBRARY_PATH")
        clean = {name: os.environ[name] for name in passed if name in os.environ}
        return clean | {"HOME": str(self.home), "LANG": "C.UTF-8", "TZ": "UTC"}

    def start(
        self, *arguments: str, input: str | None = None, env: Mapping[str, str | None] | None = None,
        cwd: Path | str | None = None, binary: Path | str | None = None,
    ) -> Running:
        """Starts fgctl in the project's folder. A value of None in `env` takes the variable away."""
        environment = {k: v for k, v in (self.environment | dict(env or {})).items() if v is not None}
        command = [str(binary or self.binary), *(str(a) for a in arguments)]
        running = Running(command, environment, self.folder / (cwd or ""), input)
        self._running.append(running)
        return running

    def fgctl(
        self, *arguments: str, timeout: float = TIMEOUT, input: str | None = None,
        env: Mapping[str, str | None] | None = None, cwd: Path | str | None = None, binary: Path | str | None = None,
    ) -> Result:
        """Runs fgctl to its end, at most `timeout` seconds."""
        return self.start(*arguments, input=input, env=env, cwd=cwd, binary=binary).wait(timeout)

    def boto3(self, service: str) -> Any:
        """A client straight to local AWS, past the judge."""
        self._has_client = True
        return client(service, self.local_aws)

    @property
    def may_have_changed_aws(self) -> bool:
        """False for a test whose fgctl sent nothing that changes anything and that asked for no client of its own."""
        return self._has_client or bool(self.judge.requests(since=self._begin, mutating=True))

    def on_cleanup(self, name: str, action: Callable[[], None]) -> None:
        """Runs `action` at the end of the test, before all that were registered earlier."""
        self._cleanups.append((name, action))

    def clean_up(self) -> None:
        """Last in, first out; every action is tried.

        - Raises: `HarnessError` that lists the actions that failed.
        """
        problems = []
        # Done first: the injections hold back what is still running.
        self.on_cleanup("injections", self.judge.clear_injections)
        for running in self._running:
            self.on_cleanup(f"end of {running.arguments[1:2]}", running.kill)
        self._running = []
        while self._cleanups:
            name, action = self._cleanups.pop()
            try:
                action()
            except Exception as error:  # every action must get its turn; all failures are raised below
                problems.append(f"{name}: {type(error).__name__}: {error}")
        if problems:
            raise HarnessError("left behind:\n" + "\n".join(problems))
