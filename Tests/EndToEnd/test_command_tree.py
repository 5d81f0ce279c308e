"""The whole tree of commands: each can be tried with --dry-run, prints the JSON that docs/ describes, and has examples that
can be typed."""

from __future__ import annotations

import json
import re
import shlex

import composing
import dagstering
import parts
import pytest
import schemas
from harness import wait_until

TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
ACCOUNT = "000000000000"
OF_DAGSTER = {"update-usercode", "update-webserver", "update-daemon"}


def tree(project):
    """Every command, as the program itself lists them."""
    overview = project.fgctl("--help").expect(0).out
    groups = re.findall(r"^[A-Z][A-Z ]* SUBCOMMANDS:\n((?: .*\n?)+)", overview, re.M)
    return {name for group in groups for name in re.findall(r"^  ([a-z][a-z0-9-]*)\b", group, re.M)}


def with_flags(words, *flags):
    """Behind the command: what follows a '--' belongs to somebody else."""
    return [words[0], *flags, *words[1:]]


class Walk:
    """Types commands, each first with --dry-run, and compares what they print with the documents."""

    def __init__(self, project, judge):
        self.project, self.judge, self.seen = project, judge, set()

    def dry(self, *words, code=0):
        mark = self.judge.mark()
        planned = self.project.fgctl(*with_flags(words, "--dry-run", "--output", "json")).expect(code)
        assert self.judge.requests(since=mark, mutating=True) == [], words
        self.check(planned, words[0], "dryRun")
        return planned.json

    def check(self, result, command, form):
        if schemas.DOCUMENT["commands"][command].get("lines"):
            assert result.out
            for line in result.out.splitlines():
                schemas.check(json.loads(line), command, form)
        else:
            schemas.check(result.json, command, form)

    def __call__(self, *words, code=0, dry=True):
        """The command's result."""
        if dry:
            self.dry(*words)
        result = self.project.fgctl(*with_flags(words, "--output", "json", "--yes")).expect(code)
        self.check(result, words[0], "result")
        self.seen.add(words[0])
        return result


@pytest.fixture
def role(project):
    """The ARN of a role that may be assumed."""
    iam = project.boto3("iam")
    name = f"{project.stack}-role"
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    project.on_cleanup("delete role", lambda: iam.delete_role(RoleName=name))
    return arn


def make_service(project, stack):
    """A service of the stack's cluster that runs nothing."""
    ecs, name = project.boto3("ecs"), "webserver"
    ecs.create_service(
        cluster=stack, serviceName=name, taskDefinition=stack, desiredCount=0, launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-0a"]}})

    def delete():
        if parts.status_of(project, stack):
            ecs.delete_service(cluster=stack, service=name, force=True)
    project.on_cleanup("service", delete)
    return name


def test_every_command_prints_what_is_documented(project, judge, role):
    walk, stack = Walk(project, judge), project.stack
    assert schemas.commands() == tree(project)

    walk("whoami")
    walk("doctor", "--offline")
    walk("doctor")
    keys = walk("assume-role", role).json
    assert keys["accessKeyId"].startswith("ASIA")
    ran = walk("assume-role", role, "--", "sh", "-c", "echo $AWS_ACCESS_KEY_ID; exit 3", code=3)
    assert (ran.json["exitCode"], ran.json["command"][:5]) == (3, "sh -c")
    assert re.search(r"^ASIA\w+$", ran.err, re.M) and keys["secretAccessKey"] not in ran.out
    walk("schedule-next", "0 0 * * ? *", "-n", "2")
    walk("schedule-next", "30 2 ? * SUN *", "--timezone", "Europe/Berlin", "-n", "60")

    project.write("config/workspace.yaml", "load_from:\n- grpc_server: {host: usercode, port: 4000}\n")
    walk("config-check")
    project.write("env/container", "MODE=full\n")
    walk("config-check", "--env-names", "env/container")
    config_tree(walk, project)

    walk("docker-build", "0.1")
    container = walk("docker-run", "0.1", "--command", "sh -c 'echo to whom; exit 7'", code=7)
    assert container.json["exitCode"] == 7 and container.json["durationSeconds"] > 0
    assert "to whom" in container.err.splitlines()
    walk("docker-push", "0.1")
    walk("docker-promote", "0.1", "1.0")
    composing.start(project)
    composing.make_repositories(project)
    walk("compose-build")
    walk("compose-push")

    assert walk("cf-create-vpc").json["action"] == "created"
    assert walk("cf-update-vpc").json["action"] == "unchanged"
    walk("cf-render", "0.1")
    assert walk("cf-create-stack", "0.1").json["action"] == "created"
    walk("cf-create-stack", "0.1")
    assert walk.dry("cf-create-stack", "1.0", code=1)["action"] == "differs"
    assert "clientToken" not in walk.dry("schedule-create", "0 0 * * ? *")
    walk("schedule-create", "0 0 * * ? *", "--set-env", "MODE=full")
    changed = walk("cf-update-stack", "1.0").json
    assert changed["action"] == "updated"
    walk("cf-status")
    walk("cf-events")
    for line in project.fgctl("cf-events", "--follow", "--output", "json").expect(0).out.splitlines():
        schemas.check(json.loads(line), "cf-events", "follow")
    walk("cf-diagnose")

    arn = walk("ecs-run-task", "--no-wait").json["taskArns"][0]
    assert walk("ecs-run-task", "--command", "sh -c 'exit 7'", code=7).json["exitCode"] == 7
    walk("ecs-wait-task", arn)
    walk("ecs-list-tasks")
    assert walk("ecs-stop-task", arn).json["tasks"][0]["asked"] is False
    wait_until("log lines", lambda: project.fgctl("ecs-logs", "--since", "1h").out)
    walk("ecs-logs", "--since", "1h")

    assert walk("schedule-create", "0 6 * * ? *").json["action"] == "updated"
    walk("schedule-create", "0 6 * * ? *")
    walk("schedule-create", "old", "rate(1 day)", "--engine", "rule")
    walk("schedule-list")
    walk("schedule-disable")
    walk("schedule-enable")
    assert "taskArns" in walk("schedule-run", "--no-wait").json
    walk("schedule-run")
    walk("schedule-run", "old", "--engine", "rule")
    walk("schedule-list")
    walk("schedule-remove")
    walk("schedule-remove", "old", "--engine", "rule")
    service = make_service(project, stack)
    walk("update-service", service)
    walk("service-status")
    another_revision(project, stack, service)
    walk("service-rollback", service)

    project.on_cleanup("deploy role", lambda: delete_stack(project, f"fgctl-deploy-{stack}"))
    walk("cf-create-deploy-role", "--principal", ACCOUNT, "--external-id", "nightly-7f3a")

    project.boto3("ecs").delete_service(cluster=stack, service="webserver", force=True)
    walk("cf-delete-stack")
    walk("cf-delete-stack")
    walk("cf-delete-vpc")
    assert walk.seen == tree(project) - OF_DAGSTER


def test_commands_of_dagster_print_what_is_documented(project, judge):
    walk = Walk(project, judge)
    dagstering.deploy(project)
    walk("update-daemon")
    walk("update-usercode")
    dagstering.release(project, "0.2")
    walk("update-usercode", "0.2")
    project.write("config/workspace.yaml", "load_from:\n- grpc_server: {host: usercode, port: 4000}\n")
    walk("update-webserver")
    assert walk.seen == OF_DAGSTER


def another_revision(project, stack, service):
    """Lets the service go on to a newer revision of its task definition."""
    ecs = project.boto3("ecs")
    before = ecs.describe_task_definition(taskDefinition=stack)["taskDefinition"]
    kept = ("family", "containerDefinitions", "networkMode", "cpu", "memory", "requiresCompatibilities", "executionRoleArn")
    after = ecs.register_task_definition(**{key: before[key] for key in kept if key in before})["taskDefinition"]
    ecs.update_service(cluster=stack, service=service, taskDefinition=after["taskDefinitionArn"])


def delete_stack(project, name):
    project.boto3("cloudformation").delete_stack(StackName=name)
    wait_until(f"stack {name} deleted", lambda: parts.status_of(project, name) in (None, "DELETE_COMPLETE"))


def test_failures_are_as_documented(project, judge):
    """Each command, given nothing it could work on."""
    project.write("env/default", "AWS_REGION=us-east-1\n")
    for command in sorted(tree(project)):
        refused = project.fgctl(command, "--output", "json", "one", "two", "three", "four", "five", "six")
        assert refused.code in (64, 125), command
        schemas.check(refused.json, command, "failure")
    assert judge.requests(label=judge.label) == []


# --- examples -------------------------------------------------------------------------------------------------------


def examples(project):
    """What a shell would hand to fgctl, of every example in every help text."""
    for command in sorted(tree(project)):
        text = project.fgctl(command, "--help").expect(0).out
        calls = []
        for line in re.findall(r"^  (.*\bfgctl .*)$", text.split("USAGE:")[0], re.M):
            lexer = shlex.shlex(line.replace('"$(', " $( ").replace(')"', " ) "), posix=True, punctuation_chars="();|>")
            lexer.whitespace_split, lexer.commenters = True, "#"
            words = list(lexer)
            for start in (i for i, word in enumerate(words) if word == "fgctl"):
                rest = words[start + 1:]
                end = next((i for i, w in enumerate(rest) if w and set(w) <= set("();|>")), len(rest))
                calls.append(rest[:end])
        assert any(call[0] == command for call in calls), f"{command} has no example of its own"
        yield from calls


@pytest.fixture
def example_project(job, standing_stacks):
    """A project in which the examples mean something."""
    parts.put_image(job, "0.1", "0.2", "0.4")
    composing.start(job)
    job.write("deploy/compose.yaml", (job.folder / "compose.yaml").read_text())
    for name in composing.SERVICES:
        job.write(f"deploy/{name}/Dockerfile", (job.folder / name / "Dockerfile").read_text())
    names = {"STACK_NAME": standing_stacks.stack, "PARENT_STACK_NAME": standing_stacks.parent_stack,
             "ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/deploy"}
    for name in ("default", "production"):
        job.write_env(name, **names)
    job.write("remote.env", "MODE=full\n")
    job.write("env/container", "MODE=full\n")
    job.write("config/workspace.yaml", "load_from:\n- grpc_server: {host: usercode, port: 4000}\n")
    job.write("dags/one.py", "")
    job.write("deploy/config/workspace.yaml", "load_from: []\n")
    job.write("network.yaml", (parts.TEMPLATES / "network.yaml").read_text())
    return job


def test_every_example_can_be_typed(example_project, judge):
    """As a dry run: what is not there may be missed (1, 125), but nothing is misunderstood, and nothing is changed."""
    project = example_project
    arn = project.fgctl("ecs-run-task", "--no-wait").expect(0).out.strip()
    project.fgctl("ecs-wait-task", arn).expect(0)
    mark = judge.mark()
    tried = set()
    for call in examples(project):
        words = [arn if word == "$arn" else word for word in call]
        tried.add(words[0])
        if {"--follow", "-f"} & set(words) and words[0] == "ecs-logs":
            looked = judge.mark()
            running = project.start(*with_flags(words, "--dry-run"))
            wait_until("a look at the logs", lambda: judge.requests("logs", "FilterLogEvents", since=looked))
            running.interrupt()
            assert running.wait(30).code == 130, words
            continue
        result = project.fgctl(*with_flags(words, "--dry-run"))
        assert result.code in (0, 1, 125), f"{' '.join(words)}\n{result}"
        assert "usage" not in result.err.lower(), result
    assert tried == tree(project)
    assert judge.requests(since=mark, mutating=True) == []


def config_tree(walk, project):
    """Config in a bucket of its own, before there is the project's."""
    bucket, s3 = f"{project.stack}-tree".lower(), project.boto3("s3")
    s3.create_bucket(Bucket=bucket)
    project.on_cleanup(bucket, lambda: empty_bucket(s3, bucket))
    place = f"s3://{bucket}/c"
    first = walk("config-push", "--to", place).json["release"]
    project.write("config/other.txt", "x\n")
    walk.dry("config-diff", "--from", place, code=2)
    assert walk("config-diff", "--from", place, code=2, dry=False).json["differences"][0]["kind"] == "added"
    second = walk("config-push", "--to", place, "--keep", "3").json["release"]
    assert walk("config-pull", "pulled", "--from", place).json["release"] == second
    assert walk("config-rollback", "--to", place).json["release"] == first
    assert [entry["isCurrent"] for entry in walk("config-list", "--from", place).json["releases"]].count(True) == 1
    walk("config-push", "--flat", "--to", f"s3://{bucket}/flat")
    walk("config-pull", "flat", "--flat", "--from", f"s3://{bucket}/flat")
    walk("config-diff", "flat", "--flat", "--from", f"s3://{bucket}/flat")


def empty_bucket(s3, bucket):
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for entry in page.get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=entry["Key"])
    s3.delete_bucket(Bucket=bucket)
