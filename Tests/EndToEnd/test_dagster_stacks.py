"""TEMPLATE=dagster: base stack first, then what is missing is said, then the services; update, render, status, delete."""

from __future__ import annotations

import json
import subprocess

import pytest
from leftovers import Leftovers
from parts import create, outputs_of, stack_of, status_of

RELEASE = "0123456789abcdef" * 4
PARTS = ("webserver", "daemon", "usercode", "fgctl")
OPTIONS = "LoadBalancer=false"


# Stands in for Dagster's programs and for the sidecar: well when asked, else there until it is told to go.
PROGRAM = """#!/bin/sh
case "$0 $*" in */fgctl*|*health-check*|*liveness-check*|*urllib*) exit 0 ;; esac
trap 'exit 0' TERM
sleep 600 & wait
"""
PROGRAMS = ("dagster", "dagster-webserver", "dagster-daemon", "python", "fgctl")


def put_images(project, *tags: str, parts=PARTS[:3]) -> None:
    """Builds and pushes images that services can run on."""
    folder = project.folder / "standin"
    folder.mkdir(exist_ok=True)
    for name in PROGRAMS:
        (folder / name).write_text(PROGRAM)
        (folder / name).chmod(0o755)
    for part in parts:
        for tag in tags:
            (folder / "Dockerfile").write_text(
                f"FROM busybox:local\nLABEL fgctl.test={project.suffix} part={part} tag={tag}\n"
                f"COPY {' '.join(PROGRAMS)} /bin/\nCMD [\"dagster\"]\n")
            name = f"{project.registry}/{project.image}/{part}:{tag}"
            for command in (["build", "-q", "-t", name, str(folder)], ["push", "-q", name]):
                done = subprocess.run(["docker", *command], capture_output=True, text=True, timeout=240)
                assert done.returncode == 0, done.stderr


def point_config(project, release: str = RELEASE) -> None:
    """What config-push leaves behind, as far as cf-create-stack looks at it."""
    project.boto3("s3").put_object(
        Bucket=project.bucket, Key=f"{project.stack}/config/current.json",
        Body=json.dumps({"version": 1, "release": release, "updatedAt": "2026-01-01T00:00:00Z", "updatedBy": "test"}))


@pytest.fixture
def dagster(project):
    """A project with TEMPLATE=dagster in a network of its own and with a database elsewhere."""
    secrets = project.boto3("secretsmanager")
    secret = secrets.create_secret(Name=f"{project.stack}-db", SecretString='{"password": "word"}')["ARN"]
    project.base = f"{project.stack}-base"
    leftovers = Leftovers(project)

    def repositories() -> None:
        ecr = project.boto3("ecr")
        for part in PARTS:
            try:
                ecr.delete_repository(repositoryName=f"{project.image}/{part}", force=True)
            except ecr.exceptions.RepositoryNotFoundException:
                pass

    project.on_cleanup("secret", lambda: secrets.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True))
    project.on_cleanup("repositories", repositories)
    project.on_cleanup("base stack", lambda: leftovers.stack(project.base))
    project.on_cleanup("services", lambda: leftovers.stack(project.stack))
    project.secret = secret
    project.dagster_keys = {
        "TEMPLATE": "dagster", "DATABASE_HOST": "db.example", "DATABASE_SECRET_ARN": secret, "PARAMETERS": OPTIONS}
    project.write_env(**project.dagster_keys)
    return project


@pytest.fixture
def networked(dagster):
    dagster.fgctl("cf-create-vpc").expect(0)
    return dagster


@pytest.fixture
def standing(networked):
    """Base and services."""
    networked.fgctl("cf-create-stack", "0.1").expect(1)
    put_images(networked, "0.1")
    put_images(networked, "0.1.0", parts=("fgctl",))
    point_config(networked)
    networked.fgctl("cf-create-stack", "0.1").expect(0)
    return networked


def test_the_first_deploy(networked, judge):
    project = networked
    first = project.fgctl("cf-create-stack", "env", "0.1").expect(1)
    assert status_of(project, project.base) == "CREATE_COMPLETE"
    assert stack_of(project) is None
    image = project.image
    assert (f"fgctl: create stack {project.stack}: missing: image {image}/webserver:0.1, image {image}/daemon:0.1, "
            f"image {image}/usercode:0.1, image {image}/fgctl:0.1.0, a config release") in first.err
    for step in ("'fgctl cf-create-stack -e env 0.1' again", "fgctl compose-build", "fgctl compose-push",
                 f"docker push {project.registry}/{image}/fgctl:0.1.0", "fgctl config-push"):
        assert step in first.err
    assert "Namespace  DNS zone  0.50" in first.err and "database" not in first.err.split("stack")[0]

    ecr = project.boto3("ecr")
    for part in PARTS:
        [repository] = ecr.describe_repositories(repositoryNames=[f"{image}/{part}"])["repositories"]
        assert repository["imageTagMutability"] == "IMMUTABLE"
        assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
    outputs = outputs_of(project, project.base)
    assert outputs["BucketName"] == project.bucket
    assert (outputs["DatabaseHost"], outputs["DatabasePort"]) == ("db.example", "5432")

    put_images(project, "0.1")
    mark = judge.mark()
    second = project.fgctl("cf-create-stack", "0.1").expect(1)
    assert f"missing: image {image}/fgctl:0.1.0, a config release" in second.err
    assert [r for r in judge.requests(since=mark, mutating=True)] == []

    put_images(project, "0.1.0", parts=("fgctl",))
    point_config(project)
    done = project.fgctl("cf-create-stack", "0.1").expect(0)
    outputs = outputs_of(project)
    assert dict(line.split(" = ", 1) for line in done.out.splitlines()) == outputs
    assert "Fargate task, 0.5 vCPU, 1 GB" in done.err and "other regions differ" in done.err
    parameters = {p["ParameterKey"]: p["ParameterValue"] for p in stack_of(project)["Parameters"]}
    assert parameters["ConfigRelease"] == RELEASE == outputs["ConfigRelease"]
    assert [parameters[f"{part}Version"] for part in ("Webserver", "Daemon", "Usercode")] == ["0.1"] * 3

    ecs = project.boto3("ecs")
    services = ecs.describe_services(
        cluster=project.stack, services=[outputs[f"{p}Service"] for p in ("Webserver", "Daemon", "Usercode")])["services"]
    assert [s["serviceName"] for s in services] == [f"{project.stack}-{part}" for part in PARTS[:3]]
    limits = [(s["deploymentConfiguration"]["minimumHealthyPercent"], s["deploymentConfiguration"]["maximumPercent"])
              for s in services]
    assert limits == [(100, 200), (0, 100), (100, 200)]
    definitions = {
        part: ecs.describe_task_definition(taskDefinition=f"{project.stack}-{part}")["taskDefinition"]
        for part in PARTS[:3]}
    definitions[project.stack] = ecs.describe_task_definition(taskDefinition=project.stack)["taskDefinition"]
    for name, definition in definitions.items():
        main, config = definition["containerDefinitions"]
        assert (main["name"], config["name"]) == (name, "config")
        assert main["dependsOn"] == [{"containerName": "config", "condition": "SUCCESS"}]
        assert config["essential"] is False and main["essential"] is True
        assert int(config["startTimeout"]) == 120
        assert config["command"] == [
            "fgctl", "config-pull", "/config", "--release", RELEASE, "--timeout", "100s", "--uid", "0", "--gid", "0"]
        environment = {pair["name"]: pair["value"] for pair in main["environment"]}
        assert environment["DAGSTER_HOME"] == "/config/current"
        assert [s["name"] for s in main["secrets"]] == ["DAGSTER_POSTGRES_PASSWORD"]
        assert main["mountPoints"][0]["containerPath"] == config["mountPoints"][0]["containerPath"] == "/config"
    usercode = definitions["usercode"]["containerDefinitions"][0]
    assert usercode["command"] == ["dagster", "code-server", "start", "-h", "0.0.0.0", "-p", "4000", "-f", "defs.py"]
    environment = {pair["name"]: pair["value"] for pair in usercode["environment"]}
    assert environment["DAGSTER_CURRENT_IMAGE"] == f"{project.registry}/{image}/usercode:0.1"
    assert json.loads(environment["DAGSTER_CONTAINER_CONTEXT"])["ecs"]["task_role_arn"] == outputs["TaskRoleArn"]
    assert "command" not in definitions[project.stack]["containerDefinitions"][0]

    again = project.fgctl("cf-create-stack", "0.1").expect(0)
    assert f"stack {project.stack} is already as asked; nothing was changed" in again.err
    # A pointer that has moved is no difference: services keep their release until they are given another.
    point_config(project, "f" * 64)
    project.fgctl("cf-create-stack", "0.1").expect(0)


def test_a_dry_run_creates_nothing(networked, judge):
    mark = judge.mark()
    result = networked.fgctl("cf-create-stack", "0.1", "--dry-run", "--output", "json").expect(0)
    assert (result.json["stack"], result.json["action"]) == (networked.base, "create")
    assert f"then stack {networked.stack}, once images and a config release are there" in result.err
    assert judge.requests(since=mark, mutating=True) == []


def test_update_render_status(standing, judge):
    project = standing
    missing = project.fgctl("cf-update-stack", "0.2").expect(1)
    assert f"update stack {project.stack}: missing: image {project.image}/webserver:0.2" in missing.err
    put_images(project, "0.2")
    project.fgctl("cf-update-stack", "0.2", "--yes").expect(0)
    parameters = {p["ParameterKey"]: p["ParameterValue"] for p in stack_of(project)["Parameters"]}
    assert (parameters["UsercodeVersion"], parameters["ConfigRelease"]) == ("0.2", RELEASE)
    mark = judge.mark()
    same = project.fgctl("cf-update-stack").expect(0)
    assert "no updates" in same.err
    assert judge.requests(since=mark, mutating=True) == []
    # One service's own version.
    put_images(project, "0.3", parts=("usercode",))
    project.fgctl("cf-update-stack", "--set", "USERCODE_VERSION=0.3", "--yes").expect(0)
    parameters = {p["ParameterKey"]: p["ParameterValue"] for p in stack_of(project)["Parameters"]}
    assert (parameters["UsercodeVersion"], parameters["DaemonVersion"]) == ("0.3", "0.2")

    status = project.fgctl("cf-status", "--output", "json").expect(0).json
    assert [stack["name"] for stack in status["stacks"]] == [project.parent_stack, project.base, project.stack]
    rendered = project.fgctl("cf-render", "0.2", "--output", "json").expect(0).json
    assert (rendered["stack"], rendered["parameters"]["WebserverVersion"]) == (project.stack, "0.2")
    base = project.fgctl("cf-render", "--base", "--output", "json").expect(0).json
    assert (base["stack"], base["parameters"]["CreateDatabase"]) == (project.base, "false")


def test_the_batch_task_runs_where_its_database_lets_it_in(standing):
    project = standing
    group = outputs_of(project)["TaskSecurityGroupId"]
    assert group != outputs_of(project, project.parent_stack)["SecurityGroupId"]
    request = project.fgctl("ecs-run-task", "--dry-run", "--output", "json").expect(0).json
    network = request["networkConfiguration"]["awsvpcConfiguration"]
    assert (network["securityGroups"], ",".join(network["subnets"])) == ([group], outputs_of(project)["SubnetIds"])
    assert (request["cluster"], request["taskDefinition"].rpartition("/")[2]) == (project.stack, f"{project.stack}:1")
    project.fgctl("schedule-create", "0 0 * * ? *").expect(0)
    stored = project.boto3("scheduler").get_schedule(Name=project.stack, GroupName=project.stack)["Target"]
    assert stored["EcsParameters"]["NetworkConfiguration"]["awsvpcConfiguration"]["SecurityGroups"] == [group]
    assert stored["RoleArn"] == outputs_of(project)["ScheduleRoleArn"]


def test_services_go_before_the_base(standing):
    project = standing
    planned = project.fgctl("cf-delete-stack", "--dry-run", "--output", "json").expect(0).json
    assert planned["base"]["stack"] == project.base
    assert f"bucket {project.bucket}" in planned["base"]["kept"]
    assert [g.rsplit("/", 1)[1] for g in planned["serviceLogGroups"]] == ["webserver", "daemon", "usercode"]
    project.fgctl("cf-delete-stack").expect(64)
    assert status_of(project) == "CREATE_COMPLETE"

    project.fgctl("cf-delete-stack", "--yes", "--keep-base").expect(0)
    assert (status_of(project), status_of(project, project.base)) == (None, "CREATE_COMPLETE")
    assert project.boto3("logs").describe_log_groups(logGroupNamePrefix=f"/ecs/{project.stack}")["logGroups"] == []
    # What stayed is used again.
    project.fgctl("cf-create-stack", "0.1").expect(0)
    result = project.fgctl("cf-delete-stack", "--yes").expect(0)
    assert result.err.index(f"stack {project.stack} deleted") < result.err.index(f"stack {project.base} deleted")
    assert (status_of(project), status_of(project, project.base)) == (None, None)
    # The repositories and the bucket stayed as well, and a new base takes them as they are.
    again = project.fgctl("cf-create-stack", "0.1").expect(0)
    assert f"repository {project.image}/usercode exists: it is used as it is" in again.err
    assert f"bucket {project.bucket} exists in this account: it is used as it is" in again.err


def test_a_protected_database_keeps_its_base(networked):
    project = networked
    stack = stack_of(project, project.parent_stack)
    network = {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}
    # A base whose template says it has a database, without RDS, which local AWS can't run.
    template = {
        "Parameters": {name: {"Type": "String", "Default": "true"} for name in (
            "CreateDatabase", "DatabaseDeletionProtection")},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}, "Outputs": {"VpcId": {"Value": network["VpcId"]}}}
    create(project, project.base, json.dumps(template))
    refused = project.fgctl("cf-delete-stack", "--yes").expect(1)
    assert f"delete stack {project.base}: its database is protected against deletion" in refused.err
    assert "--parameter DatabaseDeletionProtection=false" in refused.err
    assert status_of(project, project.base) == "CREATE_COMPLETE"


@pytest.mark.parametrize(("changes", "arguments", "code", "text"), [
    ({"DATABASE_SECRET_ARN": None}, ("0.1",), 64, "needs DATABASE_SECRET_ARN"),
    ({"PARAMETERS": "LoadBalancr=false"}, ("0.1",), 64, "did you mean LoadBalancer?"),
    ({"PARAMETERS": "LoadBalancer"}, ("0.1",), 65, "which is not NAME=VALUE"),
    ({"S3_BUCKET": None}, ("0.1",), 64, "S3_BUCKET"),
    ({"PARENT_STACK_NAME": None}, ("0.1",), 64, "neither PARENT_STACK_NAME nor VPC_ID and SUBNETS"),
    ({}, ("0.1", "--parameter", "WebserverCpu=300"), 64, "WebserverCpu"),
    ({}, ("0.1", "--parameter", "WebserverCpu=4096"), 64, "with cpu 4096 Fargate has"),
    ({}, ("0.1", "--parameter", "ImagesKept=1"), 64, "is less than 10"),
    ({}, ("0.1", "--template", "daggster"), 64, "there is no template daggster"),
])
def test_bad_input_changes_nothing(dagster, judge, changes, arguments, code, text):
    dagster.write_env(**(dagster.dagster_keys | changes))
    mark = judge.mark()
    result = dagster.fgctl("cf-create-stack", *arguments).expect(code)
    assert text in result.err
    assert judge.requests(since=mark, mutating=True) == []
