"""A run that does not happen, only with FGCTL_SOAK=1 (bin/test --soak): it takes minutes to be certain."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import harness
import parts
import pytest

pytestmark = pytest.mark.skipif(os.environ.get("FGCTL_SOAK") != "1", reason="a long run: bin/test --soak")


def test_a_run_that_did_not_happen(project, standing_stacks):
    project.write_env(PARENT_STACK_NAME=standing_stacks.parent_stack)
    parts.create(project, project.stack, (parts.TEMPLATES / "task.yaml").read_text(), ImageUri=parts.IMAGE)
    due = (datetime.now(UTC) + timedelta(seconds=135)).replace(second=0, microsecond=0)
    project.fgctl("schedule-create", "job", f"{due:%-M %-H %-d %-m} ? *").expect(0)
    # The schedule fires, and RunTask refuses: there is no such task definition.
    scheduler = project.boto3("scheduler")
    target = scheduler.get_schedule(Name="job", GroupName=project.stack)["Target"]
    target["EcsParameters"]["TaskDefinitionArn"] += "-none"
    scheduler.update_schedule(
        Name="job", GroupName=project.stack, ScheduleExpression=f"cron({due:%-M %-H %-d %-m} ? *)",
        FlexibleTimeWindow={"Mode": "OFF"}, Target=target)

    def status():
        [schedule] = project.fgctl("schedule-list", "--output", "json").expect(0).json["schedules"]
        return schedule["lastRun"]["status"]

    assert status() == "none"
    harness.wait_until("the run due", lambda: status() == "pending", interval=1)
    project.fgctl("schedule-list", "--failed").expect(0)
    harness.wait_until("the run missed", lambda: status() == "missing", interval=2)
    refused = project.fgctl("schedule-list", "--failed").expect(1)
    assert f"missing  due {due:%Y-%m-%dT%H:%M:00Z}" in refused.out and "neither a task nor a log stream" in refused.out
