"""The harness itself, with a small script in the binary's place."""

import json
import os
import re
import signal
import subprocess
import sys

import boto3
import harness
import pytest
from judge import Judge
from judge.dummy import DummyUpstream

SCRIPT = '''#!{python}
import json, os, pathlib, signal, subprocess, sys, time

def keys():
    lines = pathlib.Path("env/default").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)

def call(secret):
    import boto3
    env = keys()
    ecs = boto3.client(
        "ecs", endpoint_url=env["AWS_ENDPOINT_URL"], region_name=env["AWS_REGION"],
        aws_access_key_id=env["AWS_ACCESS_KEY_ID"], aws_secret_access_key=secret)
    print(json.dumps(ecs.list_clusters()["clusterArns"]))

verb, *rest = sys.argv[1:]
if verb == "env":
    print(json.dumps(dict(os.environ)))
elif verb == "fail":
    sys.stderr.write("fgctl: no\\n")
    sys.exit(int(rest[0]))
elif verb == "cat":
    sys.stdout.write(sys.stdin.read())
elif verb == "pwd":
    print(os.getcwd())
elif verb == "count":
    for number in range(int(rest[0])):
        print("line", number, flush=True)
    print("no end", end="", flush=True)
elif verb == "wait":
    # Blocked and waited for: a handler could have run before a pause that then never ends.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    print("ready", file=sys.stderr, flush=True)
    signal.sigwait({signal.SIGINT})
    print("stopping", flush=True)
    sys.exit(130)
elif verb == "child":
    child = subprocess.Popen(["sleep", "600"])
    print(child.pid, flush=True)
    if rest == ["leave"]:
        sys.exit(0)
    child.wait()
elif verb == "list":
    call("test")
elif verb == "forge":
    call("forged")
'''


@pytest.fixture(scope="module")
def fgctl_binary(tmp_path_factory):
    script = tmp_path_factory.mktemp("bin") / "fgctl"
    script.write_text(SCRIPT.replace("{python}", sys.executable))
    script.chmod(0o755)
    return script


@pytest.fixture(scope="module")
def judge_of_worker(local_aws, tmp_path_factory):
    """A judge apart, so that what the script does is no part of the run's record."""
    with Judge(local_aws, record=tmp_path_factory.mktemp("record") / "requests.jsonl") as judge:
        yield judge


@pytest.fixture
def start(fgctl_binary, tmp_path):
    """Processes without a project, hence without local AWS."""
    started = []

    def run(*arguments, text=None):
        started.append(harness.Running([str(fgctl_binary), *arguments], os.environ, tmp_path, text))
        return started[-1]
    yield run
    for running in started:
        running.kill()


def alive(pid):
    """False also for a zombie that nobody has reaped yet."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


# --- processes ------------------------------------------------------------------------------------------------------


def test_result(start):
    result = start("fail", "65").wait()
    assert (result.code, result.out, result.err) == (65, "", "fgctl: no\n")
    assert 0 < result.seconds < harness.TIMEOUT
    assert result.expect(65) is result
    with pytest.raises(AssertionError, match=r"wanted exit 0(.|\n)*exit 65(.|\n)*fgctl: no"):
        result.expect(0)


def test_input(start):
    assert start("cat", text="ä\nb").wait().out == "ä\nb"
    assert start("cat").wait().out == ""
    # More than a pipe holds, to a program that ends without reading it: nobody's failure.
    assert start("fail", "3", text="x" * 1_000_000).wait().code == 3


def test_lines(start):
    running = start("count", "20000")
    assert running.line(r"line (\d+)")[1] == "0"
    assert running.line(r"^line (19\d\d\d)$", stream="out")[1] == "19000"
    assert running.line("no end")
    assert len(running.wait().out.splitlines()) == 20001
    for _ in range(2):
        with pytest.raises(AssertionError, match="the output ended"):
            running.line("line")


def test_line_has_a_deadline(start):
    running = start("wait")
    running.line("ready", stream="err")
    with pytest.raises(AssertionError, match=r"no line /never/ within 0.1 s(.|\n)*ready"):
        running.line("never", deadline=0.1)


def test_interrupt(start):
    running = start("wait")
    running.line("ready")
    running.interrupt()
    result = running.wait()
    assert (result.code, result.out) == (130, "stopping\n")
    running = start("wait")
    running.line("ready")
    running.signal(signal.SIGTERM)
    assert running.wait().code == -signal.SIGTERM


def test_timeout_kills_the_group(start):
    running = start("child")
    child = int(running.line(r"\d+")[0])
    with pytest.raises(AssertionError, match="still running after 0.2 s"):
        running.wait(0.2)
    harness.wait_until("child killed", lambda: not alive(child))


def test_child_that_keeps_the_output_is_found_and_killed(start):
    running = start("child", "leave")
    child = int(running.line(r"\d+")[0])
    running.process.wait(60)
    with pytest.raises(AssertionError, match="a child keeps its output open"):
        running.wait(2)
    harness.wait_until("child killed", lambda: not alive(child))


def test_wait_until():
    values = iter([0, None, 3])
    assert harness.wait_until("three", lambda: next(values), 5, 0) == 3
    with pytest.raises(TimeoutError, match="never: not within 0.05 s"):
        harness.wait_until("never", lambda: False, 0.05, 0.01)


def test_missing_ground(monkeypatch, tmp_path):
    for answer in ((500, {}, b""), (200, {}, b"hello"), (200, {}, b"{}")):
        with DummyUpstream(lambda _, answer=answer: answer) as upstream:
            with pytest.raises(harness.HarnessError, match="run bin/local-aws up"):
                harness.check_local_aws(upstream.url)
    monkeypatch.setenv("FGCTL_BIN", str(tmp_path / "none"))
    with pytest.raises(harness.HarnessError, match="none is no executable"):
        harness.find_binary()
    monkeypatch.setenv("FGCTL_BIN", sys.executable)
    assert str(harness.find_binary()) == sys.executable


# --- projects -------------------------------------------------------------------------------------------------------


def test_project_folder_and_environment(project, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("STACK_NAME", "mine")
    environment = project.fgctl("env").expect(0).json
    assert environment["HOME"] == str(project.home)
    assert {name for name in environment if name.startswith(("AWS", "STACK", "FGCTL"))} == set()
    assert project.fgctl("env", env={"COLOUR": "red", "LANG": None}).json.items() >= {"COLOUR": "red"}.items()
    assert project.fgctl("pwd").out.strip() == str(project.folder.resolve())
    assert project.fgctl("pwd", cwd="env").out.strip() == str((project.folder / "env").resolve())
    keys = dict(line.split("=", 1) for line in (project.folder / "env/default").read_text().splitlines())
    assert keys == project.keys
    names = [keys[name] for name in ("STACK_NAME", "PARENT_STACK_NAME", "S3_BUCKET", "IMAGE_NAME")]
    assert all(re.fullmatch(r"[a-z][a-z0-9-]{3,19}", name) for name in names)
    assert len(set(names)) == 4
    text = project.write_env("other", STACK_NAME="x", S3_BUCKET=None).read_text()
    assert "STACK_NAME=x\n" in text
    assert "S3_BUCKET" not in text
    assert (project.folder / "Dockerfile").read_text().startswith("FROM busybox:local\n")


def test_requests_go_through_the_judge(project, judge):
    mark = judge.mark()
    assert isinstance(project.fgctl("list").expect(0).json, list)
    [request] = judge.requests("ecs", since=mark)
    assert (request.operation, request.faults, request.label) == ("ListClusters", [], judge.label)
    judge.inject("ecs", "ListClusters", status=400, code="AccessDeniedException", message="not you")
    refused = project.fgctl("list")
    assert refused.code == 1
    assert "AccessDeniedException" in refused.err
    project.boto3("ecs").list_clusters()
    assert len(judge.requests(since=mark)) == 2


def test_clean_up_is_last_in_first_out_and_goes_on_after_a_failure(project):
    done = []

    def broken():
        done.append("broken")
        raise RuntimeError("stuck")

    project.on_cleanup("first", lambda: done.append("first"))
    project.on_cleanup("broken", broken)
    project.on_cleanup("last", lambda: done.append("last"))
    running = project.start("wait")
    running.line("ready")
    with pytest.raises(harness.HarnessError, match="left behind:\nbroken: RuntimeError: stuck"):
        project.clean_up()
    assert done == ["last", "broken", "first"]
    assert not alive(running.pid)


GROUP = {"Type": "AWS::Scheduler::ScheduleGroup", "Properties": {"Name": {"Ref": "AWS::StackName"}}}
TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}}
TEMPLATE = {"Resources": {"Group": GROUP, "Role": ROLE},
            "Outputs": {"Role": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}}}


def test_nothing_is_left_behind(project):
    stack, make = project.stack, project.boto3
    make("cloudformation").create_stack(
        StackName=stack, TemplateBody=json.dumps(TEMPLATE), Capabilities=["CAPABILITY_IAM"])
    make("cloudformation").get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    [role] = make("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    make("scheduler").create_schedule(
        Name="nightly", GroupName=stack, ScheduleExpression="rate(1 day)", FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": "arn:aws:sqs:us-east-1:000000000000:q", "RoleArn": role["OutputValue"]})
    make("s3").create_bucket(Bucket=project.bucket)
    make("s3").put_object(Bucket=project.bucket, Key="a/b", Body=b"c")
    make("ecr").create_repository(repositoryName=project.image)
    make("logs").create_log_group(logGroupName=f"/ecs/{stack}")
    make("ssm").put_parameter(Name=f"{stack}__params", Value="v", Type="String")
    make("ecs").create_cluster(clusterName=stack)
    project.on_cleanup("cluster", lambda: make("ecs").delete_cluster(cluster=stack))
    make("ecs").register_task_definition(family=stack, containerDefinitions=[{"name": "a", "image": "b", "memory": 4}])
    image = f"{project.registry}/{project.image}:0.1"
    subprocess.run(
        ["docker", "build", "-q", "-t", image, project.folder], check=True, capture_output=True, timeout=240,
        env=project.environment | {"DOCKER_BUILDKIT": "0"})
    for _ in range(2):  # a second time finds nothing, and that is no error
        project.clean_up()
        for name, action in harness.Leftovers(project).actions():
            project.on_cleanup(name, action)

    missing = make("cloudformation").exceptions.ClientError
    with pytest.raises(missing, match="does not exist"):
        make("cloudformation").describe_stacks(StackName=stack)
    with pytest.raises(missing, match="ResourceNotFound"):
        make("scheduler").get_schedule(Name="nightly", GroupName=stack)
    with pytest.raises(missing, match="404"):
        make("s3").head_bucket(Bucket=project.bucket)
    with pytest.raises(missing, match="RepositoryNotFound"):
        make("ecr").describe_repositories(repositoryNames=[project.image])
    assert make("logs").describe_log_groups(logGroupNamePrefix=f"/ecs/{stack}")["logGroups"] == []
    with pytest.raises(missing, match="ParameterNotFound"):
        make("ssm").get_parameter(Name=f"{stack}__params")
    assert make("ecs").list_task_definitions(familyPrefix=stack)["taskDefinitionArns"] == []
    assert subprocess.run(["docker", "images", "-q", image], capture_output=True, text=True).stdout == ""


def test_what_went_through_the_judge_is_deleted(project, judge):
    """Who only looked has nothing to delete; who made something has, though the test never asked for a client."""
    logs = boto3.client(
        "logs", endpoint_url=judge.url, region_name=harness.REGION, aws_access_key_id="test", aws_secret_access_key="test")
    named = {"logGroupNamePrefix": f"/ecs/{project.stack}"}
    logs.describe_log_groups(**named)
    assert not project.may_have_changed_aws
    logs.create_log_group(logGroupName=f"/ecs/{project.stack}")
    assert project.may_have_changed_aws
    project.clean_up()
    assert logs.describe_log_groups(**named)["logGroups"] == []


# --- the verdict of a run -------------------------------------------------------------------------------------------


RUN = '''
import boto3, pytest

@pytest.fixture(scope="session")
def local_aws():
    import os
    return os.environ["FGCTL_LOCAL_AWS"]

def ecs(judge, secret):
    return boto3.client("ecs", endpoint_url=judge.url, region_name="us-east-1", aws_access_key_id="test",
                        aws_secret_access_key=secret)

def test_one(judge):
    ecs(judge, "{secret}").list_clusters()

def test_two(judge):
    ecs(judge, "test").list_tasks()
'''


@pytest.fixture
def run_tests(tmp_path):
    """Runs a session of its own with this folder's conftest, against an upstream that answers `{}`."""
    tests = tmp_path / "tests"
    tests.mkdir()
    here = harness.ROOT / "Tests"
    with DummyUpstream() as upstream:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "AWS"))} | {
            "FGCTL_E2E_RECORDS": str(tmp_path / "records"), "FGCTL_OPERATIONS_PAGE": str(tmp_path / "page.md"),
            "FGCTL_E2E_TESTS": str(tests), "FGCTL_LOCAL_AWS": upstream.url,
            "PYTHONPATH": f"{here / 'EndToEnd'}:{here / 'Judge'}"}

        def run(*arguments, secret="test"):
            (tests / "test_run.py").write_text(RUN.replace("{secret}", secret))
            return subprocess.run(
                [sys.executable, "-m", "pytest", "-p", "verdict", "-p", "conftest", "-p", "no:cacheprovider",
                 "-c", os.devnull, "--rootdir", str(tests), *arguments],
                cwd=tests, env=environment, capture_output=True, text=True, timeout=600)
        yield run


def test_a_fault_fails_a_run_whose_tests_passed(run_tests):
    # Two workers, a file of records each.
    done = run_tests("-n", "2", "-k", "one or two", secret="forged")
    assert "2 passed" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 1
    assert re.search(r"fault: .* ecs ListClusters .* in test_run.py::test_one: wrong-signature", done.stdout)
    assert "2 requests judged, 1 problems" in done.stdout


def test_stale_operations_fail_a_complete_run_only(run_tests, tmp_path):
    done = run_tests()
    assert done.returncode == 1
    assert "ecs: ListClusters was called and is not in page.md: run with --write-operations" in done.stdout
    refused = run_tests("--write-operations", "-k", "one")
    assert refused.returncode == 4
    assert "--write-operations wants a run of all" in refused.stderr
    assert run_tests("--write-operations").returncode == 0
    assert "| `ecs` | `ListTasks` |" in (tmp_path / "page.md").read_text()
    assert run_tests("-n", "2").returncode == 0
    (tmp_path / "page.md").write_text("")
    assert run_tests("test_run.py::test_one").returncode == 0
