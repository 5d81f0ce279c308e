"""What tests of stacks and tasks start from: images in ECR, stacks that stand already, small templates."""

from __future__ import annotations

import fcntl
import hashlib
import json
import secrets
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import harness
from leftovers import Leftovers
from processes import wait_until

if TYPE_CHECKING:
    from harness import Project

IMAGE = "busybox:local"
TEMPLATES = harness.ROOT / "templates"


def put_image(project: Project, *tags: str) -> None:
    """Makes the project's repository hold images with these tags, for tests that never start them."""
    ecr = project.boto3("ecr")
    try:
        ecr.create_repository(repositoryName=project.image)
    except ecr.exceptions.RepositoryAlreadyExistsException:
        pass
    for tag in tags:
        digest = f"sha256:{hashlib.sha256(f'{project.image}:{tag}'.encode()).hexdigest()}"
        manifest = {
            "schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "layers": [],
            "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 2, "digest": digest}}
        ecr.put_image(repositoryName=project.image, imageManifest=json.dumps(manifest), imageTag=tag)


def stack_of(project: Any, name: str | None = None) -> dict[str, Any] | None:
    """The stack as boto3 describes it; nil when there is none."""
    cloudformation = project.boto3("cloudformation")
    try:
        return cloudformation.describe_stacks(StackName=name or project.stack)["Stacks"][0]
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def status_of(project: Any, name: str | None = None) -> str | None:
    stack = stack_of(project, name)
    return stack and stack["StackStatus"]


def outputs_of(project: Any, name: str | None = None) -> dict[str, str]:
    stack = stack_of(project, name)
    assert stack is not None
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def create(project: Any, name: str, template: str, **parameters: str) -> None:
    """Creates a stack past fgctl and the judge."""
    cloudformation = project.boto3("cloudformation")
    cloudformation.create_stack(
        StackName=name, TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()])
    wait_until(f"stack {name} settled", lambda: not (status_of(project, name) or "").endswith("_IN_PROGRESS"))
    assert status_of(project, name) == "CREATE_COMPLETE", stack_of(project, name)


class StandingStacks:
    """A network and a task stack of fgctl's own templates that many tests share; the task's image is `busybox:local`."""

    may_have_changed_aws = True

    def __init__(self, local_aws: str) -> None:
        self.local_aws = local_aws
        self.suffix = secrets.token_hex(4)
        self.stack, self.parent_stack = f"t{self.suffix}", f"t{self.suffix}-vpc"
        self.bucket = self.image = f"t{self.suffix}-none"

    def boto3(self, service: str) -> Any:
        return harness.client(service, self.local_aws)

    def create(self) -> None:
        create(self, self.parent_stack, (TEMPLATES / "network.yaml").read_text())
        create(self, self.stack, (TEMPLATES / "task.yaml").read_text(), ImageUri=IMAGE)

    def delete(self) -> None:
        for _, action in reversed(Leftovers(self).actions()):
            action()


@contextmanager
def standing_stacks(local_aws: str) -> Iterator[StandingStacks]:
    stacks = StandingStacks(local_aws)
    try:
        stacks.create()
        yield stacks
    finally:
        stacks.delete()


def answering(judge: Any, begin: float, end: float) -> float:
    """For how many seconds of that time AWS had something to answer. Measured times are taken less it: how slow a busy machine's
    local AWS is says nothing of fgctl."""
    seconds, last = 0.0, begin
    for request in judge.requests():
        came = request.time.timestamp()
        answered = min(came + request.milliseconds / 1000, end)
        seconds += max(0.0, answered - max(came, last))
        last = max(last, answered)
    return seconds


def own_seconds(judge: Any, mark: int) -> float:
    """How long a command took from its first request to its last answer, less the time in which AWS had something to answer."""
    judge.settle()
    requests = judge.requests(since=mark)
    begin = requests[0].time.timestamp()
    end = max(request.time.timestamp() + request.milliseconds / 1000 for request in requests)
    return end - begin - answering(judge, begin, end)


@contextmanager
def alone_with_the_fgctl_image() -> Iterator[None]:
    """For tests that make or remove `fgctl:VERSION`, which docker has once: those of other workers wait."""
    with open(harness.ROOT / ".build" / ".fgctl-image.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# A stack that stays CREATE_IN_PROGRESS until `signal` is called.
WAITING = """Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !Sub ${AWS::StackName}-topic
  Handle:
    Type: AWS::CloudFormation::WaitConditionHandle
  Wait:
    Type: AWS::CloudFormation::WaitCondition
    DependsOn: Topic
    Properties:
      Handle: !Ref Handle
      Timeout: "300"
      Count: 1
"""


def signal(project: Any, status: str = "SUCCESS", reason: str = "told so") -> None:
    """Lets the stack of `WAITING` go on, or fail."""
    cloudformation = project.boto3("cloudformation")

    def handle() -> str | None:
        found = cloudformation.describe_stack_resources(StackName=project.stack)["StackResources"]
        return next((r.get("PhysicalResourceId") for r in found if r["LogicalResourceId"] == "Handle"), None)

    url = wait_until("the wait handle", handle)
    body = json.dumps({"Status": status, "Reason": reason, "UniqueId": "one", "Data": "-"}).encode()
    request = urllib.request.Request(url, data=body, method="PUT", headers={"Content-Type": ""})
    with urllib.request.urlopen(request, timeout=240) as answer:
        assert answer.status == 200


# Fails on the second resource as long as there is an event bus of its name.
BREAKABLE = """Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !Sub ${AWS::StackName}-topic
  Bus:
    Type: AWS::Events::EventBus
    DependsOn: Topic
    Properties:
      Name: !Sub ${AWS::StackName}-bus
"""

# Creates nothing but a topic.
SMALL = """Parameters:
  Colour:
    Type: String
    Default: red
    AllowedValues: [red, green]
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !Sub ${AWS::StackName}-topic
      DisplayName: !Ref Colour
Outputs:
  Colour:
    Value: !Ref Colour
"""


def all_tasks(ecs, cluster):
    """Every task of a cluster that ECS still knows, however many; a worker's standing cluster gathers hundreds."""
    pages = (page for status in ("RUNNING", "STOPPED")
             for page in ecs.get_paginator("list_tasks").paginate(cluster=cluster, desiredStatus=status))
    arns = sorted({arn for page in pages for arn in page["taskArns"]})
    return [task for first in range(0, len(arns), 100)
            for task in ecs.describe_tasks(cluster=cluster, tasks=arns[first:first + 100])["tasks"]]
