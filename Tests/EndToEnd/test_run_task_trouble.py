"""ecs-run-task when ECS refuses, forgets, is slow, loses answers, and when the user interrupts."""

import json
import re
import signal
import subprocess
import threading

import pytest
from harness import wait_until
from parts import all_tasks

SLEEP = ("--command", "sh -c 'trap \"exit 0\" TERM; echo ready; sleep 600 & wait'")


def alive(arn):
    listed = subprocess.run(
        ["docker", "ps", "-q", "--filter", f"label=com.amazonaws.ecs.task-arn={arn}"], capture_output=True, text=True,
        check=True, timeout=240)
    return bool(listed.stdout.split())


def tasks_of(project, stacks, group=None):
    """All tasks of the cluster that were started with the project's mark."""
    tasks = all_tasks(project.boto3("ecs"), stacks.stack)

    def mine(task):
        return any(
            {"name": "MARK", "value": project.suffix} in container.get("environment", [])
            for container in task["overrides"]["containerOverrides"])
    return [task for task in tasks if mine(task)]


def mark(project):
    return ("--set-env", f"MARK={project.suffix}")


# --- refusals -------------------------------------------------------------------------------------------------------


def test_run_task_failures(job, judge):
    failures = {"tasks": [], "failures": [{"arn": "arn:aws:ecs:x", "reason": "ATTRIBUTE", "detail": "no such platform"}]}
    judge.inject("ecs", "RunTask", status=200, body=json.dumps(failures))
    result = job.fgctl("ecs-run-task").expect(125)
    assert "ECS started nothing: ATTRIBUTE: no such platform" in result.err
    assert len(judge.requests("ecs", "RunTask", label=judge.label)) == 1


def test_no_capacity_is_waited_for_with_another_token(job, judge):
    failures = {"tasks": [], "failures": [{"reason": "Capacity is unavailable at this time. Please try again later"}]}
    judge.inject("ecs", "RunTask", status=200, body=json.dumps(failures))
    result = job.fgctl("ecs-run-task", "--command", "echo hi").expect(0)
    assert "no capacity for the task" in result.err
    assert result.out == "hi\n"
    tokens = [r.params["clientToken"] for r in judge.requests("ecs", "RunTask", label=judge.label)]
    assert len(set(tokens)) == len(tokens) == 2


@pytest.mark.parametrize(("code", "message"), [
    ("AccessDeniedException", "User is not authorized to perform: ecs:RunTask"),
    ("ClusterNotFoundException", "Cluster not found."), ("InvalidParameterException", "No Container Instances")])
def test_refused(job, judge, code, message):
    judge.inject("ecs", "RunTask", status=400, code=code, message=message, headers={"x-amzn-RequestId": "7f-of-aws"})
    result = job.fgctl("ecs-run-task", "--output", "json").expect(125)
    text = result.json["error"]["message"]
    assert f"{code}: {message}" in text
    assert "(AWS request 7f-of-aws)" in text
    assert result.json["error"]["exitCode"] == 125
    assert text in result.err
    assert len(judge.requests("ecs", "RunTask", label=judge.label)) == 1


def test_expired_credentials_are_fgctls_own_failure(job, judge):
    judge.inject("cloudformation", "DescribeStacks", status=403, code="ExpiredToken", message="expired")
    result = job.fgctl("ecs-run-task").expect(125)
    assert "ExpiredToken" in result.err


# --- looking --------------------------------------------------------------------------------------------------------


def test_missing_right_after_the_start(job, judge):
    missing = {"tasks": [], "failures": [{"arn": "arn:aws:ecs:us-east-1:000000000000:task/x/y", "reason": "MISSING"}]}
    seen = judge.inject("ecs", "DescribeTasks", times=3, status=200, body=json.dumps(missing))
    assert job.fgctl("ecs-run-task", "--command", "echo hi").expect(0).out == "hi\n"
    assert seen.seen == 3


def test_throttled_and_broken_looks(job, judge):
    throttled = judge.inject(
        "ecs", "DescribeTasks", times=5, status=400, code="ThrottlingException", message="Rate exceeded")
    hidden = judge.inject(
        "ecs", "DescribeTasks", times=2, status=400, code="InvalidParameterException", message="Rate exceeded")
    broken = judge.inject("logs", "GetLogEvents", times=2, status=500)
    lost = judge.inject("logs", "GetLogEvents", times=1, reset=True)
    result = job.fgctl("ecs-run-task", "--command", "sh -c 'seq 1 50'").expect(0)
    assert result.out.splitlines() == [str(n) for n in range(1, 51)]
    assert (throttled.seen, hidden.seen, broken.seen, lost.seen) == (5, 2, 2, 1)


def test_a_look_that_is_refused_leaves_the_task_alone(job, judge):
    judge.inject("ecs", "DescribeTasks", times=99, status=400, code="AccessDeniedException", message="not you")
    result = job.fgctl("ecs-run-task", *SLEEP).expect(125)
    arn = re.search(r"^started (\S+)$", result.err, re.M)[1]
    assert "watching the task ended" in result.err
    assert f"it may go on in cluster {arn.split('/')[1]}: {arn}" in result.err
    assert judge.requests("ecs", "StopTask", label=judge.label) == []


# --- answers that are lost ------------------------------------------------------------------------------------------


def test_a_log_group_that_is_missing_is_said_once(job, judge):
    judge.inject(
        "logs", "GetLogEvents", times=99, status=400, code="ResourceNotFoundException",
        message="The specified log group does not exist.")
    result = job.fgctl("ecs-run-task", "--command", "sh -c 'echo unread'").expect(0)
    assert result.out == ""
    assert len(re.findall(r"^warning: no log lines: log group /ecs/\w+ does not exist$", result.err, re.M)) == 1


def test_a_definition_that_was_deregistered(job, judge):
    judge.inject("ecs", "RunTask", status=400, code="ClientException", message="TaskDefinition is inactive")
    error, hint = job.fgctl("ecs-run-task").expect(125).err.splitlines()[-2:]
    assert "ClientException: TaskDefinition is inactive" in error
    assert "fgctl cf-update-stack VERSION" in hint


@pytest.mark.parametrize("how", [{"reset": True}, {"status": 500}, {"status": 503, "body": "gateway"}])
def test_a_lost_answer_starts_no_second_task(job, judge, standing_stacks, how):
    judge.inject("ecs", "RunTask", after=True, **how)
    result = job.fgctl("ecs-run-task", *mark(job), "--command", "echo hi").expect(0)
    assert result.out == "hi\n"
    first, second = judge.requests("ecs", "RunTask", label=judge.label)
    assert first.params == second.params
    assert first.header("Authorization") != second.header("Authorization") or first.time != second.time
    assert len(tasks_of(job, standing_stacks)) == 1


def test_a_conflict_adopts_the_tasks_it_names(job, judge):
    arn = job.fgctl("ecs-run-task", "--no-wait", "--command", "sh -c 'echo adopted; exit 4'").expect(0).out.strip()
    body = {"__type": "ConflictException", "message": "in use", "resourceIds": [arn]}
    judge.inject("ecs", "RunTask", status=400, body=json.dumps(body))
    result = job.fgctl("ecs-run-task").expect(4)
    assert result.out == "adopted\n"
    assert f"going on with {arn}" in result.err


# --- interruptions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_the_task(job, judge, number, code):
    running = job.start("ecs-run-task", *SLEEP)
    running.line("^ready$", stream="out")
    arn = re.search(r"^started (\S+)$", running.err, re.M)[1]
    running.signal(number)
    running.line("interrupted: asking ECS to stop the task")
    result = running.wait().expect(code)
    [stop] = judge.requests("ecs", "StopTask", label=judge.label)
    assert stop.params["task"] == arn
    assert "fgctl" in stop.params["reason"]
    assert re.search(r"task [\w-]+ stopped: ", result.err)
    wait_until("the container gone", lambda: not alive(arn))


def test_the_second_signal_leaves_at_once(job, judge):
    hold = threading.Event()
    judge.inject("ecs", "StopTask", hold=hold, status=500)
    running = job.start("ecs-run-task", *SLEEP)
    running.line("^ready$", stream="out")
    since = judge.mark()
    running.interrupt()
    judge.wait_for("ecs", "StopTask", since=since)
    running.interrupt()
    result = running.wait(30).expect(130)
    hold.set()
    assert result.out == "ready\n"
    assert result.err.splitlines()[-1].startswith("fgctl: interrupted again: left at once")


def test_an_interruption_during_the_launch_stops_what_it_started(job, judge, standing_stacks):
    hold = threading.Event()
    judge.inject("ecs", "RunTask", after=True, hold=hold, reset=True)
    running = job.start("ecs-run-task", *mark(job), *SLEEP)
    wait_until("the task", lambda: tasks_of(job, standing_stacks))
    running.interrupt()
    hold.set()
    running.wait().expect(130)
    assert judge.requests("ecs", "StopTask", label=judge.label)
    [task] = tasks_of(job, standing_stacks)
    assert task["desiredStatus"] == "STOPPED"
    wait_until("the container gone", lambda: not alive(task["taskArn"]))


def test_interrupted_before_the_launch(job, judge):
    hold = threading.Event()
    since = judge.mark()
    judge.inject("sts", "GetCallerIdentity", hold=hold, status=500)
    running = job.start("ecs-run-task", *SLEEP)
    judge.wait_for("sts", "GetCallerIdentity", since=since)
    running.interrupt()
    result = running.wait(30).expect(130)
    hold.set()
    assert "interrupted" in result.err
    assert judge.requests("ecs", "RunTask", label=judge.label) == []


def test_a_task_that_somebody_else_stops(job, standing_stacks):
    running = job.start("ecs-run-task", *SLEEP)
    running.line("^ready$", stream="out")
    arn = re.search(r"^started (\S+)$", running.err, re.M)[1]
    job.boto3("ecs").stop_task(cluster=standing_stacks.stack, task=arn, reason="a colleague wants it so")
    result = running.wait().expect(130)
    assert "the task was stopped: a colleague wants it so" in result.err


def test_the_reader_goes_away(job):
    """`fgctl … | head` ends quietly."""
    command = " ".join([str(job.binary), "ecs-run-task", "--quiet", "--command", "'seq 1 20000'"])
    done = subprocess.run(
        ["sh", "-c", f"{command} | head -n 1"], cwd=job.folder, env=job.environment, capture_output=True, text=True,
        timeout=240)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")
