"""Schedules (bin/lib/local_aws/overlay/scheduled_tasks.py, schedule_checks.py)."""

import json
from datetime import datetime, timezone

import pytest
from botocore.exceptions import ClientError
from conftest import client, wait_for

SERVICE = "scheduler.amazonaws.com"


@pytest.fixture
def group(lab):
    scheduler = client("scheduler")
    scheduler.create_schedule_group(Name=lab.name)
    yield lab.name
    scheduler.delete_schedule_group(Name=lab.name)


def test_a_due_schedule_runs_its_task_with_the_context_filled_in(lab, group):
    scheduler = client("scheduler")
    definition = lab.shell('echo "$WHEN $ID $ARN"')
    cluster = lab.ecs.describe_clusters(clusters=[lab.name])["clusters"][0]["clusterArn"]
    overrides = {"containerOverrides": [{"name": "c0", "environment": [
        {"name": "WHEN", "value": "<aws.scheduler.scheduled-time>"},
        {"name": "ID", "value": "<aws.scheduler.execution-id>"},
        {"name": "ARN", "value": "<aws.scheduler.schedule-arn>"}]}]}
    began = datetime.now(timezone.utc).replace(microsecond=0)
    arn = scheduler.create_schedule(
        Name="nightly", GroupName=group, FlexibleTimeWindow={"Mode": "OFF"},
        ScheduleExpression=f"at({began:%Y-%m-%dT%H:%M:%S})",
        Target={
            "Arn": cluster, "RoleArn": lab.role(SERVICE), "Input": json.dumps(overrides),
            "EcsParameters": {
                "TaskDefinitionArn": definition, "LaunchType": "FARGATE",
                "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["subnet-1"], "AssignPublicIp": "ENABLED"}},
                "Tags": [{"key": "from", "value": "schedule"}]},
        })["ScheduleArn"]

    def started():
        return [
            task for status in ("RUNNING", "STOPPED")
            for task in lab.ecs.list_tasks(cluster=lab.name, desiredStatus=status)["taskArns"]]

    task = lab.status(wait_for("a task of the schedule", started)[0], "STOPPED")
    assert task["containers"][0]["exitCode"] == 0
    when, execution, schedule = lab.lines(task["taskArn"])[0].split(" ")
    assert began <= datetime.fromisoformat(when.replace("Z", "+00:00")) <= task["createdAt"]
    assert len(execution) == 36
    assert schedule == arn
    assert task["startedBy"] == "chronos-schedule/nightly"


def test_a_due_rule_runs_its_task(lab):
    events = client("events")
    definition = lab.shell('echo "$WHEN"')
    cluster = lab.ecs.describe_clusters(clusters=[lab.name])["clusters"][0]["clusterArn"]
    # Longer than what ECS shows of a starter.
    rule = f"{lab.name}-with-a-rather-long-name"
    events.put_rule(Name=rule, ScheduleExpression="cron(* * * * ? *)")
    try:
        overrides = {"containerOverrides": [{"name": "c0", "environment": [
            {"name": "WHEN", "value": "<aws.scheduler.scheduled-time>"}]}]}
        events.put_targets(Rule=rule, Targets=[{
            "Id": "t", "Arn": cluster, "RoleArn": lab.role("events.amazonaws.com"), "Input": json.dumps(overrides),
            "EcsParameters": {
                "TaskDefinitionArn": definition, "LaunchType": "FARGATE",
                "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["subnet-1"], "AssignPublicIp": "ENABLED"}}}}])

        def started():
            return [
                task for status in ("RUNNING", "STOPPED")
                for task in lab.ecs.list_tasks(cluster=lab.name, desiredStatus=status)["taskArns"]]

        task = lab.status(wait_for("a task of the rule", started)[0], "STOPPED")
    finally:
        events.remove_targets(Rule=rule, Ids=["t"])
        events.delete_rule(Name=rule)
    assert task["startedBy"] == f"events-rule/{rule}"[:36]
    # Rules know no context attributes.
    assert lab.lines(task["taskArn"]) == ["<aws.scheduler.scheduled-time>"]


def _create(lab, group: str, role: str, expression: str = "cron(0 0 * * ? *)") -> None:
    client("scheduler").create_schedule(
        Name="nightly", GroupName=group, FlexibleTimeWindow={"Mode": "OFF"}, ScheduleExpression=expression,
        Target={
            "Arn": f"arn:aws:ecs:us-east-1:000000000000:cluster/{lab.name}", "RoleArn": role,
            "EcsParameters": {"TaskDefinitionArn": f"arn:aws:ecs:us-east-1:000000000000:task-definition/{lab.name}"}})


def _source(group: str, account: str = "000000000000") -> dict:
    return {"StringEquals": {
        "aws:SourceAccount": account, "aws:SourceArn": f"arn:aws:scheduler:us-east-1:000000000000:schedule-group/{group}"}}


def test_a_role_for_this_group_is_taken(lab, group):
    _create(lab, group, lab.role(SERVICE, _source(group)))


@pytest.mark.parametrize("trust", ["other service", "other group", "other account", "no role"])
def test_a_role_that_scheduler_cannot_assume_is_refused(lab, group, trust):
    role = {
        "other service": lambda: lab.role("events.amazonaws.com"),
        "other group": lambda: lab.role(SERVICE, _source("other")),
        "other account": lambda: lab.role(SERVICE, _source(group, "111122223333")),
        "no role": lambda: f"arn:aws:iam::000000000000:role/{lab.name}-none",
    }[trust]()
    with pytest.raises(ClientError, match="to assume the role") as refused:
        _create(lab, group, role)
    assert refused.value.response["Error"]["Code"] == "ValidationException"


@pytest.mark.parametrize("expression", ["cron(0 0 * * * *)", "cron(0 0 * *)", "rate(5)", "at(tomorrow)", "daily"])
def test_an_expression_that_is_none_is_refused(lab, group, expression):
    with pytest.raises(ClientError, match="Invalid Schedule Expression"):
        _create(lab, group, lab.role(SERVICE), expression)
