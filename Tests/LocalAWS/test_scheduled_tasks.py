"""Schedules that start tasks (bin/lib/local_aws/overlay/scheduled_tasks.py)."""

import json
from datetime import datetime, timezone

import pytest
from conftest import client, wait_for


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
    arn = scheduler.create_schedule(
        Name="nightly", GroupName=group, FlexibleTimeWindow={"Mode": "OFF"},
        ScheduleExpression=f"at({datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%S})",
        Target={
            "Arn": cluster, "RoleArn": lab.role(), "Input": json.dumps(overrides),
            "EcsParameters": {
                "TaskDefinitionArn": definition, "LaunchType": "FARGATE",
                "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["subnet-1"], "AssignPublicIp": "ENABLED"}},
                "Tags": [{"key": "from", "value": "schedule"}]},
        })["ScheduleArn"]

    def started():
        return [
            task for status in ("RUNNING", "STOPPED")
            for task in lab.ecs.list_tasks(cluster=lab.name, desiredStatus=status)["taskArns"]]

    task = lab.status(wait_for("a task of the schedule", started, 40)[0], "STOPPED")
    assert task["containers"][0]["exitCode"] == 0
    when, execution, schedule = lab.lines(task["taskArn"])[0].split(" ")
    assert abs((datetime.now(timezone.utc) - datetime.fromisoformat(when.replace("Z", "+00:00"))).total_seconds()) < 60
    assert len(execution) == 36
    assert schedule == arn
    assert task["startedBy"] == "chronos-schedule/nightly"
