"""Deletes what a test made on local AWS and in the docker engine."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from processes import wait_until

if TYPE_CHECKING:
    from harness import Project


class HarnessError(Exception):
    """The ground of the tests is missing or broken: no binary, no local AWS, something left behind."""


MISSING = re.compile(
    r"NotFound|NoSuch|does not exist|ResourceNotFound|RepositoryNotFound|ClusterNotFound|ParameterNotFound"
    r"|StateMachineDoesNotExist|404")


class Leftovers:
    """Deletes what fgctl may have made under a project's names. Everything may be missing."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def actions(self) -> list[tuple[str, Callable[[], None]]]:
        """In the order in which fgctl makes things, so that last in, first out takes them down."""
        on_aws = [
            ("repository", self.repository), ("bucket", self.bucket),
            ("parent stack", lambda: self.stack(self.project.parent_stack)), ("log groups", self.log_groups),
            ("parameters", self.parameters), ("task definitions", self.task_definitions),
            ("stack", lambda: self.stack(self.project.stack)), ("tasks", self.tasks), ("schedules", self.schedules),
        ]
        return [("docker", self.docker), *((name, self._if_changed(action)) for name, action in on_aws)]

    def _if_changed(self, action: Callable[[], None]) -> Callable[[], None]:
        """Most tests of bad input change nothing: there is nothing to ask for then."""
        return lambda: action() if self.project.may_have_changed_aws else None

    def _unless_missing(self, call: Callable[..., Any], **arguments: Any) -> Any:
        try:
            return call(**arguments)
        except ClientError as error:
            if MISSING.search(f"{error.response['Error'].get('Code')} {error}"):
                return None
            raise

    def schedules(self) -> None:
        scheduler = self.project.boto3("scheduler")
        group = self.project.stack
        if self._unless_missing(scheduler.get_schedule_group, Name=group) is None:
            return
        for page in scheduler.get_paginator("list_schedules").paginate(GroupName=group):
            for schedule in page["Schedules"]:
                self._unless_missing(scheduler.delete_schedule, Name=schedule["Name"], GroupName=group)

    def tasks(self) -> None:
        ecs, cluster = self.project.boto3("ecs"), self.project.stack

        def running() -> list[str]:
            found = self._unless_missing(ecs.list_tasks, cluster=cluster, desiredStatus="RUNNING")
            return found["taskArns"] if found else []

        for service in (self._unless_missing(ecs.list_services, cluster=cluster) or {}).get("serviceArns", []):
            self._unless_missing(ecs.delete_service, cluster=cluster, service=service, force=True)
        for task in running():
            self._unless_missing(ecs.stop_task, cluster=cluster, task=task, reason="end of the test")
        wait_until(f"tasks of {cluster} stopped", lambda: not running())

    def task_definitions(self) -> None:
        ecs = self.project.boto3("ecs")
        for status in ("ACTIVE", "INACTIVE"):
            arns = ecs.list_task_definitions(familyPrefix=self.project.stack, status=status)["taskDefinitionArns"]
            for arn in arns:
                if status == "ACTIVE":
                    ecs.deregister_task_definition(taskDefinition=arn)
                else:
                    ecs.delete_task_definitions(taskDefinitions=[arn])

    def stack(self, name: str) -> None:
        cloudformation = self.project.boto3("cloudformation")

        def status() -> str | None:
            found = self._unless_missing(cloudformation.describe_stacks, StackName=name)
            return found["Stacks"][0]["StackStatus"] if found and found["Stacks"] else None

        if status() in (None, "DELETE_COMPLETE"):
            return
        self.empty_bucket()
        cloudformation.delete_stack(StackName=name)
        last = wait_until(
            f"stack {name} deleted",
            lambda: (s := status() or "gone") in ("gone", "DELETE_COMPLETE", "DELETE_FAILED") and s)
        if last == "DELETE_FAILED":
            raise HarnessError(f"stack {name}: DELETE_FAILED")

    def log_groups(self) -> None:
        logs = self.project.boto3("logs")
        for group in logs.describe_log_groups(logGroupNamePrefix=f"/ecs/{self.project.stack}")["logGroups"]:
            self._unless_missing(logs.delete_log_group, logGroupName=group["logGroupName"])

    def parameters(self) -> None:
        ssm, stack = self.project.boto3("ssm"), self.project.stack
        names = []
        for prefix in (f"{stack}_", f"/{stack}/"):
            filters = [{"Key": "Name", "Option": "BeginsWith", "Values": [prefix]}]
            for page in ssm.get_paginator("describe_parameters").paginate(ParameterFilters=filters):
                names += [p["Name"] for p in page["Parameters"] if p["Name"].startswith(prefix)]
        for name in names:
            self._unless_missing(ssm.delete_parameter, Name=name)

    def empty_bucket(self) -> None:
        s3, bucket = self.project.boto3("s3"), self.project.bucket
        if self._unless_missing(s3.head_bucket, Bucket=bucket) is None:
            return
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for entry in page.get("Versions", []) + page.get("DeleteMarkers", []):
                s3.delete_object(Bucket=bucket, Key=entry["Key"], VersionId=entry["VersionId"])

    def bucket(self) -> None:
        self.empty_bucket()
        self._unless_missing(self.project.boto3("s3").delete_bucket, Bucket=self.project.bucket)

    def repository(self) -> None:
        ecr = self.project.boto3("ecr")
        self._unless_missing(ecr.delete_repository, repositoryName=self.project.image, force=True)

    def docker(self) -> None:
        """Containers and images of this test; the image's name is in no other test's."""
        if shutil.which("docker") is None:
            return
        # A task that was being started when it was stopped may have had a container made since: its image stays until that goes.
        wait_until(f"docker images of {self.project.suffix} removed", lambda: not self._remove_from_docker(), interval=1)

    def _remove_from_docker(self) -> list[str]:
        """The images that could not be removed."""
        # Of tasks, and of builds that failed.
        shown = '{{.ID}} {{.Label "com.amazonaws.ecs.task-definition-family"}}/{{.Label "fgctl.test"}}'
        listed = self._docker("ps", "--all", "--format", shown) or ""
        for container, _, labels in (line.partition(" ") for line in listed.splitlines()):
            if labels.startswith(f"{self.project.stack}/") or labels.endswith(f"/{self.project.suffix}"):
                self._docker("rm", "-f", "-v", container)
        for image in dict.fromkeys([*self._named_images(), *self._labelled_images()]):
            self._docker("rmi", "-f", image)
        return self._labelled_images()

    def _labelled_images(self) -> list[str]:
        return (self._docker("images", "-q", "--filter", f"label=fgctl.test={self.project.suffix}") or "").split()

    def _named_images(self) -> list[str]:
        listed = self._docker("images", "--format", "{{.Repository}}:{{.Tag}}") or ""
        return [n for n in listed.split() if n.rpartition(":")[0].rpartition("/")[2] == self.project.image]

    def _docker(self, *arguments: str) -> str | None:
        """Standard output, nil when docker fails: an image may be gone with its last tag."""
        done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=180)
        return done.stdout if done.returncode == 0 else None
