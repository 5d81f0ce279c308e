"""The main job on a real account: see bin/smoke-aws. Standard library only.

Exit codes: 0 all steps ended as expected and nothing is left; 1 a step did not, or something is left; 64 the account is
not named or not the one that STS names; 130 and 143 interrupted, after cleaning up.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GUARD = "FGCTL_SMOKE_AWS"
STEP_SECONDS = 20 * 60
BASE_IMAGE = "public.ecr.aws/docker/library/busybox:stable"
# A schedule that is there, but does not fire while somebody looks.
EXPRESSION = "0 0 29 2 ? *"

PLAN = f"""bin/smoke-aws makes, on the account that {GUARD} names, and takes away again:
  a VPC with two subnets, an internet gateway and a security group (not with --subnets), an ECR repository with one
  image of a few MB, an ECS cluster with a task definition, three IAM roles, a log group and a schedule group; it runs two
  Fargate tasks of 0.25 vCPU and 0.5 GB for some seconds each, and makes one schedule, which does not fire.
What it costs: less than 0.01 USD (two Fargate minutes and two public addresses; the rest is free or too small to be
  billed). It takes about ten minutes. When cleaning up fails it says what is left and how to remove it; nothing that it
  makes is billed by the hour but a running task."""


@dataclass
class Step:
    """A command and how it ended."""

    name: str
    expected: int
    code: int | None
    seconds: float
    said: str = ""
    #: Failed, and went well the second time.
    repeated: bool = False

    @property
    def good(self) -> bool:
        return self.code == self.expected


class Interrupted(Exception):
    """Raised while a step is waited for, or before one, never in between: cleaning up must not be missed."""


class Smoke:
    def __init__(self, options: argparse.Namespace, account: str, region: str, folder: Path) -> None:
        self.options, self.account, self.region, self.folder = options, account, region, folder
        self.name = f"fgctl-smoke-{secrets.token_hex(3)}"
        self.network = f"{self.name}-net"
        self.steps: list[Step] = []
        self.left: list[str] = []
        self.begun: list[str] = []
        self.cleaning = False
        self.interrupted = 0
        self.waiting = False
        self.out = ""

    # --- the job ----------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """A project of its own: only names and the account, which fgctl checks; credentials stay where they are."""
        (self.folder / ".git").mkdir()
        (self.folder / "env").mkdir()
        keys = {"AWS_ACCOUNT_ID": self.account, "AWS_REGION": self.region, "STACK_NAME": self.name,
                "IMAGE_NAME": self.name, "TAGS": "purpose=fgctl-smoke"}
        if self.options.subnets:
            keys |= {"SUBNETS": self.options.subnets, "SECURITY_GROUPS": self.options.security_groups}
        else:
            keys |= {"PARENT_STACK_NAME": self.network}
        (self.folder / "env/default").write_text("".join(f"{key}={value}\n" for key, value in keys.items()))
        (self.folder / "Dockerfile").write_text(
            f"FROM {self.options.base_image}\nLABEL fgctl.smoke={self.name}\nCMD [\"echo\", \"hello from {self.name}\"]\n")

    def job(self) -> None:
        """All steps up to the first that does not end as it should."""
        steps = [("docker-build", "0.1"), ("docker-push", "0.1")]
        steps += [] if self.options.subnets else [("cf-create-vpc",)]
        steps += [("cf-create-stack", "0.1"), ("ecs-run-task",), ("ecs-run-task", "--command", 'sh -c "echo seven; exit 7"'),
                  ("ecs-logs",), ("schedule-create", EXPRESSION), ("schedule-list",), ("cf-status",),
                  ("schedule-remove", "--yes")]
        for words in steps:
            self.begun.append(words[0])
            step = self.fgctl(*words, expected=7 if "exit 7" in words[-1] else 0)
            if step.good and words[0] == "ecs-logs" and "seven" not in self.out:
                step.code, step.said = 1, "the second task's line 'seven' is not in the log"
            if not step.good:
                say(f"step {step.name} ended with {step.code}, not {step.expected}: cleaning up")
                return

    def clean_up(self) -> None:
        """Takes away what may be there; tries everything."""
        self.cleaning = True
        if "cf-create-stack" in self.begun:
            self.delete("stack", self.name, "cf-delete-stack", "--yes")
        if "cf-create-vpc" in self.begun:
            self.delete("stack", self.network, "cf-delete-vpc", "--yes")
        if "docker-push" in self.begun:
            self.delete_repository()
        if "docker-build" in self.begun:
            images = self.docker("images", "--quiet", "--filter", f"label=fgctl.smoke={self.name}").split()
            if images:
                self.docker("image", "rm", "--force", *dict.fromkeys(images))

    def delete(self, kind: str, name: str, *words: str) -> None:
        if not all(step.good for step in self.steps):
            # After an interruption CloudFormation goes on: its operation has to end first.
            self.fgctl("cf-events", "--follow", "--quiet", "--stack", name)
            self.steps.pop()
        # Once more: a deletion fails while a network interface of the last task is still going.
        first = self.fgctl(*words)
        if first.good:
            return
        first.repeated = self.fgctl(*words).good
        if first.repeated:
            return
        self.left.append(f"{kind} {name}: aws cloudformation delete-stack --region {self.region} --stack-name {name}")

    def delete_repository(self) -> None:
        # fgctl deletes no images.
        words = ["ecr", "delete-repository", "--region", self.region, "--repository-name", self.name, "--force"]
        aws = shutil.which("aws") or str(ROOT / ".build/venvs/tests/bin/aws")
        if os.access(aws, os.X_OK):
            profile = ["--profile", self.options.profile] if self.options.profile else []
            step = self.run("aws ecr delete-repository", [aws, *words, *profile], 0)
            if step.good or "RepositoryNotFoundException" in step.said:
                step.code = 0
                return
        self.left.append(f"repository {self.name}: aws {' '.join(words)}")

    # --- processes --------------------------------------------------------------------------------------------------

    def fgctl(self, *words: str, expected: int = 0) -> Step:
        profile = ["--profile", self.options.profile] if self.options.profile else []
        return self.run(" ".join(["fgctl", *words]), [str(self.options.fgctl), *words, *profile], expected)

    def run(self, name: str, command: list[str], expected: int) -> Step:
        if self.interrupted and not self.cleaning:
            raise Interrupted
        say(f"$ {name}")
        environment = {k: v for k, v in os.environ.items() if k not in ("FGCTL_ENV", "AWS_PAGER")} | {"AWS_PAGER": ""}
        began = time.monotonic()
        # In a session of its own: Ctrl-C reaches it through us alone, and not at all while it cleans up.
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as out, \
                tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as err:
            running = subprocess.Popen(
                command, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                start_new_session=True, text=True)
            code: int | None
            try:
                self.waiting = True
                code = running.wait(STEP_SECONDS)
            except (subprocess.TimeoutExpired, Interrupted) as error:
                self.waiting = False
                running.send_signal(signal.SIGINT)
                try:
                    code = running.wait(180)
                except subprocess.TimeoutExpired:
                    running.kill()
                    code = running.wait()
                self.note(name, expected, None if isinstance(error, subprocess.TimeoutExpired) else code, began, "")
                if isinstance(error, Interrupted):
                    raise
                say(f"  no end after {STEP_SECONDS} s")
                return self.steps[-1]
            finally:
                self.waiting = False
            out.seek(0)
            err.seek(0)
            self.out, said = out.read(), err.read()
        sys.stderr.write("".join(f"  {line}\n" for line in (self.out + said).splitlines()))
        return self.note(name, expected, code, began, said)

    def note(self, name: str, expected: int, code: int | None, began: float, said: str) -> Step:
        self.steps.append(Step(name, expected, code, time.monotonic() - began, "\n".join(said.splitlines()[-5:])))
        return self.steps[-1]

    def docker(self, *words: str) -> str:
        done = subprocess.run(["docker", *words], capture_output=True, text=True, timeout=120)
        return done.stdout

    def on_signal(self, number: int, _frame: object) -> None:
        if self.cleaning or self.interrupted:
            # It may have come in the middle of a print, which must not be entered twice; and it must not fail.
            with contextlib.suppress(OSError):
                os.write(sys.__stderr__.fileno(), b"already cleaning up; a moment. What is left is listed at the end\n")
            return
        self.interrupted = number
        if self.waiting:
            raise Interrupted

    # --- the report -------------------------------------------------------------------------------------------------

    def report(self, verdict: str) -> str:
        version = subprocess.run(
            [str(self.options.fgctl), "--version"], capture_output=True, text=True, timeout=30).stdout.strip()
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        endpoint = os.environ.get("AWS_ENDPOINT_URL")
        where = f"endpoint {endpoint}, which is not AWS" if endpoint else "AWS"
        lines = [
            f"# Smoke test of fgctl {version}", "",
            f"{now}, account {'*' * 8}{self.account[-4:]}, region {self.region}, {where}, stack {self.name}", "",
            f"**{verdict}**", "", "| step | exit code | expected | seconds |", "|---|---|---|---|"]
        lines += [f"| `{s.name}` | {'timed out' if s.code is None else s.code} | {s.expected} | {s.seconds:.1f} |"
                  for s in self.steps]
        for step in self.steps:
            if not step.good and step.said:
                lines += ["", f"`{step.name}` said:", "", *(f"    {line}" for line in step.said.splitlines())]
        if self.left:
            lines += ["", "Left behind:", "", *(f"- {line}" for line in self.left)]
        return "\n".join(lines).replace(self.account, "*" * 8 + self.account[-4:]) + "\n"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bin/smoke-aws", description=PLAN, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"Credentials and region come from where fgctl takes them: environment, profile, instance.\n"
               f"{GUARD}=ACCOUNT has to name the account that pays.")
    parser.add_argument("--profile", help="profile of the AWS config files")
    parser.add_argument("--region", help="default: what the environment or the profile says")
    parser.add_argument("--subnets", help="an existing network instead of a new one: subnets, separated by commas")
    parser.add_argument("--security-groups", help="its security groups; needed with --subnets")
    parser.add_argument("--base-image", default=BASE_IMAGE, help=f"any image with sh and echo (default: {BASE_IMAGE})")
    parser.add_argument("--report", type=Path, help="where the report is written (default: .build/smoke-aws/STACK.md)")
    parser.add_argument("--fgctl", type=Path, default=ROOT / "bin/fgctl", help="the program (default: bin/fgctl)")
    options = parser.parse_args(arguments)
    if bool(options.subnets) != bool(options.security_groups):
        parser.error("--subnets and --security-groups go together")
    options.fgctl = options.fgctl.absolute()
    options.report = options.report and options.report.absolute()
    return options


def who(options: argparse.Namespace, folder: Path) -> dict:
    """Account and region as STS and fgctl see them. - Raises: `SystemExit` with fgctl's own exit code."""
    words = [str(options.fgctl), "whoami", "--output", "json"]
    words += ["--profile", options.profile] if options.profile else []
    words += ["--region", options.region] if options.region else []
    environment = {k: v for k, v in os.environ.items() if k != "FGCTL_ENV"}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        say(f"bin/smoke-aws: fgctl whoami failed:\n{(done.stderr or done.stdout).strip()}")
        raise SystemExit(done.returncode)
    return json.loads(done.stdout)


def main(arguments: list[str]) -> int:
    try:
        options = parse(arguments)
    except SystemExit as exit:
        return 64 if exit.code else 0
    named = os.environ.get(GUARD, "")
    say(PLAN)
    if not re.fullmatch(r"[0-9]{12}", named):
        say(f"\nNothing was done. To run it, name the account: {GUARD}=123456789012 bin/smoke-aws")
        return 64
    with tempfile.TemporaryDirectory(prefix="fgctl-smoke-") as temporary:
        folder = Path(temporary)
        found = who(options, folder)
        if found["account"] != named:
            say(f"\nNothing was done: {GUARD} names account {named}, the credentials are those of {found['account']}.")
            return 64
        smoke = Smoke(options, named, found["region"], folder)
        say(f"\naccount {named}, region {smoke.region}, stack {smoke.name}\n")
        return run(smoke)


def run(smoke: Smoke) -> int:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, smoke.on_signal)
    try:
        smoke.prepare()
        smoke.job()
    except Interrupted:
        say("interrupted: cleaning up")
    finally:
        smoke.clean_up()
    good = all(step.good or step.repeated for step in smoke.steps) and not smoke.left
    interrupted = smoke.interrupted
    verdict = "interrupted" if interrupted else "passed" if good else "failed"
    text = smoke.report(verdict)
    file = smoke.options.report or ROOT / ".build/smoke-aws" / f"{smoke.name}.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    print(text, end="", flush=True)
    say(f"report: {file}")
    return 128 + interrupted if interrupted else 0 if good else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        # Before anything was made.
        sys.exit(130)
