"""update-usercode and update-daemon on a stack of three services, with real containers."""

from __future__ import annotations

import json
import re
import time

import dagstering
import pytest
from dagstering import FAILS, ROLES
from harness import wait_until
from parts import answering


@pytest.fixture
def dagster(project):
    dagstering.deploy(project)
    return project


def said(result):
    [line] = [line for line in result.err.splitlines() if line.startswith("fgctl: ")]
    return line


def calls(judge, mark):
    return [request.operation for request in judge.requests(since=mark, mutating=True)]


def tasks(project):
    return {role: [task["taskArn"] for task in dagstering.running(project, role)] for role in ROLES}


def test_a_version_and_back(dagster, judge):
    dagstering.release(dagster, "0.2")
    before, parameters = tasks(dagster), dagstering.parameters(dagster)
    planned = dagster.fgctl("update-usercode", "0.2", "--dry-run", "--output", "json").expect(0).json
    assert planned["parameters"] == [{"name": "UsercodeVersion", "from": "0.1", "to": "0.2"}]
    assert tasks(dagster) == before

    mark = judge.mark()
    done = dagster.fgctl("update-usercode", "0.2", "--output", "json").expect(0)
    ended, settled = time.time(), dagstering.settled_at(dagster, "daemon")
    assert ended - settled - answering(judge, settled, ended) <= 2
    assert calls(judge, mark) == ["CreateChangeSet", "ExecuteChangeSet", "DeleteChangeSet", "UpdateService"] or \
        calls(judge, mark) == ["CreateChangeSet", "ExecuteChangeSet", "UpdateService"]
    report = done.json
    assert (report["action"], report["outcome"], report["stackStatus"]) == ("update", "succeeded", "UPDATE_COMPLETE")
    assert [(one["service"].rpartition("-")[2], one["outcome"]) for one in report["deployments"]] == [
        ("usercode", "succeeded"), ("daemon", "succeeded")]
    assert dagstering.parameters(dagster) == parameters | {"UsercodeVersion": "0.2"}
    assert [dagstering.image(dagster, role) for role in ROLES] == ["0.1", "0.1", "0.2"]
    after = tasks(dagster)
    assert after["webserver"] == before["webserver"]
    assert after["daemon"] != before["daemon"] and after["usercode"] != before["usercode"]
    assert done.err.count("UsercodeVersion: 0.1 -> 0.2") == 1

    mark = judge.mark()
    same = dagster.fgctl("update-usercode", "env", "0.2", "--if-changed", "--output", "json").expect(0).json
    assert same["outcome"] == "unchanged" and calls(judge, mark) == [] and tasks(dagster) == after

    # And back: the daemon must not go on with what it knew of the code.
    mark = judge.mark()
    plan = dagster.fgctl("service-rollback", "usercode", "--dry-run", "--output", "json").expect(0).json
    names = {role: f"{dagster.stack}-{role}" for role in ROLES}
    assert (plan["deploys"], plan["restarts"]) == ([names["usercode"]], [names["daemon"]])
    assert calls(judge, mark) == []
    back = dagster.fgctl("service-rollback", "usercode", "--output", "json").expect(0)
    assert f"service {names['daemon']}: restarted afterwards" in back.err
    assert [(one["service"], one["outcome"]) for one in back.json["restarts"]] == [(names["daemon"], "succeeded")]
    last = tasks(dagster)
    assert dagstering.image(dagster, "usercode") == "0.1"
    assert last["webserver"] == before["webserver"] and last["daemon"] != after["daemon"]


def test_restarts(dagster, judge):
    before, digest = tasks(dagster), dagstering.running(dagster, "usercode")[0]["containers"][0]["imageDigest"]
    mark = judge.mark()
    done = dagster.fgctl("update-usercode").expect(0)
    assert f"restart only, image {digest} (0.1) unchanged" in done.err
    assert "warning:" not in done.err and calls(judge, mark) == ["UpdateService", "UpdateService"]
    after = tasks(dagster)
    assert after["webserver"] == before["webserver"]
    assert after["usercode"] != before["usercode"] and after["daemon"] != before["daemon"]

    # What was pushed since stays where it is, and is not kept quiet about.
    dagstering.release(dagster, "0.2")
    warned = dagster.fgctl("update-usercode", "--if-changed").expect(0)
    assert re.search(r"warning: the newest image of \S+/usercode is 0\.2, pushed \S+, not 0\.1: 'fgctl update-usercode 0\.2'",
                     warned.err)
    assert tasks(dagster) == after

    mark = judge.mark()
    dagster.fgctl("update-daemon").expect(0)
    assert calls(judge, mark) == ["UpdateService"]
    last = tasks(dagster)
    assert last["daemon"] != after["daemon"] and last["usercode"] == after["usercode"]
    started = dagster.fgctl("update-daemon", "--no-wait", "--output", "json").expect(0).json
    assert started["outcome"] == "started"


def failed_tasks(result):
    """The tasks that a command told as failed, each once."""
    found = re.findall(r"^ *task (\S+) failed: container usercode ended with 3$", result.err, re.M)
    assert found and len(set(found)) == len(found), result
    return set(found)


def test_a_bad_image_is_rolled_back(dagster, judge):
    dagstering.release(dagster, "0.3", FAILS)
    before = tasks(dagster)
    begin = time.time()
    running = dagster.start("update-usercode", "0.3")
    told = running.line(r"task (?P<id>[\w-]+) failed: container usercode ended with 3")
    [task] = dagster.boto3("ecs").describe_tasks(cluster=dagster.stack, tasks=[told["id"]])["tasks"]
    stopped = task["stoppedAt"].timestamp()
    assert running.shown - stopped - answering(judge, stopped, running.shown) <= 5
    failed = running.wait().expect(1)
    assert "UPDATE_ROLLBACK_COMPLETE" in said(failed)
    assert "no module named jobs" in failed.err and re.search(r"exit(ed)? .*3|ended with 3|exit code 3", failed.err)
    assert dagstering.parameters(dagster)["UsercodeVersion"] == "0.1"
    assert tasks(dagster)["daemon"] == before["daemon"], "the daemon is left alone"
    assert time.time() - begin < 150
    assert f"service {dagster.stack}-usercode failed: running" in failed.err
    assert re.fullmatch(
        rf"fgctl: update-usercode: update stack {dagster.stack}: UPDATE_ROLLBACK_COMPLETE: service {dagster.stack}-usercode: "
        r"(rolled back: |its tasks keep failing: )?container usercode ended with 3", said(failed))
    assert failed.err.splitlines()[-1] == "  what ran before runs again; mend the image and push it as another version"
    # At once again: what tasks of the deployment before did is no cause of this one's.
    first = failed_tasks(failed)
    again = dagster.fgctl("update-usercode", "0.3").expect(1)
    assert failed_tasks(again).isdisjoint(first)
    # What failed is not recommended.
    restarted = dagster.fgctl("update-usercode").expect(0)
    assert re.search(r"warning: the newest image of \S+/usercode is 0\.3, pushed \S+, not 0\.1; its deployment of \S+ was rolled back",
                     restarted.err), restarted
    assert "update-usercode 0.3" not in restarted.err
    dagster.fgctl("update-usercode", "0.1").expect(0)
    assert dagstering.image(dagster, "usercode") == "0.1"


def test_too_many_failed_tasks_cancel_the_update(dagster, judge):
    # Slowly enough that ECS's circuit breaker, which trips at the third, is not faster.
    dagstering.release(dagster, "0.3", f"sleep 2; {FAILS}")
    mark = judge.mark()
    failed = dagster.fgctl("update-usercode", "0.3", "--max-failed-tasks", "1", "--output", "json").expect(1)
    assert failed.json["outcome"] == "failed" and re.search("ended with 3|exit 3", failed.json["reason"])
    assert "CancelUpdateStack" in calls(judge, mark)
    assert dagstering.parameters(dagster)["UsercodeVersion"] == "0.1"
    # The task's last words come first.
    lines = failed.err.splitlines()
    [end] = [number for number, line in enumerate(lines) if re.fullmatch(r"giving up after (1 failed task|\d failed tasks)", line)]
    assert lines.index("      no module named jobs") < end
    failed_tasks(failed)
    assert re.search(r"given up on after (1 failed task|\d failed tasks): container usercode ended with 3$", said(failed))
    # The service got back what it ran, and the stack waited for it.
    assert dagstering.image(dagster, "usercode") == "0.1"
    begun = dagster.fgctl("update-usercode", "0.3", "--no-wait").expect(0)
    [line] = [line for line in begun.err.splitlines() if f"{dagster.stack}-daemon" in line]
    assert "not restarted, since nobody waits: 'fgctl update-daemon'" in line
    wait_until("the rollback", lambda: dagstering.status(dagster) == "UPDATE_ROLLBACK_COMPLETE")


def pointer(project):
    try:
        body = project.boto3("s3").get_object(Bucket=project.bucket, Key=f"{project.stack}/config/current.json")["Body"]
    except project.boto3("s3").exceptions.NoSuchKey:
        return None
    return json.load(body)["release"]


def test_config_is_pinned_and_deployed(dagster, judge):
    dagster.write("config/settings.txt", "colour = dark\n")
    before = tasks(dagster)
    mark = judge.mark()
    planned = dagster.fgctl("update-webserver", "--dry-run", "--output", "json").expect(0).json
    assert planned["action"] == "update" and judge.requests(since=mark, mutating=True) == []
    done = dagster.fgctl("update-webserver", "--output", "json").expect(0).json
    release = done["parameters"][0]["to"]
    assert done["parameters"] == [{"name": "ConfigRelease", "from": dagstering.RELEASE, "to": release}]
    assert len(done["deployments"]) == 3 and done["outcome"] == "succeeded" and done["currentRelease"] == release
    assert pointer(dagster) == release == dagstering.parameters(dagster)["ConfigRelease"]
    after = tasks(dagster)
    assert all(after[role] != before[role] for role in ROLES)

    mark = judge.mark()
    same = dagster.fgctl("update-webserver", "env", "config", "--if-changed", "--output", "json").expect(0).json
    assert same["outcome"] == "unchanged" and calls(judge, mark) == [] and tasks(dagster) == after
    again = dagster.fgctl("update-webserver", "--output", "json").expect(0).json
    assert again["action"] == "restart" and [one["service"] for one in again["deployments"]] == [f"{dagster.stack}-webserver"]

    # Going back deploys as many services, which is said before.
    deployed = [f"{dagster.stack}-{role}" for role in ROLES]
    plan = dagster.fgctl("service-rollback", "webserver", "--dry-run").expect(0)
    assert f"  services that are deployed by it: {', '.join(deployed)}" in plan.out.splitlines()
    rolled = dagster.fgctl("service-rollback", "webserver", "--output", "json").expect(0)
    lines = rolled.err.splitlines()
    [said_at] = [number for number, line in enumerate(lines) if "services that are deployed by it" in line]
    assert said_at < lines.index(f"stack {dagster.stack}: preparing a change set from template of stack {dagster.stack}")
    assert (rolled.json["plan"]["deploys"], rolled.json["restarts"]) == (deployed, [])
    back = tasks(dagster)
    assert all(back[role] != after[role] for role in ROLES) and not dagstering.parameters(dagster)["ConfigRelease"] == release

    dagster.write("config/workspace.yaml", "load_from:\n  - nonsense: {}\n")
    mark = judge.mark()
    bad = dagster.fgctl("update-webserver").expect(65)
    assert "workspace.yaml:2" in bad.err and calls(judge, mark) == []
    assert "there is no such folder" in said(dagster.fgctl("update-webserver", "nowhere").expect(65))


def test_bad_config_is_rolled_back_with_the_service(project):
    check = f'[ "$CONFIG_RELEASE" = {dagstering.RELEASE} ] || {{ echo cannot read the config; exit 4; }}'
    dagstering.deploy(project, f"{check}; {dagstering.RUNS}")
    project.write("config/settings.txt", "colour = broken\n")
    failed = project.fgctl("update-webserver").expect(1)
    assert "UPDATE_ROLLBACK_COMPLETE" in said(failed) and "cannot read the config" in failed.err
    assert dagstering.parameters(project)["ConfigRelease"] == dagstering.RELEASE
    assert pointer(project) is None, "what did not run is not the current release"
    wait_until("all services run again", lambda: all(dagstering.running(project, role) for role in ROLES))


def test_refusals(dagster, judge):
    mark = judge.mark()
    missing = dagster.fgctl("update-usercode", "0.9").expect(1)
    assert f"ECR has no image {dagster.image}/usercode:0.9; newest there: 0.1" in said(missing)
    dagster.fgctl("update-usercode", "prod").expect(64)
    dagster.fgctl("update-usercode", "--max-failed-tasks", "0").expect(64)
    dagster.fgctl("update-daemon", "0.1").expect(64)
    assert calls(judge, mark) == []
    late = dagster.fgctl("update-daemon", "--timeout", "1s").expect(3)
    assert "not deployed after 1 s" in said(late) and "was not restarted" not in late.err
    # What the daemon waited for did not come: who waits for it no longer is told what is left to do.
    late = dagster.fgctl("update-usercode", "--timeout", "1s", "--output", "json").expect(3)
    left = f"service {dagster.stack}-daemon was not restarted: 'fgctl update-daemon' does it once the deployment is over"
    assert late.err.splitlines()[-1].endswith(left) and late.json["notes"][-1] == left
    assert not any("restarted afterwards" in note for note in late.json["notes"])


def test_other_projects(job, judge):
    mark = judge.mark()
    refused = job.fgctl("update-usercode").expect(1)
    assert "has no output UsercodeService, as the stack of a Dagster deployment has" in said(refused)
    assert "fgctl update-service NAME" in refused.err
    job.write_env(STACK_NAME="nowhere-at-all")
    assert "stack nowhere-at-all does not exist" in said(job.fgctl("update-daemon").expect(1))
    assert calls(judge, mark) == []
