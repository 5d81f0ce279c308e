"""How tasks end, and what their logs hold (bin/lib/local_aws/overlay/task_end.py, container_logs.py)."""

import time

from conftest import docker, wait_for

_SHARED = {"mountPoints": [{"sourceVolume": "shared", "containerPath": "/shared"}]}


def test_the_exit_code_and_the_reason(lab):
    task = lab.finish(lab.shell("echo out; echo err >&2; exit 7"))
    assert task["containers"][0]["exitCode"] == 7
    assert task["stopCode"] == "EssentialContainerExited"
    assert task["stoppedReason"] == "Essential container in task exited"
    assert task["desiredStatus"] == "STOPPED"
    assert task["createdAt"] <= task["startedAt"] <= task["stoppedAt"]
    assert sorted(lab.lines(task["taskArn"], 2)) == ["err", "out"]


def test_a_short_task_is_seen_stopped_within_two_seconds(lab):
    definition = lab.shell("echo end")

    def seconds() -> float:
        task = lab.finish(definition)
        seen = time.time()
        assert task["containers"][0]["exitCode"] == 0
        stream = f"run/c0/{task['taskArn'].rsplit('/', 1)[-1]}"
        lab.lines(task["taskArn"])
        [event] = lab.logs.get_log_events(logGroupName=lab.name, logStreamName=stream)["events"]
        return seen - event["timestamp"] / 1000

    # From its end on, since how soon docker starts it is another matter; and the best of a few, since other work on the
    # machine is another one, too.
    assert min(seconds() for _ in range(6)) < 2


def test_an_essential_exit_stops_the_others_with_their_own_codes(lab):
    # The essential one ends when the others have come as far as they have to.
    ready = "until [ -e /shared/c1 ] && [ -e /shared/c2 ]; do sleep 0.1; done; exit 3"
    waits = 'trap "echo told; exit 5" TERM; touch /shared/c1; while :; do sleep 0.1; done'
    task = lab.finish(lab.define(
        {"command": ["sh", "-c", ready]} | _SHARED,
        {"command": ["sh", "-c", waits], "essential": False} | _SHARED,
        # TERM does nothing to it, being its container's first process without a handler.
        {"command": ["sh", "-c", "touch /shared/c2; exit 9"], "essential": False} | _SHARED,
        volumes=[{"name": "shared"}]))
    codes = {container["name"]: container["exitCode"] for container in task["containers"]}
    assert codes == {"c0": 3, "c1": 5, "c2": 9}
    assert lab.lines(task["taskArn"], container="c1") == ["told"]


def test_a_sidecars_exit_leaves_the_task_running(lab):
    arn = lab.run(lab.define(
        {"command": ["sh", "-c", "exec sleep 600"], "stopTimeout": 2},
        {"command": ["sh", "-c", "exit 4"], "essential": False}))
    lab.status(arn, "RUNNING")
    sidecar = wait_for("sidecar's exit", lambda: (c := lab.task(arn)["containers"][1])["lastStatus"] == "STOPPED" and c)
    assert sidecar["exitCode"] == 4
    assert lab.task(arn)["lastStatus"] == "RUNNING"


def test_stop_task_sends_term_and_waits_for_the_container(lab):
    arn = lab.run(lab.shell('trap "echo bye; exit 12" TERM; echo ready; while :; do sleep 0.1; done'))
    lab.lines(arn)
    answer = lab.ecs.stop_task(cluster=lab.name, task=arn, reason="enough")["task"]
    assert (answer["desiredStatus"], answer["stopCode"], answer["stoppedReason"]) == ("STOPPED", "UserInitiated", "enough")
    task = lab.status(arn, "STOPPED")
    assert task["containers"][0]["exitCode"] == 12
    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "enough")
    assert lab.lines(arn, 2) == ["ready", "bye"]


def test_stop_task_kills_after_the_stop_timeout(lab):
    arn = lab.run(lab.shell('trap "" TERM; echo ready; while :; do sleep 0.1; done', stopTimeout=2))
    lab.lines(arn)
    asked = time.monotonic()
    assert lab.ecs.stop_task(cluster=lab.name, task=arn)["task"]["lastStatus"] != "STOPPED"
    task = lab.status(arn, "STOPPED")
    assert time.monotonic() - asked >= 2
    assert task["containers"][0]["exitCode"] == 137


def test_stopping_twice_is_no_error_and_keeps_the_first_reason(lab):
    arn = lab.run(lab.shell("exec sleep 600", stopTimeout=2))
    lab.status(arn, "RUNNING")
    lab.ecs.stop_task(cluster=lab.name, task=arn, reason="first")
    lab.ecs.stop_task(cluster=lab.name, task=arn, reason="second")
    assert lab.status(arn, "STOPPED")["stoppedReason"] == "first"


def test_all_lines_arrive_in_order_from_a_task_that_ends_at_once(lab):
    task = lab.finish(lab.shell("seq 1 5000"))
    assert lab.lines(task["taskArn"], 5000) == [str(n) for n in range(1, 5001)]


def test_lines_are_whole_and_empty_ones_make_no_event(lab):
    script = r"printf 'a\n\nb\rc\n'; head -c 40000 /dev/zero | tr '\0' x; echo; printf 'no newline'"
    task = lab.finish(lab.shell(script))
    assert lab.lines(task["taskArn"], 4) == ["a", "b\rc", "x" * 40000, "no newline"]


def test_nothing_is_left_of_a_task_that_ended(lab):
    arn = lab.finish(lab.shell("exit 0"))["taskArn"]
    label = f"label=com.amazonaws.ecs.task-arn={arn}"
    wait_for("container removed", lambda: docker("ps", "--all", "--quiet", "--filter", label) == "")
