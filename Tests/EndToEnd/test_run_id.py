"""ecs-run-task --run-id: killed at every step and run again, exactly one task runs."""

import json
import re
import signal
import threading
from datetime import UTC, datetime, timedelta

import pytest
from harness import wait_until
from parts import all_tasks


def tasks_of(job, stacks):
    """All tasks of the cluster that carry the project's mark."""
    tasks = all_tasks(job.boto3("ecs"), stacks.stack)
    mark = {"name": "MARK", "value": job.suffix}
    return [t for t in tasks if any(mark in c.get("environment", []) for c in t["overrides"]["containerOverrides"])]


@pytest.fixture(params=["bucket", "folder"])
def run(request, job, standing_stacks):
    """The command, its record in the bucket or on this machine."""
    keys = {"STACK_NAME": standing_stacks.stack, "PARENT_STACK_NAME": standing_stacks.parent_stack}
    if request.param == "bucket":
        s3 = job.boto3("s3")
        s3.create_bucket(Bucket=job.bucket)
        job.write_env(**keys)
    else:
        job.write_env(**keys, S3_BUCKET=None)
    return ("ecs-run-task", "--run-id", "nightly-1", "--set-env", f"MARK={job.suffix}", "--command",
            "sh -c 'echo hello; sleep 2; echo bye; exit 5'")


def record_file(job):
    [file] = (job.home / ".local/state/fgctl/runs").glob("*/nightly-1.json")
    return file


# Where the command is when it is killed: before and after each call acts, and while it follows.
STEPS = [
    ("cloudformation", "DescribeStacks", False), ("ecs", "DescribeTaskDefinition", False),
    ("ecs", "RunTask", False), ("ecs", "RunTask", True), ("ecs", "DescribeTasks", False),
    ("logs", "GetLogEvents", True),
]
BUCKET_STEPS = [("s3", "ListObjectsV2", False), ("s3", "PutObject", False), ("s3", "PutObject", True)]


def kill_at(job, judge, run, service, operation, after):
    """Kills the command while it waits for the answer to an operation."""
    hold, since = threading.Event(), judge.mark()
    judge.inject(service, operation, hold=hold, after=after, reset=True)
    running = job.start(*run)
    judge.wait_for(service, operation, since=since)
    if after and operation == "RunTask":
        # The judge notes a request when it comes: ECS must have acted on it.
        wait_until("the task", lambda: tasks_of_label(job))
    running.signal(signal.SIGKILL)
    running.wait(30)
    hold.set()
    judge.settle()
    judge.clear_injections()


def tasks_of_label(job):
    return tasks_of(job, job.stacks)


def run_again(job, judge, run, standing_stacks):
    result = job.fgctl(*run).expect(5)
    assert result.out == "hello\nbye\n"
    assert len(tasks_of(job, standing_stacks)) == 1
    tokens = {r.params["clientToken"] for r in judge.requests("ecs", "RunTask", label=judge.label)}
    assert len(tokens) == 1


@pytest.mark.parametrize(("service", "operation", "after"), STEPS, ids=lambda v: str(v))
def test_killed_and_run_again(job, judge, standing_stacks, run, service, operation, after):
    job.stacks = standing_stacks
    kill_at(job, judge, run, service, operation, after)
    run_again(job, judge, run, standing_stacks)


@pytest.mark.parametrize("run", ["bucket"], indirect=True)
@pytest.mark.parametrize(("service", "operation", "after"), BUCKET_STEPS, ids=lambda v: str(v))
def test_killed_while_writing_down(job, judge, standing_stacks, run, service, operation, after):
    job.stacks = standing_stacks
    kill_at(job, judge, run, service, operation, after)
    run_again(job, judge, run, standing_stacks)


def test_killed_while_it_follows_and_again_and_again(job, judge, standing_stacks, run):
    for _ in range(2):
        running = job.start(*run)
        running.line("^hello$", stream="out")
        running.signal(signal.SIGKILL)
        running.wait(30)
    run_again(job, judge, run, standing_stacks)
    assert len(judge.requests("ecs", "RunTask", label=judge.label)) == 1


def test_the_recorded_verdict(job, judge, standing_stacks, run):
    first = job.fgctl(*run, "--output", "json").expect(5).json
    mark = judge.mark()
    again = job.fgctl(*run, "--output", "json").expect(5)
    assert again.json == first
    assert "recorded verdict" in again.err
    assert judge.requests("ecs", since=mark) == []
    refused = job.fgctl(*run, "--count", "2").expect(64)
    assert "launched with other values of --count" in refused.err
    assert judge.requests("ecs", since=mark) == []
    assert len(tasks_of(job, standing_stacks)) == 1
    assert job.fgctl(*run, "--no-wait").expect(0).out.strip() == first["tasks"][0]["taskArn"]


def test_the_record_comes_first(job, judge, run):
    job.fgctl(*run, "--no-wait").expect(0)
    calls = judge.requests(label=judge.label, mutating=True)
    names = [call.operation for call in calls]
    if "PutObject" in names:
        assert names == ["PutObject", "RunTask", "PutObject"]
        assert calls[0].header("If-None-Match") == "*"
        [key] = [o["Key"] for o in job.boto3("s3").list_objects_v2(Bucket=job.bucket)["Contents"]]
        assert key.endswith("/runs/nightly-1.json")
    else:
        assert names == ["RunTask"]
        file = record_file(job)
        assert file.stat().st_mode & 0o777 == 0o600
        assert json.loads(file.read_text())["state"] == "started"


def test_interrupting_it_stops_the_task_and_is_recorded(job, standing_stacks, run):
    command = "sh -c 'trap \"exit 0\" TERM; echo hello; sleep 600 & wait'"
    running = job.start(*run[:-1], command)
    running.line("^hello$", stream="out")
    running.interrupt()
    running.wait().expect(130)
    again = job.fgctl(*run[:-1], command).expect(130)
    assert "recorded verdict" in again.err
    assert len(tasks_of(job, standing_stacks)) == 1


@pytest.mark.parametrize("run", ["folder"], indirect=True)
def test_an_unknown_fate_is_asked_about(job, judge, standing_stacks, run):
    judge.inject("ecs", "RunTask", times=20, status=503)
    job.fgctl(*run).expect(125)
    judge.clear_injections()
    file = record_file(job)
    record = json.loads(file.read_text())
    assert record["state"] == "sent"
    # Two hours on, the token may be forgotten: nobody can ask whether that launch was ever heard.
    record["sentAt"] = (datetime.now(UTC) - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    file.write_text(json.dumps(record))
    mark = judge.mark()
    result = job.fgctl(*run).expect(125)
    assert "whether a task ran is unknown" in result.err
    assert "--adopt ARN" in result.err
    assert judge.requests("ecs", "RunTask", since=mark) == []
    other = job.fgctl("ecs-run-task", "--no-wait", "--command", "sh -c 'echo adopted; exit 4'").expect(0).out.strip()
    assert job.fgctl(*run, "--adopt", other).expect(4).out == "adopted\n"
    assert tasks_of(job, standing_stacks) == []

    record["state"] = "sent"
    file.write_text(json.dumps(record))
    assert job.fgctl(*run, "--relaunch").expect(5).out == "hello\nbye\n"
    assert len(tasks_of(job, standing_stacks)) == 1


@pytest.mark.parametrize(("arguments", "said"), [
    (("--run-id", "a/b"), "can't name a run"), (("--relaunch",), "go with --run-id"),
    (("--run-id", "x", "--adopt", "y"), "is no ARN of a task"),
    (("--run-id", "x", "--adopt", "arn:aws:ecs:r:000000000000:task/c/0123", "--relaunch"), "exclude each other")])
def test_wrong_use(job, judge, arguments, said):
    result = job.fgctl("ecs-run-task", *arguments).expect(64)
    assert said in result.err
    assert judge.requests(label=judge.label) == []


def test_dry_run_writes_nothing(job, judge, run):
    job.fgctl(*run, "--dry-run").expect(0)
    assert judge.requests(label=judge.label, mutating=True) == []
    assert not (job.home / ".local").exists()
    assert re.search("dry run", job.fgctl(*run, "--dry-run").err)
