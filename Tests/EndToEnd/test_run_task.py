"""ecs-run-task with real containers: lines, codes, what the container gets."""

import datetime
import re
import subprocess

import pytest
from parts import outputs_of, put_image


def shell(script):
    assert "'" not in script
    return ("--command", f"sh -c '{script}'")


def test_lines_on_stdout_and_nothing_else(job):
    result = job.fgctl("ecs-run-task", *shell("echo one; echo two >&2; echo; echo \\ three\\ ")).expect(0)
    # awslogs joins both streams of a container, in the order in which docker gets them, and drops empty lines.
    assert sorted(result.out.splitlines()) == [" three ", "one", "two"]
    lines = result.err.splitlines()
    assert lines[0].startswith("run task: account 000000000000, region us-east-1, stack ")
    assert re.fullmatch(r"started arn:aws:ecs:us-east-1:000000000000:task/t\w+/[\w-]+", lines[1])
    assert any(re.fullmatch(r"task [\w-]+ STOPPED", line) for line in lines)
    assert re.search(r"task [\w-]+ succeeded: t\w+ exit 0", lines[-1])


def test_the_exit_code_is_the_containers(job):
    result = job.fgctl("ecs-run-task", "--command", 'sh -c "echo hi; exit 7"').expect(7)
    assert result.out == "hi\n"
    # The cause when it happened, and the end; each once.
    assert re.search(r"^task [\w-]+: container t\w+ ended with 7$", result.err, re.M)
    assert re.search(r"^task [\w-]+ failed: t\w+ exit 7$", result.err, re.M)
    assert result.err.count("ended with 7") == 1


@pytest.mark.parametrize(("script", "code", "said"), [
    ("sleep 60 & kill -9 $!; wait $!", 137, "ended with 137 (SIGKILL)"),
    ("sleep 60 & kill -TERM $!; wait $!", 143, "ended with 143 (SIGTERM)"), ("exit 255", 255, "ended with 255"),
    ("exit 125", 125, "ended with 125")])
def test_other_codes(job, script, code, said):
    result = job.fgctl("ecs-run-task", *shell(script)).expect(code)
    assert said in result.err


def test_all_of_many_lines_arrive_in_order(job):
    script = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo line $i; done"
    result = job.fgctl("ecs-run-task", *shell(script)).expect(0)
    assert result.out.splitlines() == [f"line {n}" for n in range(1, 20001)]


def test_the_last_lines_before_the_end_are_not_lost(job):
    script = "echo early; sleep 2; seq 1 500; printf last"
    result = job.fgctl("ecs-run-task", *shell(script)).expect(0)
    assert result.out.splitlines() == ["early", *map(str, range(1, 501)), "last"]


def test_lines_come_while_it_runs(job):
    running = job.start("ecs-run-task", *shell("echo ready; while [ ! -e /tmp/go ]; do sleep 0.1; done; echo done"))
    running.line(r"^ready$", stream="out")
    assert running.process.poll() is None
    [container] = containers(running)
    subprocess.run(["docker", "exec", container, "touch", "/tmp/go"], check=True, timeout=240)
    assert running.wait().expect(0).out == "ready\ndone\n"


def containers(running):
    """The docker containers of a run's tasks that are alive."""
    found = []
    for arn in re.findall(r"^started (\S+)$", running.err, re.M):
        listed = subprocess.run(
            ["docker", "ps", "--filter", f"label=com.amazonaws.ecs.task-arn={arn}",
             "--format", '{{.ID}} {{.Label "com.amazonaws.ecs.container-name"}}'],
            capture_output=True, text=True, check=True, timeout=240)
        # The container that holds the task's network is none of the task's own.
        found += [words[0] for words in map(str.split, listed.stdout.splitlines()) if "~internal~" not in words[-1]]
    return found


# --- what the container gets ----------------------------------------------------------------------------------------


def environment(text):
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def test_environment(job):
    job.write("job.env", "# of the job\nMODE=file\nQUOTED=\"as it is\"\nFROM_HERE\nEMPTY=\n")
    before = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    result = job.fgctl(
        "ecs-run-task", "--command", "env", "--remote-env-file", "job.env", "--set-env", "MODE=flag", "--set-env",
        "TEXT=a b=c", "--set-env", "LAST=1", "--set-env", "LAST=2", env={"FROM_HERE": "taken", "NOT_ASKED": "x"}).expect(0)
    got = environment(result.out)
    assert got["MODE"] == "flag"
    assert got["QUOTED"] == '"as it is"'
    assert (got["FROM_HERE"], got["EMPTY"], got["TEXT"], got["LAST"]) == ("taken", "", "a b=c", "2")
    assert "NOT_ASKED" not in got
    triggered = datetime.datetime.strptime(got["TASK_TRIGGERED_AT"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.UTC)
    assert before <= triggered <= datetime.datetime.now(datetime.UTC)
    assert not {name for name in got if name.startswith("AWS_SECRET") or name == "AWS_ACCESS_KEY_ID"} & {"test"}


def test_remote_env_file_by_key(job, standing_stacks):
    job.write("remote/job.env", "COLOUR=blue\n")
    job.write_env(
        REMOTE_ENV_FILE="remote/job.env", STACK_NAME=standing_stacks.stack, PARENT_STACK_NAME=standing_stacks.parent_stack)
    assert environment(job.fgctl("ecs-run-task", "--command", "env", cwd="env").expect(0).out)["COLOUR"] == "blue"


def test_task_triggered_at_can_be_set(job):
    result = job.fgctl("ecs-run-task", "--command", "env", "--set-env", "TASK_TRIGGERED_AT=2026-01-31T00:00:00Z").expect(0)
    assert environment(result.out)["TASK_TRIGGERED_AT"] == "2026-01-31T00:00:00Z"


def test_size_count_and_network_reach_ecs(job, judge, standing_stacks):
    job.fgctl("ecs-run-task", "--command", "true", "--cpu", "0.5 vCPU", "--memory", "2 GB", "--no-public-ip").expect(0)
    [run] = judge.requests("ecs", "RunTask", label=judge.label)
    overrides, network = run.params["overrides"], run.params["networkConfiguration"]["awsvpcConfiguration"]
    assert (overrides["cpu"], overrides["memory"]) == ("512", "2048")
    assert run.params["launchType"] == "FARGATE"
    assert network["assignPublicIp"] == "DISABLED"
    outputs = outputs_of(standing_stacks, standing_stacks.parent_stack)
    assert network["subnets"] == outputs["SubnetIds"].split(",")
    assert network["securityGroups"] == [outputs["SecurityGroupId"]]
    assert run.params["taskDefinition"] == outputs_of(standing_stacks)["TaskDefinitionArn"]


def test_network_by_keys_needs_no_network_stack(job, judge, standing_stacks):
    job.write_env(
        STACK_NAME=standing_stacks.stack, SUBNETS="subnet-0123456789abcdef0", SECURITY_GROUPS="sg-0123456789abcdef0")
    job.fgctl("ecs-run-task", "--command", "true", "--dry-run").expect(0)
    names = {r.params.get("StackName") for r in judge.requests("cloudformation", label=judge.label)}
    assert job.parent_stack not in names


def test_several_tasks(job, judge):
    result = job.fgctl("ecs-run-task", "--count", "2", *shell("echo hi; exit 3")).expect(3)
    lines = result.out.splitlines()
    assert len(lines) == 2
    found = [re.fullmatch(r"(t\w+)/(\w{8}): hi", line) for line in lines]
    assert all(found)
    ids = {match[2] for match in found}
    assert len(ids) == 2
    assert len(re.findall(r"^task [\w-]+ failed: ", result.err, re.M)) == 2
    [run] = judge.requests("ecs", "RunTask", label=judge.label)
    assert run.params["count"] == 2


def test_no_wait_prints_the_arn_alone(job):
    result = job.fgctl("ecs-run-task", "--no-wait", *shell("sleep 60")).expect(0)
    arn = result.out.removesuffix("\n")
    assert re.fullmatch(r"arn:aws:ecs:\S+", arn)
    [task] = job.boto3("ecs").describe_tasks(cluster=arn.split("/")[1], tasks=[arn])["tasks"]
    assert task["desiredStatus"] == "RUNNING"
    assert task["startedBy"] == "fgctl"
    job.boto3("ecs").stop_task(cluster=arn.split("/")[1], task=arn)
    report = job.fgctl("ecs-run-task", "--no-wait", "--output", "json", "--command", "true").expect(0).json
    assert len(report["taskArns"]) == 1


def test_json_verdict(job):
    result = job.fgctl("ecs-run-task", "--output", "json", *shell("echo hi; exit 7")).expect(7)
    report = result.json
    assert report["exitCode"] == 7
    [task] = report["tasks"]
    assert (task["outcome"], task["exitCode"], task["stopCode"]) == ("failed", 7, "EssentialContainerExited")
    [container] = task["containers"]
    assert (container["exitCode"], container["essential"]) == (7, True)
    assert task["startedAt"] <= task["stoppedAt"]
    assert "\nhi\n" in result.err


def test_quiet_shows_the_lines_only(job):
    result = job.fgctl("ecs-run-task", "--quiet", *shell("echo hi")).expect(0)
    assert (result.out, result.err) == ("hi\n", "")


def test_dry_run_starts_nothing(job, judge):
    request = job.fgctl("ecs-run-task", "--dry-run", *shell("echo hi")).expect(0).json
    assert request["overrides"]["containerOverrides"][0]["command"] == ["sh", "-c", "echo hi"]
    assert judge.requests(label=judge.label, mutating=True) == []


# --- bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("arguments", "code", "said"), [
    (("--command", "sh -c 'open"), 64, "--command"),
    (("--command", ""), 64, "--command: the command is empty"),
    (("--set-env", "=x"), 64, "--set-env"),
    (("--set-env", "AWS_SECRET_ACCESS_KEY=x"), 64, "AWS_SECRET_ACCESS_KEY must not be handed to a container"),
    (("--remote-env-file", "none.env"), 65, "none.env: there is no such file"),
    (("--remote-env-file", "bad.env"), 65, "bad.env:2: AWS_ACCESS_KEY_ID must not be handed to a container"),
    (("--count", "0"), 64, "--count 0"),
    (("--count", "11"), 64, "--count 11"),
    (("--cpu", "300"), 64, "300"),
    (("--cpu", "256", "--memory", "8192"), 64, "8192"),
])
def test_bad_input_starts_nothing(job, judge, arguments, code, said):
    job.write("bad.env", "MODE=x\nAWS_ACCESS_KEY_ID=AKIA\n")
    result = job.fgctl("ecs-run-task", *arguments).expect(code)
    assert said in result.err.splitlines()[0]
    assert result.out == ""
    assert judge.requests(label=judge.label, mutating=True) == []


def test_too_much_environment(job, judge):
    result = job.fgctl("ecs-run-task", "--set-env", f"BIG={'x' * 9000}").expect(64)
    assert "more than ECS's 8192" in result.err
    assert judge.requests(label=judge.label, mutating=True) == []


def test_secret_looking_names_are_warned_about(job):
    result = job.fgctl("ecs-run-task", "--dry-run", "--set-env", "DB_PASSWORD=hunter2").expect(0)
    assert "warning: --set-env: DB_PASSWORD looks like a secret" in result.err
    assert "hunter2" not in result.err


# --- what must stand first ------------------------------------------------------------------------------------------


def test_the_stack_is_missing(project, judge):
    result = project.fgctl("ecs-run-task").expect(125)
    assert f"run task: stack {project.stack} does not exist" in result.err
    assert "fgctl cf-create-stack" in result.err
    assert judge.requests(label=judge.label, mutating=True) == []


def test_the_network_stack_is_missing(job, judge, standing_stacks):
    job.write_env(STACK_NAME=standing_stacks.stack)
    result = job.fgctl("ecs-run-task").expect(125)
    assert f"network stack {job.parent_stack} does not exist" in result.err
    assert "fgctl cf-create-vpc" in result.err
    assert judge.requests(label=judge.label, mutating=True) == []


def test_a_task_that_never_starts(project, standing_stacks):
    put_image(project, "0.1")  # a tag without an image behind it
    project.write_env(PARENT_STACK_NAME=standing_stacks.parent_stack)
    project.fgctl("cf-create-stack", "0.1").expect(0)
    result = project.fgctl("ecs-run-task").expect(125)
    assert "the task never started" in result.err
    assert "CannotPullContainerError" in result.err
    assert result.out == ""
    report = project.fgctl("ecs-run-task", "--output", "json").expect(125).json
    assert report["tasks"][0]["outcome"] == "failedToStart"
    assert report["exitCode"] == 125
