"""The worked example of docs/dagster as a project of a test's own: its files with other names, on local AWS."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
from typing import Any

import composing
import harness
import parts
from leftovers import HarnessError
from processes import wait_until

EXAMPLE = harness.ROOT / "docs" / "dagster"
SERVICES = ("webserver", "daemon", "usercode")
PORTS = {"webserver": 3000, "usercode": 4000}


def runtime_image(binary: os.PathLike[str] | str) -> str:
    """The image of the binary that is tested, made by bin/image once for each binary. FGCTL_RUNTIME_IMAGE names another."""
    if named := os.environ.get("FGCTL_RUNTIME_IMAGE"):
        return named
    with open(binary, "rb") as file:
        name = f"fgctl-e2e-{hashlib.file_digest(file, 'sha256').hexdigest()[:12]}"
    with open(harness.ROOT / ".build" / ".e2e-image.lock", "w") as lock:
        # Workers run side by side.
        fcntl.flock(lock, fcntl.LOCK_EX)
        there = _docker("images", "--format", "{{.Repository}}", "--filter", "reference=fgctl-e2e-*").split()
        if name not in there:
            made = subprocess.run(
                [harness.ROOT / "bin" / "image", "--binary", str(binary), "--name", name], capture_output=True, text=True,
                timeout=600)
            if made.returncode != 0:
                raise HarnessError(f"bin/image: {made.stdout}{made.stderr}")
            # Those of earlier binaries; a container may still hold one.
            for old in there:
                subprocess.run(["docker", "image", "rm", f"{old}:latest"], capture_output=True, timeout=240)
    return f"{name}:latest"


def _docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, timeout=240)
    if done.returncode != 0:
        raise HarnessError(f"docker {' '.join(words)}: {done.stderr}")
    return done.stdout


def env_keys() -> dict[str, str]:
    """What the example's env/default says."""
    text = (EXAMPLE / "env" / "default").read_text(encoding="utf-8")
    return dict(re.findall(r"^([A-Z_0-9]+)=(.*)$", text, re.M))


class Example:
    """The example in the folder of a project."""

    def __init__(self, project: harness.Project, *, makes_secret: bool = True) -> None:
        self.project = project
        shutil.copytree(EXAMPLE, project.folder, dirs_exist_ok=True)
        (project.folder / "Dockerfile").unlink()
        self.secret = f"{project.stack}-database"
        if makes_secret:
            project.boto3("secretsmanager").create_secret(Name=self.secret, SecretString='{"password": "local"}')
        # The first registered is done last.
        project.on_cleanup("secret", lambda: project.boto3("secretsmanager").delete_secret(
            SecretId=self.secret, ForceDeleteWithoutRecovery=True))
        project.on_cleanup("images", lambda: composing.remove_images(project))
        project.on_cleanup("stacks", self._delete_stacks)
        keys = env_keys()
        self.names = {
            keys["AWS_ENDPOINT_URL"]: project.judge.url, "/ecs/dagster-demo/": f"/ecs/{project.stack}/",
            f"{keys['REGISTRY_URL']}/{keys['IMAGE_NAME']}": f"{project.registry}/{project.image}",
            **{f"{keys['IMAGE_NAME']}/{name}": f"{project.image}/{name}" for name in (*SERVICES, "fgctl")},
            keys["PARENT_STACK_NAME"]: project.parent_stack, keys["S3_BUCKET"]: project.bucket,
            keys["FGCTL_IMAGE"]: runtime_image(project.binary), keys["STACK_NAME"]: project.stack}
        project.write_env(**keys | project.keys | {
            "FGCTL_IMAGE": self.names[keys["FGCTL_IMAGE"]], "BASE": "busybox:local",
            "DATABASE_SECRET_ARN": keys["DATABASE_SECRET_ARN"].replace(keys["STACK_NAME"], project.stack)})

    def _delete_stacks(self) -> None:
        """Services, base, then what outlives them."""
        project = self.project
        for name in (project.stack, f"{project.stack}-base"):
            if parts.status_of(project, name):
                project.boto3("cloudformation").delete_stack(StackName=name)
                wait_until(f"stack {name} deleted", lambda name=name: parts.status_of(project, name) in (
                    None, "DELETE_COMPLETE"))
        ecr, logs = project.boto3("ecr"), project.boto3("logs")
        for repository in [r for page in ecr.get_paginator("describe_repositories").paginate() for r in page["repositories"]]:
            if repository["repositoryName"].startswith(f"{project.image}/"):
                ecr.delete_repository(repositoryName=repository["repositoryName"], force=True)
        for group in logs.describe_log_groups(logGroupNamePrefix=f"/ecs/{project.stack}")["logGroups"]:
            logs.delete_log_group(logGroupName=group["logGroupName"])

    def renamed(self, text: str) -> str:
        """A text of the documents with this project's names in it."""
        # Of those that begin at one place the longer first: it holds the shorter.
        known = "|".join(re.escape(name) for name in sorted(self.names, key=len, reverse=True))
        return re.sub(known, lambda found: self.names[found[0]], text)

    # --- changes --------------------------------------------------------------------------------------------------------

    def edit(self, path: str, pattern: str, replacement: str) -> None:
        file = self.project.folder / path
        text, count = re.subn(pattern, replacement, file.read_text(encoding="utf-8"), flags=re.M)
        assert count, f"{path} has no {pattern}"
        file.write_text(text, encoding="utf-8")

    def publish(self, version: str) -> None:
        """Builds and pushes the images of a version."""
        self.project.fgctl("compose-build", "env", version).expect(0)
        self.project.fgctl("compose-push", "env", version).expect(0)

    # --- what is there --------------------------------------------------------------------------------------------------

    def service(self, role: str) -> dict[str, Any]:
        [found] = self.project.boto3("ecs").describe_services(
            cluster=self.project.stack, services=[f"{self.project.stack}-{role}"])["services"]
        return found

    def task(self, role: str) -> dict[str, Any]:
        """The one task that runs for a service."""
        ecs, cluster = self.project.boto3("ecs"), self.project.stack

        def one() -> dict[str, Any] | None:
            arns = ecs.list_tasks(cluster=cluster, serviceName=f"{cluster}-{role}", desiredStatus="RUNNING")["taskArns"]
            tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
            return tasks[0] if len(tasks) == 1 and tasks[0]["lastStatus"] == "RUNNING" else None
        return wait_until(f"one task of {role}", one)

    def container(self, role: str) -> str:
        [found] = [one for one in self.task(role)["containers"] if one["name"] == role]
        return found["runtimeId"]

    def answer(self, role: str, path: str = "") -> str:
        """What the service says on its port, asked from within its container."""
        container, url = self.container(role), f"http://127.0.0.1:{PORTS[role]}/{path}"

        def asked() -> str | None:
            done = subprocess.run(
                ["docker", "exec", container, "wget", "-q", "-O", "-", url], capture_output=True, text=True, timeout=240)
            return done.stdout if done.returncode == 0 else None
        return wait_until(f"an answer of {role}", asked)

    def exec(self, role: str, *command: str) -> str:
        return _docker("exec", self.container(role), *command)

    def server_info(self) -> dict[str, str]:
        return json.loads(self.answer("webserver", "server_info"))

    def parameters(self) -> dict[str, str]:
        stack = parts.stack_of(self.project)
        assert stack is not None
        return {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}

    def running(self) -> dict[str, str]:
        """The version of each service, by the image of its task."""
        return {role: next(one["image"] for one in self.task(role)["containers"] if one["name"] == role).rpartition(":")[2]
                for role in SERVICES}

    def pointer(self) -> str:
        body = self.project.boto3("s3").get_object(
            Bucket=self.project.bucket, Key=f"{self.project.stack}/config/current.json")["Body"].read()
        return json.loads(body)["release"]
