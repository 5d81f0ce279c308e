"""ecs-wait-task, ecs-list-tasks, ecs-stop-task, ecs-logs, and what ecs-run-task takes beyond its own options."""

import base64
import json
import re
import signal
import time
from datetime import timedelta

import pytest
from harness import wait_until

SLEEP = ("--command", "sh -c 'trap \"exit 0\" TERM; echo ready; sleep 600 & wait'")


def start(job, *arguments):
    """The ARN of a task that was just started."""
    return job.fgctl("ecs-run-task", "--no-wait", *arguments).expect(0).out.strip()


def status(job, arn):
    [task] = job.boto3("ecs").describe_tasks(cluster=arn.split("/")[1], tasks=[arn])["tasks"]
    return task["lastStatus"]


def until_running(job, arn):
    """A line of its container may be there before ECS says that the task runs."""
    wait_until(f"{arn} running", lambda: status(job, arn) == "RUNNING")


def stop(job, arn):
    job.boto3("ecs").stop_task(cluster=arn.split("/")[1], task=arn)


# --- ecs-wait-task --------------------------------------------------------------------------------------------------


def test_waiting_gives_lines_and_code(job):
    arn = start(job, "--command", "sh -c 'echo one; sleep 3; echo two; exit 7'")
    result = job.fgctl("ecs-wait-task", arn).expect(7)
    assert result.out == "one\ntwo\n"
    assert "ended with 7" in result.err
    # Again, and with the id alone: a task that has ended gives the same.
    again = job.fgctl("ecs-wait-task", arn.split("/")[2], "--output", "json").expect(7)
    [task] = again.json["tasks"]
    assert (task["taskArn"], task["outcome"], task["exitCode"]) == (arn, "failed", 7)
    [container] = task["containers"]
    assert container["log"]["group"].startswith("/ecs/")
    assert container["log"]["stream"].endswith(arn.split("/")[2])
    assert task["durations"]["run"] > 0.5
    assert set(task["durations"]) <= {"pull", "start", "run", "stop"}


def test_poke(job):
    arn = start(job, *SLEEP)
    result = job.fgctl("ecs-wait-task", "--poke", arn, "--output", "json").expect(99)
    assert result.json["error"]["kind"] == "notYet"
    stop(job, arn)
    wait_until("stopped", lambda: status(job, arn) == "STOPPED")
    job.fgctl("ecs-wait-task", "--poke", arn).expect(130)


def test_a_timeout_leaves_the_task_alone(job, judge):
    arn = start(job, *SLEEP)
    result = job.fgctl("ecs-wait-task", "--timeout", "2s", arn, "--output", "json").expect(125)
    assert result.json["error"]["kind"] == "timedOut"
    assert arn in result.json["error"]["hint"]
    assert judge.requests("ecs", "StopTask", label=judge.label) == []
    until_running(job, arn)
    running = job.start("ecs-run-task", "--timeout", "2s", *SLEEP)
    late = running.wait().expect(125)
    assert "still running after 2 s" in late.err
    assert judge.requests("ecs", "StopTask", label=judge.label) == []
    for task in (arn, re.search(r"^started (\S+)$", late.err, re.M)[1]):
        stop(job, task)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_watching_only(job, judge, number, code):
    arn = start(job, *SLEEP)
    running = job.start("ecs-wait-task", arn)
    running.line("^ready$", stream="out")
    running.signal(number)
    result = running.wait(30).expect(code)
    assert "only the watching has ended" in result.err
    assert judge.requests(label=judge.label, mutating=True)[-1].operation == "RunTask"
    until_running(job, arn)
    stop(job, arn)


@pytest.mark.parametrize(("words", "said"), [
    (["nonsense"], "names no task"), (["arn:aws:s3:::bucket"], "is no ARN of a task"),
    (["arn:aws:ecs:us-east-1:000000000000:task/a/0123456789", "arn:aws:ecs:us-east-1:000000000000:task/b/0123456789"],
     "several clusters"),
    (["--timeout", "soon", "0123456789abcdef" * 2], "soon"), (["0123456789abcdef"], "names no task")])
def test_waiting_for_nonsense(job, judge, words, said):
    result = job.fgctl("ecs-wait-task", *words).expect(64)
    assert said in result.err
    assert judge.requests("ecs", label=judge.label) == []


@pytest.mark.parametrize("script", ["sleep 60", "i=0; while [ $i -lt 60 ]; do echo $i; i=$((i+1)); sleep 1; done"])
def test_a_minute_costs_at_most_thirty_calls(job, judge, script):
    """The whole command, its launch and its end included."""
    result = job.fgctl("ecs-run-task", "--command", f"sh -c '{script}'").expect(0)
    calls = judge.requests(label=judge.label)
    # Each minute that begins with a call; how many there are goes by how fast the machine starts the container.
    minutes = [[call for call in calls if first.time <= call.time < first.time + timedelta(seconds=60)] for first in calls]
    assert len(minutes[0]) >= 10
    for minute in minutes:
        assert len(minute) <= 30, [call.operation for call in minute]
    assert result.out.split() == ([str(n) for n in range(60)] if "echo" in script else [])
    # Seen within five seconds; a look that was under way may have seen it.
    arn = re.search(r"^started (\S+)$", result.err, re.M)[1]
    [task] = job.boto3("ecs").describe_tasks(cluster=arn.split("/")[1], tasks=[arn])["tasks"]
    looks = [call.time for call in calls if call.operation == "DescribeTasks" and call.time >= task["stoppedAt"]]
    assert next(iter(looks), task["stoppedAt"]) - task["stoppedAt"] <= timedelta(seconds=5)


# --- ecs-list-tasks, ecs-stop-task ----------------------------------------------------------------------------------


def test_list_and_stop(job, judge):
    ended = start(job, "--command", "sh -c 'exit 3'")
    job.fgctl("ecs-wait-task", ended).expect(3)
    arn = start(job, *SLEEP)
    until_running(job, arn)
    listed = {task["taskArn"]: task for task in job.fgctl("ecs-list-tasks", "--output", "json").expect(0).json["tasks"]}
    assert listed[arn]["lastStatus"] == "RUNNING"
    assert listed[ended]["containers"][0]["exitCode"] == 3
    text = job.fgctl("ecs-list-tasks", "--running").expect(0).out
    assert arn.split("/")[2] in text
    assert ended.split("/")[2] not in text

    mark = judge.mark()
    job.fgctl("ecs-stop-task", arn, "--dry-run").expect(0)
    assert judge.requests(since=mark, mutating=True) == []
    result = job.fgctl("ecs-stop-task", arn.split("/")[2], ended, "--reason", "wrong day", "--output", "json").expect(0)
    assert [task["asked"] for task in result.json["tasks"]] == [True, False]
    assert re.search(r"stopping \S+  RUNNING", result.err)
    [sent] = judge.requests("ecs", "StopTask", since=mark)
    assert sent.params["reason"] == "wrong day"
    verdict = job.fgctl("ecs-wait-task", arn, "--output", "json").expect(130).json
    assert verdict["tasks"][0]["outcome"] == "stopped"
    assert verdict["tasks"][0]["stoppedReason"] == "wrong day"


def test_stopping_what_is_not_there(job, judge):
    result = job.fgctl("ecs-stop-task", "0123456789abcdef0123456789abcdef").expect(1)
    assert "does not know it" in result.err
    job.fgctl("ecs-stop-task").expect(64)
    assert judge.requests(label=judge.label, mutating=True) == []


def test_nothing_to_list(project, judge):
    result = project.fgctl("ecs-list-tasks", "--output", "json").expect(0)
    assert result.json == {"tasks": []}
    assert "no tasks of family" in result.err
    judge.inject("ecs", "ListTasks", status=400, code="ClusterNotFoundException", message="Cluster not found.")
    assert "ClusterNotFoundException" in project.fgctl("ecs-list-tasks").expect(1).err


# --- ecs-logs -------------------------------------------------------------------------------------------------------


def test_logs(job):
    first = start(job, "--command", f"sh -c 'echo first {job.suffix}; echo other {job.suffix}'")
    job.fgctl("ecs-wait-task", first).expect(0)
    second = start(job, "--command", f"sh -c 'echo second {job.suffix}'")
    job.fgctl("ecs-wait-task", second).expect(0)
    assert job.fgctl("ecs-logs").expect(0).out == f"second {job.suffix}\n"
    assert job.fgctl("ecs-logs", "--task", first.split("/")[2]).expect(0).out == (
        f"first {job.suffix}\nother {job.suffix}\n")
    assert job.fgctl("ecs-logs", "--task", first, "--container", "none").expect(0).out == ""
    both = job.fgctl("ecs-logs", "--since", "1h", "--filter", job.suffix, "--output", "json").expect(0)
    lines = [json.loads(line) for line in both.out.splitlines()]
    assert [line["message"].split()[0] for line in lines] == ["first", "other", "second"]
    assert lines[0]["stream"].endswith(first.split("/")[2])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", lines[0]["time"])
    found = job.fgctl("ecs-logs", "--filter", f"other {job.suffix}").expect(0).out
    assert [line.rpartition(": ")[2] for line in found.splitlines()] == [f"other {job.suffix}"]


def test_following_ends_with_the_signal_alone(job, judge):
    running = job.start("ecs-logs", "--follow", "--since", "1m")
    arn = start(job, "--command", f"sh -c 'trap \"exit 0\" TERM; echo now {job.suffix}; sleep 600 & wait'")
    running.line(f"now {job.suffix}", stream="out")
    running.interrupt()
    running.wait(30).expect(130)
    until_running(job, arn)
    assert len([line for line in running.out.splitlines() if f"now {job.suffix}" in line]) == 1
    stop(job, arn)


def test_a_task_older_than_the_latest_streams(project):
    logs, group, old = project.boto3("logs"), f"/ecs/{project.stack}", "0123456789abcdef0123456789abcdef"
    logs.create_log_group(logGroupName=group)
    for number in range(51):
        name = f"ecs/main/{number:032x}" if number else f"ecs/main/{old}"
        logs.create_log_stream(logGroupName=group, logStreamName=name)
        event = {"timestamp": int(time.time() * 1000) - 100_000 + number * 1000, "message": f"line {number}"}
        logs.put_log_events(logGroupName=group, logStreamName=name, logEvents=[event])
    for words in ((old,), (old[:8],), (old, "--container", "main")):
        assert project.fgctl("ecs-logs", "--task", *words).expect(0).out == "line 0\n", words
    for words in (("f" * 32,), (old, "--container", "side")):
        nothing = project.fgctl("ecs-logs", "--task", *words).expect(0)
        assert (nothing.out, nothing.err) == ("", f"log group {group} has no such stream\n"), words


def test_no_log_group(project):
    result = project.fgctl("ecs-logs").expect(1)
    assert f"log group /ecs/{project.stack} does not exist" in result.err
    project.fgctl("ecs-logs", "--since", "yesterday").expect(64)


# --- ecs-run-task: extras, like-service, ECS_NETWORK_CONFIG, ECS_CLUSTER --------------------------------------------


def request(job, *arguments, **more):
    return job.fgctl("ecs-run-task", "--dry-run", *arguments, **more).expect(0).json


def test_extras(job, judge):
    job.write("extras.yml", f"""
platform_version: 1.4.0
enable_ecs_managed_tags: true
tags:
  - {{key: day, value: "2026-01-31"}}
overrides:
  container_overrides:
    - environment: [{{name: MODE, value: "{job.suffix}"}}]
""")
    result = job.fgctl(
        "ecs-run-task", "--extras", "extras.yml", "--set-env", "A=1", "--command", "sh -c 'echo $MODE $A'").expect(0)
    assert result.out == f"{job.suffix} 1\n"
    [run] = judge.requests("ecs", "RunTask", label=judge.label)
    assert (run.params["platformVersion"], run.params["enableECSManagedTags"]) == ("1.4.0", True)
    job.write("extras.json", '{"launchType": "EC2", "overrides": {"cpu": "512"}}')
    sent = request(job, "--extras", "extras.json")
    assert (sent["launchType"], sent["overrides"]["cpu"]) == ("EC2", "512")


@pytest.mark.parametrize(("text", "said"), [
    ("count: 1\nplatform_versoin: LATEST\n", "extras.yml:2:1: RunTask has no field 'platform_versoin'"),
    ("overrides: [1]\n", "extras.yml:1:12: overrides takes a mapping"), ("a: [", "extras.yml:"),
    ("client_token: x\n", "extras.yml:1:15: clientToken is fgctl's own")])
def test_wrong_extras(job, judge, text, said):
    job.write("extras.yml", text)
    result = job.fgctl("ecs-run-task", "--extras", "extras.yml").expect(65)
    assert said in result.err
    assert judge.requests(label=judge.label) == []
    job.fgctl("ecs-run-task", "--extras", "none.yml").expect(65)


def test_network_config_key(job, standing_stacks):
    network = {"awsvpcConfiguration": {"subnets": ["subnet-0a"], "securityGroups": ["sg-0a"], "assignPublicIp": "DISABLED"}}
    encoded = base64.b64encode(json.dumps(network).encode()).decode()
    job.write_env(STACK_NAME=standing_stacks.stack, PARENT_STACK_NAME=None, ECS_NETWORK_CONFIG=encoded, ECS_CLUSTER="other")
    sent = request(job)
    assert sent["networkConfiguration"] == network
    assert sent["cluster"] == "other"
    assert request(job, "--public-ip")["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "ENABLED"
    result = job.fgctl("ecs-run-task", "--set", "ECS_NETWORK_CONFIG=e30=").expect(65)
    assert "ECS_NETWORK_CONFIG names no subnets" in result.err


def test_like_service(job, standing_stacks, service):
    sent = request(job, "--like-service", service)
    vpc = sent["networkConfiguration"]["awsvpcConfiguration"]
    assert (vpc["subnets"], vpc["securityGroups"]) == (["subnet-0like"], ["sg-0like"])
    assert sent["capacityProviderStrategy"][0]["capacityProvider"] == "FARGATE_SPOT"
    assert "launchType" not in sent
    result = job.fgctl("ecs-run-task", "--like-service", service[:-1]).expect(125)
    assert f"has no service of exactly this name\n  it has: {service}" in result.err


@pytest.fixture
def service(job, standing_stacks):
    """A service without tasks in the standing cluster."""
    ecs, name = job.boto3("ecs"), f"web-{job.suffix}"
    ecs.create_service(
        cluster=standing_stacks.stack, serviceName=name, taskDefinition=standing_stacks.stack, desiredCount=0,
        capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}],
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-0like"], "securityGroups": ["sg-0like"]}})
    job.on_cleanup("service", lambda: ecs.delete_service(cluster=standing_stacks.stack, service=name, force=True))
    return name
