"""Schedules as they stand: enabling, disabling, removing, running by hand, the older engine, and how the last run went."""

from __future__ import annotations

import json
import re
from datetime import datetime

import harness
import parts
import pytest

ACCOUNT = "000000000000"


@pytest.fixture
def nightly(project, standing_stacks):
    """A project with a task stack of its own in a network that stands; the task runs `busybox:local`."""
    project.write_env(PARENT_STACK_NAME=standing_stacks.parent_stack)
    parts.create(project, project.stack, (parts.TEMPLATES / "task.yaml").read_text(), ImageUri=parts.IMAGE)
    project.on_cleanup("rules", lambda: remove_rules(project))
    return project


def remove_rules(project):
    events = project.boto3("events")
    for rule in events.list_rules(NamePrefix=f"{project.stack}-")["Rules"]:
        targets = [target["Id"] for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]]
        if targets:
            events.remove_targets(Rule=rule["Name"], Ids=targets)
        events.delete_rule(Name=rule["Name"])


def get(project, name):
    found = project.boto3("scheduler").get_schedule(Name=name, GroupName=project.stack)
    return {k: v for k, v in found.items() if k not in ("ResponseMetadata", "LastModificationDate")}


def names(project):
    return {s["Name"] for s in project.boto3("scheduler").list_schedules(GroupName=project.stack)["Schedules"]}


def listed(project, *arguments, code=0):
    found = project.fgctl("schedule-list", "--output", "json", *arguments).expect(code).json["schedules"]
    return {schedule["name"]: schedule for schedule in found}


# --- enabling, disabling, removing ----------------------------------------------------------------------------------


def test_disable_and_enable_lose_nothing(nightly, judge):
    nightly.fgctl(
        "schedule-create", "job", "0 1 * * ? *", "--timezone", "Europe/Berlin", "--set-env", "A=1", "--retries",
        "3").expect(0)
    written = get(nightly, "job")
    nightly.boto3("scheduler").update_schedule(
        **{k: v for k, v in written.items() if k not in ("Arn", "CreationDate")} | {
            "Description": "by hand", "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 7}})
    before = get(nightly, "job")
    mark = judge.mark()
    planned = nightly.fgctl("schedule-disable", "job", "--dry-run").expect(0)
    assert "would be disabled" in planned.err and judge.requests(since=mark, mutating=True) == []
    disabled = nightly.fgctl("schedule-disable", "env", "job").expect(0)
    assert f"disable schedule {nightly.stack}/job: account {ACCOUNT}" in disabled.err and disabled.out == ""
    assert get(nightly, "job") == before | {"State": "DISABLED"}
    mark = judge.mark()
    again = nightly.fgctl("schedule-disable", "job", "--output", "json").expect(0).json
    assert again == {"action": "unchanged", "engine": "scheduler", "group": nightly.stack, "name": "job"}
    assert judge.requests(since=mark, mutating=True) == []
    assert nightly.fgctl("schedule-enable", "job", "--output", "json").expect(0).json["action"] == "enabled"
    assert get(nightly, "job") == before


def test_remove(nightly, judge):
    nightly.fgctl("schedule-create", "0 1 * * ? *").expect(0)
    nightly.fgctl("schedule-create", "job", "0 2 * * ? *").expect(0)
    mark = judge.mark()
    refused = nightly.fgctl("schedule-remove", "job").expect(64)
    assert f"Remove schedule {nightly.stack}/job (cron(0 2 * * ? *), UTC)?" in refused.err and "--yes" in refused.err
    nightly.fgctl("schedule-remove", "job", "--yes", "--dry-run").expect(0)
    assert judge.requests(since=mark, mutating=True) == [] and names(nightly) == {nightly.stack, "job"}
    removed = nightly.fgctl("schedule-remove", "job", "--yes", "--output", "json").expect(0).json
    assert removed == {"action": "removed", "engine": "scheduler", "group": nightly.stack, "name": "job"}
    # Without TARGET_ID: the schedule that is named as the stack.
    nightly.fgctl("schedule-remove", "env", "--yes").expect(0)
    assert names(nightly) == set()


@pytest.mark.parametrize("command", ["remove", "enable", "disable", "run"])
def test_what_is_not_there(nightly, judge, command):
    words = ["--yes"] if command == "remove" else []
    refused = nightly.fgctl(f"schedule-{command}", "job", *words).expect(125 if command == "run" else 1)
    assert f"{command} schedule: there is no schedule 'job' in group '{nightly.stack}'" in refused.err
    refused = nightly.fgctl(f"schedule-{command}", "job", "--engine", "rule", *words).expect(125 if command == "run" else 1)
    assert f"there is no rule '{nightly.stack}-job'" in refused.err
    assert judge.requests(label=judge.label, mutating=True) == []


# --- running by hand ------------------------------------------------------------------------------------------------


def test_run_now(nightly, judge):
    shell = 'echo "at $TASK_TRIGGERED_AT id $SCHEDULE_EXECUTION_ID mode $MODE"; exit 7'
    nightly.fgctl(
        "schedule-create", "job", "0 1 * * ? *", "--disabled", "--set-env", "MODE=fast", "--command",
        f"sh -c '{shell}'").expect(0)
    before = get(nightly, "job")
    ran = nightly.fgctl("schedule-run", "job").expect(7)
    [line] = ran.out.splitlines()
    found = re.fullmatch(r"at (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) id ([0-9a-f-]{36}) mode fast", line)
    assert found, line
    [sent] = judge.requests("ecs", "RunTask", label=judge.label)
    assert get(nightly, "job") == before
    # The run settles the question after the last run, whoever asks.
    last = listed(nightly)["job"]["lastRun"]
    assert (last["status"], last["exitCode"]) == ("failed", 7)
    assert last["triggeredAt"] == found.group(1)
    assert "exit 7" in nightly.fgctl("schedule-list", "--failed").expect(1).out
    # Each run has an id of its own.
    again = nightly.fgctl("schedule-run", "job", "--output", "json").expect(7)
    assert again.json["exitCode"] == 7 and found.group(2) not in again.err


def test_run_without_waiting(nightly):
    nightly.fgctl("schedule-create", "job", "0 1 * * ? *", "--command", "true").expect(0)
    planned = nightly.fgctl("schedule-run", "job", "--dry-run").expect(0).json
    assert planned["startedBy"] == "fgctl/schedule-run/job" and planned["launchType"] == "FARGATE"
    assert "<aws.scheduler" not in json.dumps(planned)
    [arn] = nightly.fgctl("schedule-run", "job", "--no-wait").expect(0).out.splitlines()
    [task] = nightly.boto3("ecs").describe_tasks(cluster=nightly.stack, tasks=[arn])["tasks"]
    assert task["startedBy"] == "fgctl/schedule-run/job"
    harness.wait_until("the run known", lambda: listed(nightly)["job"]["lastRun"]["status"] == "succeeded")
    assert nightly.fgctl("schedule-run", "job", "--container", "other").expect(64).err.count("other") == 1


# --- the older engine -----------------------------------------------------------------------------------------------


def rule(project, target):
    events = project.boto3("events")
    name = f"{project.stack}-{target}"
    found = events.describe_rule(Name=name)
    [only] = events.list_targets_by_rule(Rule=name)["Targets"]
    return found, only


def test_rule_as_aws_sees_it(nightly, judge):
    made = nightly.fgctl(
        "schedule-create", "job", "0 1 ? * MON-FRI *", "--engine", "rule", "--set-env", "MODE=fast", "--command",
        "sh -c true", "--output", "json").expect(0)
    assert made.json["action"] == "created" and made.json["schedule"]["expression"] == "cron(0 1 ? * MON-FRI *)"
    assert f"rule {nightly.stack}-job created" in made.err and names(nightly) == set()
    found, target = rule(nightly, "job")
    assert (found["ScheduleExpression"], found["State"]) == ("cron(0 1 ? * MON-FRI *)", "ENABLED")
    outputs = parts.outputs_of(nightly)
    assert (target["Id"], target["Arn"], target["RoleArn"]) == ("job", outputs["ClusterArn"], outputs["ScheduleRoleArn"])
    ecs = target["EcsParameters"]
    assert ecs["TaskDefinitionArn"] == f"arn:aws:ecs:us-east-1:{ACCOUNT}:task-definition/{nightly.stack}"
    assert ecs["NetworkConfiguration"]["awsvpcConfiguration"]["AssignPublicIp"] == "ENABLED"
    assert json.loads(target["Input"]) == {"containerOverrides": [
        {"name": nightly.stack, "command": ["sh", "-c", "true"], "environment": [{"name": "MODE", "value": "fast"}]}]}

    mark = judge.mark()
    again = nightly.fgctl("schedule-create", "job", "0 1 ? * 2-6 *", "--engine", "rule").expect(0)
    assert "unchanged" in again.err and judge.requests(since=mark, mutating=True) == []
    changed = nightly.fgctl(
        "schedule-create", "job", "0 2 ? * MON-FRI *", "--engine", "rule", "--set-env", "B=2", "--output", "json").expect(0)
    assert [c["field"] for c in changed.json["changes"]] == ["expression", "environment B"]
    kept = rule(nightly, "job")[1]
    assert {k: v for k, v in kept.items() if k != "Input"} == {k: v for k, v in target.items() if k != "Input"}

    entry = listed(nightly)["job"]
    assert (entry["engine"], entry["group"], entry["timezone"]) == ("rule", f"{nightly.stack}-job", "UTC")
    assert entry["lastRun"]["status"] == "none" and len(entry["nextRuns"]) == 3
    assert f"rule {nightly.stack}-job" in nightly.fgctl("schedule-list").expect(0).out

    nightly.fgctl("schedule-disable", "job", "--engine", "rule").expect(0)
    assert rule(nightly, "job")[0]["State"] == "DISABLED" and listed(nightly)["job"]["nextRuns"] == []
    nightly.fgctl("schedule-enable", "job", "--engine", "rule").expect(0)
    assert rule(nightly, "job")[0]["State"] == "ENABLED"
    nightly.fgctl("schedule-remove", "job", "--engine", "rule").expect(64)
    nightly.fgctl("schedule-remove", "job", "--engine", "rule", "--yes").expect(0)
    assert listed(nightly) == {}


def test_a_rule_that_fired(nightly):
    nightly.fgctl(
        "schedule-create", "job", "* * * * ? *", "--engine", "rule", "--command", "sh -c 'exit 5'").expect(0)

    def ended():
        last = listed(nightly)["job"]["lastRun"]
        assert last["status"] in ("none", "pending", "running", "failed"), last
        return last if last["status"] == "failed" else None

    assert harness.wait_until("the run known", ended, interval=1)["exitCode"] == 5
    nightly.fgctl("schedule-disable", "job", "--engine", "rule").expect(0)
    nightly.fgctl("schedule-run", "job", "--engine", "rule").expect(5)


def test_only_one_engine_fires(nightly, judge):
    create = ["schedule-create", "job", "0 1 * * ? *"]
    nightly.fgctl(*create).expect(0)
    mark = judge.mark()
    refused = nightly.fgctl(*create, "--engine", "rule").expect(1)
    assert "a second time" in refused.err and "schedule-disable job" in refused.err
    assert judge.requests(since=mark, mutating=True) == []
    nightly.fgctl(*create, "--engine", "rule", "--disabled").expect(0)
    assert "a second time" in nightly.fgctl("schedule-enable", "job", "--engine", "rule").expect(1).err
    nightly.fgctl("schedule-disable", "job").expect(0)
    nightly.fgctl("schedule-enable", "job", "--engine", "rule").expect(0)
    assert "a second time" in nightly.fgctl("schedule-enable", "job").expect(1).err
    assert "a second time" in nightly.fgctl(*create, "--enabled").expect(1).err
    assert {(s["engine"], s["state"]) for s in listed_all(nightly)} == {("scheduler", "DISABLED"), ("rule", "ENABLED")}


def listed_all(project):
    return project.fgctl("schedule-list", "--output", "json").expect(0).json["schedules"]


@pytest.mark.parametrize("words, said", [
    (["job", "0 1 * * ? *", "--timezone", "Europe/Berlin"], "rules know no time zone"),
    (["job", "at(2130-01-01T00:00:00)"], "rules know no at"),
    (["a" * 60, "0 1 * * ? *"], "EventBridge allows 64"),
    (["job", "0 1 * * ? *", "--engine", "cron"], "cron"),
])
def test_what_rules_do_not_know(project, judge, words, said):
    assert said in project.fgctl("schedule-create", "--engine", "rule", *words).expect(64).err
    assert judge.requests(label=judge.label) == []


# --- did last night's job run? --------------------------------------------------------------------------------------


def test_runs_that_local_aws_fired(nightly, judge):
    empty = nightly.fgctl("schedule-list", "--failed").expect(0)
    assert empty.out == "" and "has no schedules" in empty.err
    # ECS shows 36 characters of who started a task: it can't tell these two apart by name.
    good, wrong = "nightly-report-of-the-east", "nightly-report-of-the-west"
    nightly.fgctl("schedule-create", good, "* * * * ? *", "--command", "sh -c 'echo fine'").expect(0)
    nightly.fgctl("schedule-create", wrong, "* * * * ? *", "--command", "sh -c 'exit 3'").expect(0)
    nightly.fgctl("schedule-create", "later", "0 0 1 1 ? *", "--timezone", "Asia/Kolkata").expect(0)
    nightly.fgctl("schedule-create", "off", "* * * * ? *", "--disabled").expect(0)

    def ended():
        found = listed(nightly)
        status = {name: schedule["lastRun"]["status"] for name, schedule in found.items()}
        assert status[good] in ("none", "pending", "running", "succeeded"), found[good]
        assert status[wrong] in ("none", "pending", "running", "failed"), found[wrong]
        return found if (status[good], status[wrong]) == ("succeeded", "failed") else None

    found = harness.wait_until("both runs known", ended, interval=1)
    bad = found[wrong]
    assert bad.keys() == {"arn", "engine", "expression", "group", "lastRun", "name", "nextRuns", "state", "taskFamily",
                          "timezone"}
    last = bad["lastRun"]
    assert last.keys() == {"cause", "due", "exitCode", "log", "startedAt", "status", "stoppedAt", "taskArn", "triggeredAt"}
    assert last["exitCode"] == 3 and "exit" not in last["cause"] and last["taskArn"].startswith("arn:aws:ecs:")
    assert last["due"].endswith(":00Z")
    assert datetime.fromisoformat(last["startedAt"]) >= datetime.fromisoformat(last["due"])
    assert last["log"]["group"] == f"/ecs/{nightly.stack}"
    assert last["log"]["stream"].endswith(last["taskArn"].rsplit("/", 1)[1])
    assert found["later"]["nextRuns"][0].endswith("-01-01T00:00:00+05:30") and found["later"]["lastRun"] == {"status": "none"}
    assert found["off"]["nextRuns"] == [] and found["off"]["lastRun"]["status"] == "none"

    for name in (good, wrong):
        nightly.fgctl("schedule-disable", name).expect(0)
    # They may have been due once more meanwhile.
    harness.wait_until("the last runs known", ended, interval=1)
    failed = nightly.fgctl("schedule-list", "--failed").expect(1)
    assert failed.out.startswith(f"{wrong}  ") and "exit 3" in failed.out and good not in failed.out
    assert "1 of 4 schedule(s)" in failed.err
    assert set(listed(nightly, "--failed", code=1)) == {wrong}
    nightly.fgctl("schedule-remove", wrong, "--yes").expect(0)
    assert nightly.fgctl("schedule-list", "--failed").expect(0).out == ""

    # When ECS does not tell, the log does: that it ran, but not how.
    judge.inject("ecs", "ListTasks", status=400, code="AccessDeniedException", message="not you")
    told = nightly.fgctl("schedule-list", "--output", "json").expect(0)
    assert "can't look into the tasks" in told.err
