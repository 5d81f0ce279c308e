"""bin/smoke-aws, which is for a real account, here on local AWS: its guard, its job, and that it leaves nothing."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys

import harness
import pytest
from processes import Running

sys.path.insert(0, str(harness.ROOT / "bin/lib"))
import smoke_aws  # noqa: E402  (in bin/lib)

SCRIPT = harness.ROOT / "bin/smoke-aws"
ACCOUNT = "000000000000"


@pytest.fixture
def smoke(project, judge, tmp_path):
    """Starts the script; afterwards nothing of the run is left on AWS or in docker."""
    running: list[Running] = []
    report = tmp_path / "report.md"

    def start(*arguments, account=ACCOUNT):
        environment = project.environment | {
            "AWS_ENDPOINT_URL": judge.url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": harness.REGION, "AWS_DEFAULT_REGION": harness.REGION, "REGISTRY_URL": project.registry,
            # The AWS CLI that takes the repository away goes past the judge.
            "AWS_ENDPOINT_URL_ECR": project.local_aws,
            "PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"}
        environment |= {"FGCTL_SMOKE_AWS": account} if account is not None else {}
        # fgctl takes no endpoint of a single service: only the CLI reads AWS_ENDPOINT_URL_ECR.
        words = [str(SCRIPT), "--fgctl", str(project.binary), "--base-image", "busybox:local", "--report", str(report)]
        running.append(Running([*words, *arguments], environment, tmp_path))
        return running[-1]

    start.report = report
    yield start
    for one in running:
        one.kill()


def stack_name(text):
    return re.search(r"stack (fgctl-smoke-[0-9a-f]{6})", text)[1]


def nothing_is_left(project, name):
    cloudformation, ecr = project.boto3("cloudformation"), project.boto3("ecr")
    pages = cloudformation.get_paginator("describe_stacks").paginate()
    stacks = [s["StackName"] for page in pages for s in page["Stacks"] if s["StackStatus"] != "DELETE_COMPLETE"]
    assert [s for s in stacks if name in s] == []
    repositories = [r for page in ecr.get_paginator("describe_repositories").paginate() for r in page["repositories"]]
    assert [r for r in repositories if name in r["repositoryName"]] == []
    assert project.boto3("logs").describe_log_groups(logGroupNamePrefix=f"/ecs/{name}")["logGroups"] == []
    images = subprocess.run(
        ["docker", "images", "--quiet", "--filter", f"label=fgctl.smoke={name}"], capture_output=True, text=True, timeout=240)
    assert images.stdout == ""


@pytest.mark.parametrize(("account", "said"), [(None, "FGCTL_SMOKE_AWS=123456789012 bin/smoke-aws"), ("yes", "name the account")])
def test_without_the_guard_nothing_is_done(smoke, judge, account, said):
    result = smoke(account=account).wait().expect(64)
    assert "Nothing was done" in result.err and said in result.err and "USD" in result.err
    assert judge.requests(label=judge.label) == []
    assert not smoke.report.exists()


def test_another_account_is_refused(smoke, judge):
    result = smoke(account="123456789012").wait().expect(64)
    assert "names account 123456789012, the credentials are those of 000000000000" in result.err
    assert {r.operation for r in judge.requests(label=judge.label)} == {"GetCallerIdentity"}


def test_usage(smoke, judge):
    assert "go together" in smoke("--subnets", "subnet-0a").wait().expect(64).err
    assert judge.requests(label=judge.label) == []


def test_the_main_job_and_its_report(smoke, judge, project):
    result = smoke().wait(600).expect(0)
    name = stack_name(result.err)
    assert result.out == smoke.report.read_text()
    assert "**passed**" in result.out and "********0000" in result.out
    assert ACCOUNT not in result.out and "which is not AWS" in result.out
    rows = re.findall(r"^\| `(.+?)` \| (\S+) \| (\S+) \| ([\d.]+) \|$", result.out, re.M)
    assert [(row[0].split()[1] if row[0].startswith("fgctl") else row[0], row[1]) for row in rows] == [
        ("docker-build", "0"), ("docker-push", "0"), ("cf-create-vpc", "0"), ("cf-create-stack", "0"), ("ecs-run-task", "0"),
        ("ecs-run-task", "7"), ("ecs-logs", "0"), ("schedule-create", "0"), ("schedule-list", "0"), ("cf-status", "0"),
        ("schedule-remove", "0"), ("cf-delete-stack", "0"), ("cf-delete-vpc", "0"), ("aws ecr delete-repository", "0")]
    nothing_is_left(project, name)


def test_a_failure_is_told_and_cleaned_up(smoke, judge, project):
    judge.inject("ecs", "RunTask", status=400, code="ClientException", message="no capacity today")
    result = smoke("--subnets", "subnet-0a", "--security-groups", "sg-0a").wait(600).expect(1)
    assert "**failed**" in result.out and "no capacity today" in result.out
    assert re.search(r"^\| `fgctl ecs-run-task` \| 125 \| 0 \|", result.out, re.M)
    assert "cf-create-vpc" not in result.out and "cf-delete-vpc" not in result.out
    assert "schedule-create" not in result.out and "Left behind" not in result.out
    nothing_is_left(project, stack_name(result.err))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_it_cleans_up(smoke, judge, project, number, code):
    mark = judge.mark()
    running = smoke("--subnets", "subnet-0a", "--security-groups", "sg-0a")
    judge.wait_for("cloudformation", "ExecuteChangeSet", since=mark)
    running.signal(number)
    running.line("interrupted: cleaning up")
    # Impatience does not keep it from cleaning up.
    running.signal(number)
    result = running.wait().expect(code)
    assert "**interrupted**" in result.out and "Left behind" not in result.out
    assert "already cleaning up" in result.err
    nothing_is_left(project, stack_name(result.err))


class SignalledWhileWriting(io.RawIOBase):
    """Every write of it is hit by a signal."""

    handled = True

    def writable(self):
        return True

    def write(self, data):
        if self.handled:
            signal.raise_signal(signal.SIGUSR1)
        return len(data)


def test_a_signal_in_the_middle_of_a_line(monkeypatch, capfd):
    smoke = smoke_aws.Smoke(None, ACCOUNT, harness.REGION, None)
    stream = SignalledWhileWriting()
    before = signal.signal(signal.SIGUSR1, smoke.on_signal)
    try:
        monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BufferedWriter(stream)))
        smoke_aws.say("first")
        assert smoke.interrupted == signal.SIGUSR1
        smoke.cleaning = True
        smoke_aws.say("second")
    finally:
        # What is left in the buffer is still written when it goes.
        stream.handled = False
        signal.signal(signal.SIGUSR1, before)
    assert capfd.readouterr().err.count("already cleaning up") == 1


def test_what_is_left_is_told(smoke, judge, project):
    judge.inject("cloudformation", "DeleteStack", times=9, status=403, code="AccessDenied", message="not you")
    result = smoke("--subnets", "subnet-0a", "--security-groups", "sg-0a").wait(600).expect(1)
    name = stack_name(result.err)
    assert f"- stack {name}: aws cloudformation delete-stack --region {harness.REGION} --stack-name {name}" in result.out
    judge.clear_injections()
    project.boto3("cloudformation").delete_stack(StackName=name)
