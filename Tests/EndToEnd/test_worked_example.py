"""The worked example of docs/dagster, from nothing to a code update and back: real images, containers and config, on local AWS."""

import os
import re

import harness
import pytest
import readme_console
import schemas
from processes import wait_until
from worked_example import EXAMPLE, SERVICES, Example

LONG = 600


def made(result, *patterns):
    """The result, with these on lines of its standard error, in this order."""
    rest = iter(result.err.splitlines())
    for pattern in patterns:
        assert any(re.search(pattern, line) for line in rest), f"no '{pattern}' (in this order) in\n{result}"
    return result


@pytest.fixture
def example(project):
    return Example(project)


@pytest.fixture
def deployed(example):
    """Version 0.1 runs."""
    project = example.project
    project.fgctl("cf-create-vpc").expect(0)
    project.fgctl("cf-create-stack", "env", "0.1", timeout=LONG).expect(1)
    example.publish("0.1")
    example.first = project.fgctl("config-push").expect(0).out.strip()
    project.fgctl("cf-create-stack", "env", "0.1", timeout=LONG).expect(0)
    return example


def test_from_nothing(example, judge):
    """Base, images, config, services; what is missing is said, and what to type."""
    project = example.project
    project.fgctl("config-check", "--strict").expect(0)
    project.fgctl("cf-create-vpc").expect(0)

    # There is nothing yet that services could start with: the base stack is made, and the rest is told.
    first = project.fgctl("cf-create-stack", "env", "0.1", timeout=LONG).expect(1)
    made(first, f"stack {project.stack}-base created", "fgctl: create stack .*missing: image .*/webserver:0.1, .*a config release")
    for command in ("compose-build", "compose-push", "config-push"):
        assert f"fgctl {command}" in first.err
    assert project.boto3("ecr").describe_images(repositoryName=f"{project.image}/webserver")["imageDetails"] == []

    example.publish("0.1")
    release = project.fgctl("config-push").expect(0).out.strip()
    assert re.fullmatch(r"[0-9a-f]{64}", release) and example.pointer() == release
    # The same again is no new release.
    assert project.fgctl("config-push").expect(0).out.strip() == release

    # The literal line.
    made(project.fgctl("cf-create-stack", "env", "0.1", timeout=LONG).expect(0), f"stack {project.stack} created")
    assert example.running() == dict.fromkeys(SERVICES, "0.1")
    assert example.parameters()["ConfigRelease"] == release
    # All three read the config that the sidecar fetched, and answer on their ports.
    assert example.server_info() == {"dagster_webserver_version": "0.1", "config_release": release}
    assert "DAGSTER_USERCODE_HOST" in example.answer("webserver")
    assert example.answer("usercode") == "usercode 0.1: nightly\n"
    example.exec("daemon", "dagster-daemon", "liveness-check")
    for role in SERVICES:
        assert example.exec(role, "readlink", "/config/current").strip() == f".releases/{release}"
    # What the config takes from the environment, webserver and daemon have.
    project.fgctl("config-check", "--stack", "--strict").expect(0)
    status = project.fgctl("service-status", "--output", "json").expect(0)
    schemas.check(status.json, "service-status")
    assert project.fgctl("cf-create-stack", "env", "0.1", timeout=LONG).expect(0).code == 0


def test_batch_task_and_schedule(deployed, judge):
    """The batch task is the usercode's image with its config; both of fgctl's own commands for tasks work on it."""
    project = deployed.project
    ran = project.fgctl("ecs-run-task", timeout=LONG).expect(0)
    assert ran.out.splitlines() == ["dagster job nightly 0.1: RUN_SUCCESS"] or "nightly 0.1: RUN_SUCCESS" in ran.out
    # The literal line.
    project.fgctl("schedule-create", "0 0 * * ? *").expect(0)
    made(project.fgctl("schedule-run", timeout=LONG).expect(0), "succeeded")
    assert "cron(0 0 * * ? *)" in project.fgctl("schedule-list").expect(0).out


def test_a_change_of_code_and_back(deployed, judge):
    project = deployed.project
    before = {role: deployed.task(role)["taskArn"] for role in SERVICES}
    deployed.edit("usercode/defs.py", r"def nightly\b", "def hourly")
    deployed.publish("0.2")
    # Without VERSION it is a restart, and the newer image is pointed to.
    restarted = project.fgctl("update-usercode", timeout=LONG).expect(0)
    made(restarted, r"restart only, image sha256:[0-9a-f]{64} \(0\.1\) unchanged")
    assert re.search(r"warning: the newest image of \S+ is 0\.2.*'fgctl update-usercode 0\.2'", restarted.err)
    assert deployed.answer("usercode") == "usercode 0.1: nightly\n"

    made(project.fgctl("update-usercode", "0.2", timeout=LONG).expect(0), r"UsercodeVersion: 0\.1 -> 0\.2",
         "usercode succeeded: running 1 of 1")
    assert deployed.answer("usercode") == "usercode 0.2: hourly\n"
    assert deployed.running() == {"webserver": "0.1", "daemon": "0.1", "usercode": "0.2"}
    # The daemon is a new task, the webserver the same.
    after = {role: deployed.task(role)["taskArn"] for role in SERVICES}
    assert after["daemon"] != before["daemon"] and after["webserver"] == before["webserver"]
    # The batch task has the new image too.
    assert "no job nightly" in project.fgctl("ecs-run-task", timeout=LONG).expect(1).out

    made(project.fgctl("update-usercode", "0.2", "--if-changed", timeout=LONG).expect(0), "unchanged")
    assert deployed.task("usercode")["taskArn"] == after["usercode"]

    # And back.
    made(project.fgctl("service-rollback", "usercode", "--yes", timeout=LONG).expect(0),
         f"services that are deployed by it: {project.stack}-usercode$", f"service {project.stack}-daemon: deployment .* started")
    assert deployed.task("daemon")["taskArn"] != after["daemon"]
    assert deployed.answer("usercode") == "usercode 0.1: nightly\n"
    assert deployed.parameters()["UsercodeVersion"] == "0.1"


def test_a_bad_image(deployed, judge):
    """Rolled back, exit 1, and the cause is what the container said."""
    project = deployed.project
    deployed.edit("usercode/defs.py", r"^defs = .*\n", "")
    deployed.publish("0.2")
    failed = project.fgctl("update-usercode", "0.2", timeout=LONG).expect(1)
    made(failed, "defs.py: no Definitions object found in the module scope", f"service {project.stack}-usercode failed: ",
         f"UPDATE_ROLLBACK_COMPLETE: service {project.stack}-usercode: .*container usercode ended with 1",
         "what ran before runs again; mend the image and push it as another version")
    wait_until("the rollback", lambda: deployed.parameters()["UsercodeVersion"] == "0.1")
    assert deployed.answer("usercode") == "usercode 0.1: nightly\n"
    assert deployed.running() == dict.fromkeys(SERVICES, "0.1")
    # An image that nobody pushed changes nothing.
    mark = judge.mark()
    missing = project.fgctl("update-usercode", "0.9").expect(1)
    assert re.search(r"no image \S+/usercode:0\.9; newest there: 0\.2, 0\.1", missing.err)
    assert judge.requests(since=mark, mutating=True) == []
    # The code repaired.
    deployed.edit("usercode/defs.py", r"\Z", "defs = dg.Definitions(jobs=[nightly])\n")
    deployed.publish("0.3")
    project.fgctl("update-usercode", "0.3", timeout=LONG).expect(0)
    assert deployed.answer("usercode") == "usercode 0.3: nightly\n"


def test_a_change_of_config_and_back(deployed, judge):
    project, first = deployed.project, deployed.first
    deployed.edit("config/workspace.yaml", "location_name: usercode", "location_name: jobs")
    project.fgctl("config-diff").expect(2)
    updated = project.fgctl("update-webserver", timeout=LONG).expect(0)
    second = deployed.pointer()
    assert second != first and second[:12] in updated.err
    assert deployed.server_info() == {"dagster_webserver_version": "0.1", "config_release": second}
    assert "location_name: jobs" in deployed.answer("webserver")
    assert deployed.parameters()["ConfigRelease"] == second
    project.fgctl("config-diff").expect(0)
    made(project.fgctl("update-webserver", "--if-changed", timeout=LONG).expect(0), "unchanged")

    made(project.fgctl("service-rollback", "webserver", "--yes", timeout=LONG).expect(0),
         "services that are deployed by it: " + ", ".join(f"{project.stack}-{role}" for role in ("webserver", "daemon", "usercode")))
    assert deployed.server_info()["config_release"] == first
    assert "location_name: usercode" in deployed.answer("webserver")


def test_a_bad_config(deployed, judge):
    """Refused before it is pushed; pushed all the same, it is rolled back together with the services."""
    project, first = deployed.project, deployed.first
    deployed.edit("config/workspace.yaml", "^load_from:", "load_form:")
    mark = judge.mark()
    refused = project.fgctl("update-webserver", timeout=LONG).expect(65)
    assert "config/workspace.yaml:2:1: error: unknown key load_form (did you mean load_from?)" in refused.out + refused.err
    assert judge.requests(since=mark, mutating=True) == []

    failed = project.fgctl("update-webserver", "--no-check", timeout=LONG).expect(1)
    assert "no load_from: no code location is named" in failed.err, failed
    wait_until("the rollback", lambda: deployed.parameters()["ConfigRelease"] == first)
    assert deployed.server_info() == {"dagster_webserver_version": "0.1", "config_release": first}
    assert deployed.running() == dict.fromkeys(SERVICES, "0.1")


def test_a_release_that_is_not_there(deployed, judge):
    """The task fails with the sidecar's message as the cause, and the stack takes it back."""
    project = deployed.project
    failed = project.fgctl("cf-update-stack", "--parameter", f"ConfigRelease={'0' * 64}", timeout=LONG).expect(1)
    assert re.search(r"release 0{12,64}", failed.err) and "config" in failed.err, failed
    wait_until("the rollback", lambda: deployed.parameters()["ConfigRelease"] == deployed.first)
    assert deployed.server_info()["config_release"] == deployed.first


@pytest.mark.skipif(os.environ.get("FGCTL_SOAK") != "1", reason="a long run: bin/test --soak")
def test_the_document_is_true(project, tmp_path):
    """Every command of docs/dagster/README.md, typed in its order, prints what the document says."""
    example = Example(project, makes_secret=False)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "fgctl").symlink_to(project.binary)
    tools = harness.ROOT / ".build" / "venvs" / "tests" / "bin"
    steps = readme_console.steps(example.renamed((EXAMPLE / "README.md").read_text(encoding="utf-8")))
    assert len(steps) > 30
    environment = project.environment | {"PATH": f"{tmp_path / 'bin'}:{tools}:{os.environ['PATH']}"}
    outputs = readme_console.run(steps, project.folder, environment, timeout=900)
    wrong = [
        f"$ {step.command}\nmissing: {line}\nin:\n" + "\n".join(output)
        for step, output in zip(steps, outputs, strict=True) for line in readme_console.missing(step.promised, output)]
    assert not wrong, "\n\n".join(wrong)
