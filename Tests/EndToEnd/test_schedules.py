"""schedule-create and schedule-list. The task's stack is made from its template directly, the network given by keys."""

from __future__ import annotations

import datetime
import json
import re

import harness
import pytest

NETWORK = {"SUBNETS": "subnet-0a,subnet-0b", "SECURITY_GROUPS": "sg-0a"}
TEMPLATE = harness.ROOT / "templates" / "task.yaml"
ACCOUNT = "000000000000"
CONTEXT = [{"name": "SCHEDULE_EXECUTION_ID", "value": "<aws.scheduler.execution-id>"},
           {"name": "TASK_TRIGGERED_AT", "value": "<aws.scheduler.scheduled-time>"}]


@pytest.fixture
def scheduled(project):
    """A project whose task stack is there."""
    project.write_env(**NETWORK)
    cloudformation = project.boto3("cloudformation")
    cloudformation.create_stack(
        StackName=project.stack, TemplateBody=TEMPLATE.read_text(), Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": "ImageUri", "ParameterValue": "busybox:local"}])

    def created():
        status = cloudformation.describe_stacks(StackName=project.stack)["Stacks"][0]["StackStatus"]
        assert status in ("CREATE_IN_PROGRESS", "CREATE_COMPLETE"), status
        return status == "CREATE_COMPLETE"

    harness.wait_until(f"stack {project.stack} created", created, interval=0.1)
    return project


def get(project, name=None):
    found = project.boto3("scheduler").get_schedule(Name=name or project.stack, GroupName=project.stack)
    return {k: v for k, v in found.items() if k != "ResponseMetadata"}


def names(project):
    return {s["Name"] for s in project.boto3("scheduler").list_schedules(GroupName=project.stack)["Schedules"]}


def overrides(schedule):
    return json.loads(schedule["Target"]["Input"])


def output(project, key):
    [stack] = project.boto3("cloudformation").describe_stacks(StackName=project.stack)["Stacks"]
    return next(o["OutputValue"] for o in stack["Outputs"] if o["OutputKey"] == key)


# --- creating -------------------------------------------------------------------------------------------------------


def test_new_schedule_as_aws_sees_it(scheduled):
    project, stack = scheduled, scheduled.stack
    created = project.fgctl("schedule-create", "0 0 * * ? *").expect(0)
    assert created.out == f"{stack}  cron(0 0 * * ? *)  UTC  ENABLED  {stack}\n"
    assert f"create schedule {stack}: account {ACCOUNT}, region us-east-1, stack {stack}" in created.err
    found = get(project)
    assert found["ScheduleExpression"] == "cron(0 0 * * ? *)"
    assert (found["State"], found["GroupName"], found["ScheduleExpressionTimezone"]) == ("ENABLED", stack, "UTC")
    assert found["FlexibleTimeWindow"] == {"Mode": "OFF"}
    target = found["Target"]
    assert target["Arn"] == output(project, "ClusterArn")
    assert target["RoleArn"] == output(project, "ScheduleRoleArn")
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 185}
    assert "DeadLetterConfig" not in target
    ecs = target["EcsParameters"]
    # Without revision: each run takes the latest.
    assert ecs["TaskDefinitionArn"] == f"arn:aws:ecs:us-east-1:{ACCOUNT}:task-definition/{stack}"
    assert (ecs["LaunchType"], ecs["TaskCount"]) == ("FARGATE", 1)
    assert ecs["NetworkConfiguration"]["awsvpcConfiguration"] == {
        "Subnets": ["subnet-0a", "subnet-0b"], "SecurityGroups": ["sg-0a"], "AssignPublicIp": "ENABLED"}
    assert overrides(found) == {"containerOverrides": [{"name": stack, "environment": CONTEXT}]}


def test_words_of_the_command_line(scheduled):
    project = scheduled
    project.fgctl("schedule-create", "env", "0 1 * * ? *").expect(0)
    project.fgctl("schedule-create", "nightly", "0 2 * * ? *").expect(0)
    project.fgctl("schedule-create", "env", "hourly", "rate(1 hour)").expect(0)
    project.fgctl("schedule-create", "-e", "env/default", "once", "at(2130-01-31T02:00:00)").expect(0)
    wanted = {project.stack: "cron(0 1 * * ? *)", "nightly": "cron(0 2 * * ? *)", "hourly": "rate(1 hour)",
              "once": "at(2130-01-31T02:00:00)"}
    assert {name: get(project, name)["ScheduleExpression"] for name in names(project)} == wanted
    listed = project.fgctl("schedule-list").expect(0)
    heads = [line for line in listed.out.splitlines() if not line.startswith(" ")]
    assert [tuple(line.split("  ")[:2]) for line in heads] == sorted(wanted.items())


def test_all_options(scheduled):
    project = scheduled
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:failed"
    made = project.fgctl(
        "schedule-create", "job", "30 6 ? * MON-FRI *", "--timezone", "Europe/Berlin", "--set-env", "MODE=fast",
        "--set-env", "TITLE=a b", "--command", "sh -c 'echo \"$MODE\"'", "--disabled", "--retries", "0", "--max-age",
        "2h", "--dead-letter", queue, "--no-public-ip", "--output", "json").expect(0).json
    assert made["action"] == "created"
    assert made["schedule"] == {
        "arn": get(project, "job")["Arn"], "expression": "cron(30 6 ? * MON-FRI *)", "group": project.stack,
        "name": "job", "state": "DISABLED", "taskFamily": project.stack, "timezone": "Europe/Berlin"}
    found = get(project, "job")
    assert (found["State"], found["ScheduleExpressionTimezone"]) == ("DISABLED", "Europe/Berlin")
    target = found["Target"]
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 7200, "MaximumRetryAttempts": 0}
    assert target["DeadLetterConfig"] == {"Arn": queue}
    assert target["EcsParameters"]["NetworkConfiguration"]["awsvpcConfiguration"]["AssignPublicIp"] == "DISABLED"
    [override] = overrides(found)["containerOverrides"]
    assert override["command"] == ["sh", "-c", 'echo "$MODE"']
    assert {v["name"]: v["value"] for v in override["environment"]}.items() >= {
        "MODE": "fast", "TITLE": "a b", "TASK_TRIGGERED_AT": "<aws.scheduler.scheduled-time>"}.items()

    # Enabling keeps all of it.
    changed = project.fgctl("schedule-create", "job", "30 6 ? * MON-FRI *", "--enabled").expect(0)
    assert re.search(r"state.*DISABLED.*ENABLED", changed.err)
    after = get(project, "job")
    assert after["State"] == "ENABLED"
    assert after["Target"] == target


def test_unchanged_sends_nothing(scheduled, judge):
    project = scheduled
    project.fgctl("schedule-create", "0 0 ? * MON *").expect(0)
    mark = judge.mark()
    # The same by another spelling.
    again = project.fgctl("schedule-create", "cron(00  0 ? * 2 *)", "--output", "json").expect(0)
    assert again.json["action"] == "unchanged" and again.json["changes"] == []
    assert "unchanged" in again.err
    assert judge.requests("scheduler", since=mark) and judge.requests(since=mark, mutating=True) == []


def test_change_is_merged_in_place(scheduled):
    project, scheduler = scheduled, scheduled.boto3("scheduler")
    project.fgctl("schedule-create", "0 0 * * ? *", "--set-env", "A=1", "--command", "job --all").expect(0)
    before = get(project)
    start, end = (datetime.datetime(year, 1, 1, tzinfo=datetime.UTC) for year in (2100, 2101))
    written = {k: before[k] for k in ("Name", "GroupName", "ScheduleExpression", "Target")} | {
        "Description": "by hand", "StartDate": start, "EndDate": end, "State": "ENABLED",
        "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 7}}
    scheduler.update_schedule(**written)

    shown = project.fgctl("schedule-create", "0 3 * * ? *", "--set-env", "B=2", "--output", "json").expect(0)
    assert "cron(0 0 * * ? *)" in shown.err and "cron(0 3 * * ? *)" in shown.err
    assert shown.json["action"] == "updated"
    changes = {c["field"]: (c.get("from"), c.get("to")) for c in shown.json["changes"]}
    assert changes == {"expression": ("cron(0 0 * * ? *)", "cron(0 3 * * ? *)"), "environment B": (None, "2")}
    after = get(project)
    kept = ("Description", "StartDate", "EndDate", "FlexibleTimeWindow", "State")
    assert {k: after[k] for k in kept} == {k: written[k] for k in kept}
    assert after["ScheduleExpression"] == "cron(0 3 * * ? *)"
    [override] = overrides(after)["containerOverrides"]
    assert override["command"] == ["job", "--all"]
    assert override["environment"] == [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}, *CONTEXT]
    unchanged = {k: v for k, v in after["Target"].items() if k != "Input"}
    assert unchanged == {k: v for k, v in before["Target"].items() if k != "Input"}


def test_disabled_stays_so_and_is_told(scheduled):
    project = scheduled
    project.fgctl("schedule-create", "0 0 * * ? *", "--disabled").expect(0)
    again = project.fgctl("schedule-create", "0 4 * * ? *").expect(0)
    assert "is disabled and stays so" in again.err
    assert get(project)["State"] == "DISABLED"


def test_secrets_are_not_shown(scheduled):
    project = scheduled
    first = project.fgctl("schedule-create", "0 0 * * ? *", "--set-env", "DB_PASSWORD=first-one").expect(0)
    assert "warning:" in first.err and "DB_PASSWORD" in first.err
    second = project.fgctl("schedule-create", "0 0 * * ? *", "--set-env", "DB_PASSWORD=second-one").expect(0)
    assert re.search(r"DB_PASSWORD.*\*\*\*\*", second.err)
    for result in (first, second):
        assert "first-one" not in result.out + result.err and "second-one" not in result.out + result.err


def test_scheduled_run_knows_its_time_and_settings(scheduled):
    """What was written starts a container: role, network, command and context attributes fit together."""
    project = scheduled
    now = datetime.datetime.now(datetime.UTC)
    project.fgctl(
        "schedule-create", "once", f"at({now:%Y-%m-%dT%H:%M:%S})", "--set-env", "MODE=a b", "--command",
        'sh -c \'echo "$MODE|$TASK_TRIGGERED_AT|$SCHEDULE_EXECUTION_ID"\'').expect(0)
    logs, group = project.boto3("logs"), f"/ecs/{project.stack}"

    def messages():
        return [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]

    [line] = harness.wait_until("a line of the scheduled task", messages)
    mode, triggered, execution = line.split("|")
    assert mode == "a b" and re.fullmatch(r"[0-9a-f-]{36}", execution)
    triggered = datetime.datetime.fromisoformat(triggered.replace("Z", "+00:00"))
    assert abs((triggered - now).total_seconds()) < 60


# --- waiting, refusing ----------------------------------------------------------------------------------------------

NOT_READY = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."


def test_new_role_is_waited_for(scheduled, judge):
    judge.inject("scheduler", "CreateSchedule", times=2, status=400, code="ValidationException", message=NOT_READY)
    created = scheduled.fgctl("schedule-create", "0 0 * * ? *").expect(0)
    assert created.err.count("waiting for role") == 1
    sent = judge.requests("scheduler", "CreateSchedule", label=judge.label)
    assert len(sent) == 3
    assert len({request.params["ClientToken"] for request in sent}) == 3
    assert names(scheduled) == {scheduled.stack}


def test_other_refusals_are_final(scheduled, judge):
    judge.inject("scheduler", "CreateSchedule", status=400, code="ValidationException", message="no such zone")
    refused = scheduled.fgctl("schedule-create", "0 0 * * ? *").expect(1)
    assert "no such zone" in refused.err
    assert len(judge.requests("scheduler", "CreateSchedule", label=judge.label)) == 1
    judge.inject("scheduler", "CreateSchedule", status=403, code="AccessDeniedException", message="not you")
    assert "not you" in scheduled.fgctl("schedule-create", "0 0 * * ? *").expect(1).err
    judge.inject("scheduler", "GetSchedule", status=403, code="ExpiredTokenException", message="too old")
    assert "too old" in scheduled.fgctl("schedule-create", "0 0 * * ? *").expect(4).err
    assert names(scheduled) == set()


def test_lost_answer_is_no_failure(scheduled, judge):
    judge.inject("scheduler", "CreateSchedule", reset=True, after=True)
    scheduled.fgctl("schedule-create", "0 0 * * ? *").expect(0)
    assert names(scheduled) == {scheduled.stack}


def test_rule_of_the_other_engine(scheduled, judge):
    project, events = scheduled, scheduled.boto3("events")
    rule = f"{project.stack}-nightly"
    project.on_cleanup("rule", lambda: events.delete_rule(Name=rule))
    events.put_rule(Name=rule, ScheduleExpression="cron(0 0 * * ? *)", State="ENABLED")
    mark = judge.mark()
    refused = project.fgctl("schedule-create", "nightly", "0 0 * * ? *").expect(1)
    assert f"rule '{rule}'" in refused.err and "a second time" in refused.err and "disable-rule" in refused.err
    assert judge.requests(since=mark, mutating=True) == [] and names(project) == set()
    project.fgctl("schedule-create", "nightly", "0 0 * * ? *", "--disabled").expect(0)
    events.disable_rule(Name=rule)
    project.fgctl("schedule-create", "nightly", "0 0 * * ? *", "--enabled").expect(0)
    assert get(project, "nightly")["State"] == "ENABLED"
    # Where rules may not be read it says so, and goes on.
    judge.inject("events", "DescribeRule", status=400, code="AccessDeniedException", message="not you")
    assert "could not look for a rule" in project.fgctl("schedule-create", "other", "0 0 * * ? *").expect(0).err


def test_stack_or_network_missing(project, judge):
    refused = project.fgctl("schedule-create", "0 0 * * ? *").expect(1)
    assert f"stack {project.stack} does not exist" in refused.err and "fgctl cf-create-stack" in refused.err
    assert judge.requests(label=judge.label, mutating=True) == []


def test_network_stack_missing(scheduled, judge):
    scheduled.write_env()
    refused = scheduled.fgctl("schedule-create", "0 0 * * ? *").expect(1)
    assert f"network stack {scheduled.parent_stack} does not exist" in refused.err and "SUBNETS" in refused.err
    assert judge.requests(label=judge.label, mutating=True) == []


def test_schedule_that_starts_something_else(scheduled, judge):
    project = scheduled
    project.boto3("scheduler").create_schedule(
        Name="nightly", GroupName=project.stack, ScheduleExpression="rate(1 day)", FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:q", "RoleArn": output(project, "ScheduleRoleArn")})
    refused = project.fgctl("schedule-create", "nightly", "0 0 * * ? *").expect(1)
    assert "no ECS task" in refused.err
    assert judge.requests(label=judge.label, mutating=True) == []
    assert "not a task" in project.fgctl("schedule-list").expect(0).out


def test_dry_run(scheduled, judge):
    project = scheduled
    planned = project.fgctl("schedule-create", "nightly", "0 0 * * ? *", "--dry-run").expect(0).json
    text = json.dumps(planned)
    assert "cron(0 0 * * ? *)" in text and f"task-definition/{project.stack}" in text
    assert names(project) == set()
    project.fgctl("schedule-create", "nightly", "0 0 * * ? *").expect(0)
    changed = project.fgctl("schedule-create", "nightly", "0 9 * * ? *", "--dry-run").expect(0)
    assert "cron(0 9 * * ? *)" in changed.err
    assert get(project, "nightly")["ScheduleExpression"] == "cron(0 0 * * ? *)"
    assert len(judge.requests(label=judge.label, mutating=True)) == 1


# --- bad input: nothing is sent at all ------------------------------------------------------------------------------


@pytest.mark.parametrize("expression, place, why", [
    ("", "column 1", "is empty"),
    ("0 0 * * *", "column 10", "six fields are needed .* there are 5"),
    ("0 0 0 * * ? *", "column 13", "there are 7"),
    ("0 0 * * * *", r"day-of-week \(column 9\)", "must be '\\?'"),
    ("0 0 ? * ? *", r"day-of-week \(column 9\)", "only one of"),
    ("60 0 * * ? *", r"minutes \(column 1\)", "60"),
    ("0 24 * * ? *", r"hours \(column 3\)", "24"),
    ("0 0 32 * ? *", r"day-of-month \(column 5\)", "32"),
    ("0 0 1 13 ? *", r"month \(column 7\)", "13"),
    ("0 0 ? * MOON *", r"day-of-week \(column 9\)", "MOON"),
    ("0 0 * * ? 2200", r"year \(column 11\)", "2200"),
    ("0 0 30 2 ? *", r"day-of-month \(column 5\)", "none of the months"),
    ("*/0 0 * * ? *", r"minutes \(column 3\)", "0"),
    ("cron(0 0 * * ? *", "column 17", r"'\)' is missing"),
    ("Cron(0 0 * * ? *)", "column 1", "cron"),
    ("@daily", "column 1", "not known to AWS"),
    ("rate(1 hours)", r"unit \(column 8\)", "must be 'hour'"),
    ("rate(0 days)", r"value \(column 6\)", "at least 1"),
    ("rate(2 weeks)", r"unit \(column 8\)", "weeks"),
    ("at(2030-02-30T00:00:00)", r"day \(column 12\)", "30"),
    ("at(2030-01-01)", r"time \(column 14\)", "ends early"),
    ("at(2020-01-01T00:00:00)", "", "lies in the past"),
    ("0 0 1 1 ? 2020", "", "lies in the past"),
])
def test_bad_expressions(project, judge, expression, place, why):
    refused = project.fgctl("schedule-create", expression).expect(65)
    lines = refused.err.splitlines()
    assert lines[0].startswith("fgctl: schedule expression '") and re.search(f"{place}.*{why}", lines[0]), refused
    assert len(lines) <= 2 and refused.out == ""
    assert judge.requests(label=judge.label) == []


@pytest.mark.parametrize("code, words, said", [
    (64, ["nigthly env", "0 0 * * ? *"], "TARGET_ID 'nigthly env'"),
    (64, ["evn", "nightly", "0 0 * * ? *"], "'evn' is no ENV"),
    (64, [], "more argument"),
    (64, ["0 0 * * ? *", "--retries", "186"], "--retries 186"),
    (64, ["0 0 * * ? *", "--retries", "-1"], "retries"),
    (64, ["0 0 * * ? *", "--retries", "many"], "retries"),
    (64, ["0 0 * * ? *", "--max-age", "59s"], "--max-age"),
    (64, ["0 0 * * ? *", "--max-age", "25h"], "--max-age"),
    (64, ["0 0 * * ? *", "--max-age", "soon"], "'soon' is no duration"),
    (64, ["0 0 * * ? *", "--dead-letter", "queue"], "--dead-letter 'queue'"),
    (64, ["0 0 * * ? *", "--dead-letter", f"arn:aws:sqs:us-east-1:{ACCOUNT}:q.fifo"], "standard SQS queue"),
    (65, ["0 0 * * ? *", "--timezone", "Europe/Brelin"], "Europe/Brelin"),
    (65, ["0 0 * * ? *", "--timezone", "europe/berlin"], "Europe/Berlin"),
    (65, ["0 0 * * ? *", "--timezone", "../../etc/passwd"], "passwd"),
    (64, ["0 0 * * ? *", "--enabled", "--disabled"], "exclude each other"),
    (64, ["0 0 * * ? *", "--set-env", "=x"], "--set-env"),
    (64, ["0 0 * * ? *", "--command", "sh -c 'x"], "quote"),
    (64, ["0 0 * * ? *", "--command", " "], "--command"),
    (64, ["0 0 * * ? *", "--nightly"], "--nightly"),
])
def test_bad_options(project, judge, code, words, said):
    refused = project.fgctl("schedule-create", *words).expect(code)
    [error] = [line for line in refused.err.splitlines() if line.startswith("fgctl: ")]
    assert said in refused.err and len(error) < 300 and refused.out == ""
    assert judge.requests(label=judge.label) == []


# --- listing --------------------------------------------------------------------------------------------------------


def test_list(scheduled, judge):
    project = scheduled
    empty = project.fgctl("schedule-list").expect(0)
    assert empty.out == "" and "has no schedules" in empty.err
    assert project.fgctl("schedule-list", "--output", "json").expect(0).json == {"schedules": []}
    for number in range(12):
        project.fgctl("schedule-create", f"job-{number:02}", f"{number} 0 * * ? *", "--timezone", "Europe/Berlin").expect(0)
    mark = judge.mark()
    listed = project.fgctl("schedule-list", "env", "--output", "json").expect(0).json["schedules"]
    assert [(s["name"], s["expression"]) for s in listed] == [
        (f"job-{number:02}", f"cron({number} 0 * * ? *)") for number in range(12)]
    assert {(s["group"], s["timezone"], s["state"], s["taskFamily"]) for s in listed} == {
        (project.stack, "Europe/Berlin", "ENABLED", project.stack)}
    lines = project.fgctl("schedule-list").expect(0).out.splitlines()
    assert lines[0] == f"job-00  cron(0 0 * * ? *)  Europe/Berlin  ENABLED  {project.stack}"
    assert judge.requests(since=mark, mutating=True) == []


def test_list_without_a_stack(project, judge):
    for words in ([], ["--failed"], ["--dry-run"]):
        refused = project.fgctl("schedule-list", *words).expect(1)
        assert refused.out == ""
        assert f"list schedules: stack {project.stack} does not exist" in refused.err and "cf-create-stack" in refused.err


def test_list_without_a_group(project, judge):
    # The emulator lists nothing for a group that is not there; AWS says so:
    # https://docs.aws.amazon.com/scheduler/latest/APIReference/API_ListSchedules.html
    judge.inject("scheduler", "ListSchedules", status=404, code="ResourceNotFoundException", message="no such group")
    refused = project.fgctl("schedule-list").expect(1)
    assert f"there is no schedule group '{project.stack}'" in refused.err and "cf-create-stack" in refused.err
