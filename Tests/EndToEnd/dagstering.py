"""A small stack with the outputs and parameters of a Dagster deployment, its services real containers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import composing
import parts
from processes import wait_until

if TYPE_CHECKING:
    from harness import Project

ROLES = ("webserver", "daemon", "usercode")
RELEASE = "a" * 64
RUNS = "trap 'exit 0' TERM; echo up; sleep 600 & wait"
FAILS = "echo no module named jobs; exit 3"

_PARAMETERS = """Parameters:
  Registry: {Type: String}
  RepositoryPrefix: {Type: String}
  ConfigRelease: {Type: String}
"""
_ROLE = """  %(role)sTask:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: !Sub ${AWS::StackName}-%(name)s
      RequiresCompatibilities: [FARGATE]
      NetworkMode: awsvpc
      Cpu: "256"
      Memory: "512"
      ContainerDefinitions:
        - Name: %(name)s
          Image: !Sub ${Registry}/${RepositoryPrefix}/%(name)s:${%(role)sVersion}
          Essential: true
          StopTimeout: 2
          Environment: [{Name: CONFIG_RELEASE, Value: !Ref ConfigRelease}]
          LogConfiguration:
            LogDriver: awslogs
            Options:
              awslogs-group: !Ref Logs
              awslogs-region: us-east-1
              awslogs-stream-prefix: ecs
  %(role)sService:
    Type: AWS::ECS::Service
    Properties:
      ServiceName: !Sub ${AWS::StackName}-%(name)s
      Cluster: !Ref Cluster
      TaskDefinition: !Ref %(role)sTask
      LaunchType: FARGATE
      DesiredCount: 1
      DeploymentConfiguration:
        MinimumHealthyPercent: 0
        MaximumPercent: 100
        DeploymentCircuitBreaker: {Enable: true, Rollback: true}
      NetworkConfiguration:
        AwsvpcConfiguration: {Subnets: [subnet-0a]}
"""
_HEAD = """Resources:
  Cluster:
    Type: AWS::ECS::Cluster
    Properties: {ClusterName: !Ref AWS::StackName}
  Logs:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: !Sub "/ecs/${AWS::StackName}"}
"""


def template() -> str:
    names = [(name.capitalize(), name) for name in ROLES]
    return (_PARAMETERS + "".join(f"  {role}Version: {{Type: String}}\n" for role, _ in names) + _HEAD
            + "".join(_ROLE % {"role": role, "name": name} for role, name in names)
            + "Outputs:\n  ClusterName: {Value: !Ref Cluster}\n"
            + "".join(f"  {role}Service: {{Value: !GetAtt {role}Service.Name}}\n" for role, _ in names))


def release(project: Project, version: str, usercode: str = RUNS) -> None:
    """Builds and pushes the images of a version."""
    composing.write_dockerfile(project, "usercode", f"{usercode} # {version}")
    project.fgctl("compose-build", version).expect(0)
    project.fgctl("compose-push", version).expect(0)


def deploy(project: Project, webserver: str = RUNS) -> None:
    """Images of version 0.1 and the stack that runs them."""
    composing.start(project, ROLES, RUNS)
    composing.write_dockerfile(project, "webserver", webserver)
    project.boto3("s3").create_bucket(Bucket=project.bucket)
    composing.make_repositories(project, *ROLES)
    release(project, "0.1")
    parts.create(
        project, project.stack, template(), Registry=project.registry, RepositoryPrefix=project.image,
        ConfigRelease=RELEASE, **{f"{role.capitalize()}Version": "0.1" for role in ROLES})
    wait_until("all services run", lambda: all(running(project, role) for role in ROLES))


def running(project: Project, role: str) -> list[dict[str, Any]]:
    """The tasks of a service that run."""
    ecs, cluster = project.boto3("ecs"), project.stack
    arns = ecs.list_tasks(cluster=cluster, serviceName=f"{cluster}-{role}", desiredStatus="RUNNING")["taskArns"]
    tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
    return [task for task in tasks if task["lastStatus"] == "RUNNING"]


def image(project: Project, role: str) -> str:
    [task] = running(project, role)
    return task["containers"][0]["image"].rpartition(":")[2]


def parameters(project: Project) -> dict[str, str]:
    stack = parts.stack_of(project)
    assert stack is not None
    return {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}


def status(project: Project) -> str | None:
    return parts.status_of(project, project.stack)


def settled_at(project: Project, role: str) -> float:
    """When the service reached its steady state, as ECS tells."""
    service = project.boto3("ecs").describe_services(
        cluster=project.stack, services=[f"{project.stack}-{role}"])["services"][0]
    steady = [event["createdAt"].timestamp() for event in service["events"] if "steady state" in event["message"]]
    return max(steady, default=time.time())
