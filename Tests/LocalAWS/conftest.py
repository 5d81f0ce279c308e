"""Tests of local AWS against the running one (bin/local-aws up), with real containers.

Run: .build/venvs/tests/bin/pytest Tests/LocalAWS
Another one than that on 4566 is named by FGCTL_LOCAL_AWS (it has no ways from containers to it).
Each test uses names of its own and removes what it makes, so tests can run in parallel (-n).
"""

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[2]
URL = os.environ.get("FGCTL_LOCAL_AWS", "http://127.0.0.1:4566")
REGISTRY = f"localhost:{URL.rsplit(':', 1)[-1]}"
REGION = "us-east-1"
IMAGE = "busybox:local"
# Against hanging alone: how fast something is, is measured where it matters.
WAIT_SECONDS = 300


def wait_for(what: str, condition: Callable[[], Any], seconds: float = WAIT_SECONDS, interval: float = 0.1) -> Any:
    """The condition's value as soon as it is true; fails the test after the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        if time.monotonic() > deadline:
            pytest.fail(f"{what}: not within {seconds} s")
        time.sleep(interval)


def client(service: str, **credentials: str) -> Any:
    """A client of local AWS; one try per call, so that a test sees the first answer."""
    keys = credentials or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client(
        service, endpoint_url=URL, region_name=REGION,
        config=Config(retries={"total_max_attempts": 1}, read_timeout=WAIT_SECONDS), **keys)


@pytest.fixture(scope="session", autouse=True)
def local_aws() -> None:
    """Fails all tests with one plain sentence when local AWS is not up."""
    try:
        with urllib.request.urlopen(URL + "/_ministack/health", timeout=60) as answer:
            assert answer.status == 200
    except (urllib.error.URLError, OSError) as error:
        pytest.exit(f"local AWS does not answer on {URL} ({error}). Run: bin/local-aws up", returncode=1)


def docker(*arguments: str, stdin: bytes | None = None) -> str:
    """Runs the docker command; fails the test with what it said."""
    done = subprocess.run(["docker", *arguments], input=stdin, capture_output=True, timeout=WAIT_SECONDS)
    if done.returncode != 0:
        pytest.fail(f"docker {' '.join(arguments)}: {done.stderr.decode()}")
    return done.stdout.decode().strip()


class Lab:
    """A cluster, a log group and task definitions of one test."""

    def __init__(self) -> None:
        self.name = f"lab-{uuid.uuid4().hex[:12]}"
        self.ecs = client("ecs")
        self.logs = client("logs")
        self.iam = client("iam")
        self._families: list[str] = []
        self._roles: list[str] = []
        self.ecs.create_cluster(clusterName=self.name)
        self.logs.create_log_group(logGroupName=self.name)

    def define(self, *containers: dict[str, Any], **settings: Any) -> str:
        """Registers a Fargate task definition; its ARN."""
        complete = []
        for i, container in enumerate(containers):
            complete.append({
                "name": f"c{i}", "image": IMAGE, "essential": True,
                "logConfiguration": {"logDriver": "awslogs", "options": {
                    "awslogs-group": self.name, "awslogs-region": REGION, "awslogs-stream-prefix": "run"}},
            } | container)
        family = f"{self.name}-{len(self._families)}"
        self._families.append(family)
        answer = self.ecs.register_task_definition(
            family=family, requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
            containerDefinitions=complete, **settings)
        return answer["taskDefinition"]["taskDefinitionArn"]

    def shell(self, script: str, **container: Any) -> str:
        """A definition of one container that runs a shell script."""
        return self.define({"command": ["sh", "-c", script]} | container)

    def run(self, definition: str, **parameters: Any) -> str:
        """Starts one task; its ARN."""
        answer = self.ecs.run_task(**self.request(definition, **parameters))
        assert answer["failures"] == []
        return answer["tasks"][0]["taskArn"]

    def request(self, definition: str, **parameters: Any) -> dict[str, Any]:
        """A RunTask request."""
        return {
            "cluster": self.name, "taskDefinition": definition, "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"], "assignPublicIp": "ENABLED"}},
        } | parameters

    def task(self, arn: str) -> dict[str, Any]:
        """The task as DescribeTasks shows it now."""
        return self.ecs.describe_tasks(cluster=self.name, tasks=[arn])["tasks"][0]

    def status(self, arn: str, status: str, seconds: float = WAIT_SECONDS) -> dict[str, Any]:
        """The task once it has that status."""
        return wait_for(f"task {status}", lambda: (t := self.task(arn))["lastStatus"] == status and t, seconds)

    def finish(self, definition: str, **parameters: Any) -> dict[str, Any]:
        """Runs a task to its end."""
        return self.status(self.run(definition, **parameters), "STOPPED")

    def lines(self, arn: str, expected: int = 1, container: str = "c0") -> list[str]:
        """The container's log, once it has that many lines."""
        stream = f"run/{container}/{arn.rsplit('/', 1)[-1]}"
        lines: list[str] = []

        def read() -> bool:
            lines.clear()
            token: dict[str, str] = {}
            while True:
                try:
                    page = self.logs.get_log_events(
                        logGroupName=self.name, logStreamName=stream, startFromHead=True, **token)
                except self.logs.exceptions.ResourceNotFoundException:
                    return expected == 0
                lines.extend(event["message"] for event in page["events"])
                if token.get("nextToken") == page["nextForwardToken"] or not page["events"]:
                    return len(lines) >= expected
                token = {"nextToken": page["nextForwardToken"]}

        wait_for(f"{expected} lines in {stream}", read)
        return lines

    def output(self, definition: str, **parameters: Any) -> list[str]:
        """What one container of a task that succeeds wrote."""
        task = self.finish(definition, **parameters)
        assert task["containers"][0].get("exitCode") == 0, json.dumps(task, default=str)
        return self.lines(task["taskArn"])

    def role(self, service: str = "ecs-tasks.amazonaws.com", condition: dict[str, Any] | None = None) -> str:
        """A role that the service can take; its ARN."""
        name = f"{self.name}-role-{len(self._roles)}"
        self._roles.append(name)
        statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        trust = {"Version": "2012-10-17", "Statement": [statement | ({"Condition": condition} if condition else {})]}
        return self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]

    def execute(self, arn: str, container: str, *command: str) -> None:
        """Runs a command in a container of a task: what a test waits for happens when it says so, not some seconds later."""
        label = f"label=com.amazonaws.ecs.task-arn={arn}"
        name = f"label=com.amazonaws.ecs.container-name={container}"
        docker("exec", docker("ps", "--quiet", "--filter", label, "--filter", name), *command)

    def remove(self) -> None:
        arns = self.ecs.list_tasks(cluster=self.name)["taskArns"]
        for arn in arns:
            self.ecs.stop_task(cluster=self.name, task=arn)
        for arn in arns:
            self.status(arn, "STOPPED")
        for family in self._families:
            for arn in self.ecs.list_task_definitions(familyPrefix=family)["taskDefinitionArns"]:
                self.ecs.deregister_task_definition(taskDefinition=arn)
        for role in self._roles:
            self.iam.delete_role(RoleName=role)
        self.logs.delete_log_group(logGroupName=self.name)
        self.ecs.delete_cluster(cluster=self.name)


@pytest.fixture
def lab():
    """A Lab that is removed after the test."""
    made = Lab()
    yield made
    made.remove()


@pytest.fixture
def image(lab):
    """Builds an image from Dockerfile lines, pushes it to an ECR repository of the test; its name."""
    ecr = client("ecr")
    repositories, tags = [], []

    def build(*instructions: str, push: bool = True) -> str:
        name = f"{lab.name}-{len(repositories)}"
        ecr.create_repository(repositoryName=name)
        repositories.append(name)
        tag = f"{REGISTRY}/{name}:0.1"
        tags.append(tag)
        docker("build", "--quiet", "--tag", tag, "-", stdin="\n".join([f"FROM {IMAGE}", *instructions, ""]).encode())
        if push:
            docker("push", tag)
        return tag

    yield build
    for tag in tags:
        docker("rmi", "--force", tag)
    for name in repositories:
        ecr.delete_repository(repositoryName=name, force=True)
