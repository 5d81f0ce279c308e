"""Containers of one task: their order, volumes, network and health (overlay/task_start.py, task_volumes.py, task_network.py)."""

import json
import uuid

import pytest
from botocore.exceptions import ClientError
from conftest import IMAGE, client, docker, wait_for


def _after(container: str, condition: str) -> list[dict[str, str]]:
    return [{"containerName": container, "condition": condition}]


def _sh(script: str, **settings) -> dict:
    return {"command": ["sh", "-c", script]} | settings


_CONFIG = {
    "volumes": [{"name": "config"}],
}
_MOUNT = {"mountPoints": [{"sourceVolume": "config", "containerPath": "/config"}]}
_SEALED = {"mountPoints": [{"sourceVolume": "config", "containerPath": "/config", "readOnly": True}]}


def test_an_init_container_fills_the_volume_of_another_user_before_the_main_one_starts(lab):
    task = lab.finish(lab.define(
        _sh("cat /config/file; id -u; echo x 2>/dev/null >/config/other || echo sealed", user="65534",
            dependsOn=_after("c1", "SUCCESS")) | _SEALED,
        _sh("sleep 1; echo hello >/config/file; chmod 644 /config/file", essential=False) | _MOUNT, **_CONFIG))
    assert lab.lines(task["taskArn"], 3) == ["hello", "65534", "sealed"]
    assert [container["exitCode"] for container in task["containers"]] == [0, 0]


def test_the_volumes_of_a_task_are_its_own_and_gone_with_it(lab):
    definition = lab.define(_sh("ls /config; echo x >/config/left") | _MOUNT, **_CONFIG)
    arns = [lab.finish(definition)["taskArn"] for _ in range(2)]
    assert [lab.lines(arn, 0) for arn in arns] == [[], []]
    for arn in arns:
        label = f"label=com.amazonaws.ecs.task-arn={arn}"
        wait_for("volume removed", lambda: docker("volume", "ls", "--quiet", "--filter", label) == "")


def test_a_failed_init_container_keeps_the_main_one_from_starting(lab):
    task = lab.finish(lab.define(
        _sh("echo started", dependsOn=_after("c1", "SUCCESS")),
        _sh("echo 'no such release'; exit 3", essential=False)))
    main, init = task["containers"]
    assert (init["exitCode"], main["exitCode"]) == (3, 143)
    assert main["reason"] == (
        f"CannotStartContainerError: dependency graph: failed to resolve container ordering dependency [c1({IMAGE}) "
        f"(STOPPED->RUNNING) - Exit: 3] for target [c0({IMAGE}) (NONE->RUNNING)] as dependency did not exit successfully.")
    assert (task["stopCode"], task["stoppedReason"]) == (
        "EssentialContainerExited", "Essential container in task exited")
    assert "startedAt" not in task
    assert lab.lines(task["taskArn"], container="c1") == ["no such release"]
    assert lab.lines(task["taskArn"], 0) == []


def test_complete_takes_any_exit_code(lab):
    task = lab.finish(lab.define(
        _sh("echo main", dependsOn=_after("c1", "COMPLETE")), _sh("exit 4", essential=False)))
    assert [container["exitCode"] for container in task["containers"]] == [0, 4]


def test_what_depends_on_one_that_never_starts_does_not_start_either(lab):
    arn = lab.run(lab.define(
        _sh('trap "exit 0" TERM; echo ready; while :; do sleep 0.1; done'),
        _sh("exit 1", essential=False),
        _sh("echo", essential=False, dependsOn=_after("c1", "SUCCESS")),
        _sh("echo", essential=False, dependsOn=_after("c2", "START"))))
    lab.lines(arn)
    wait_for("given up", lambda: all("exitCode" in container for container in lab.task(arn)["containers"][1:]))
    # Not essential, so the task runs on without them.
    lab.status(arn, "RUNNING")
    lab.ecs.stop_task(cluster=lab.name, task=arn)
    task = lab.status(arn, "STOPPED")
    codes = {container["name"]: container["exitCode"] for container in task["containers"]}
    assert codes == {"c0": 0, "c1": 1, "c2": 143, "c3": 143}
    assert "because dependency will never start" in task["containers"][3]["reason"]


def test_a_start_timeout_gives_the_waiting_container_up(lab):
    task = lab.finish(lab.define(
        _sh("echo started", dependsOn=_after("c1", "SUCCESS")),
        _sh("exec sleep 600", essential=False, startTimeout=2, stopTimeout=2)))
    main, init = task["containers"]
    assert main["exitCode"] == 143 and main["reason"].endswith("has timed out.")
    assert init["exitCode"] == 137 or init["exitCode"] == 143


def test_healthy_waits_for_the_health_check(lab):
    # It gets healthy when the test says so; until then failed checks don't count.
    check = {
        "command": ["CMD-SHELL", "test -e /ready"], "interval": 5, "retries": 10, "timeout": 60, "startPeriod": 300}
    arn = lab.run(lab.define(
        _sh("exec sleep 600", dependsOn=_after("c1", "HEALTHY"), stopTimeout=2),
        _sh("exec sleep 600", healthCheck=check, stopTimeout=2)))
    early = wait_for("first container", lambda: (t := lab.task(arn))["containers"][1]["lastStatus"] == "RUNNING" and t)
    assert early["containers"][0]["lastStatus"] == "PENDING"
    assert early["lastStatus"] != "RUNNING"
    lab.execute(arn, "c1", "touch", "/ready")
    task = lab.status(arn, "RUNNING")
    assert task["containers"][1]["healthStatus"] == "HEALTHY"
    assert wait_for("task's health", lambda: lab.task(arn)["healthStatus"] == "HEALTHY")


def test_containers_of_a_task_share_localhost_and_nothing_of_it_is_left(lab):
    arn = lab.run(lab.define(
        _sh("for i in $(seq 1000); do wget -qO- http://localhost:8080/hello 2>/dev/null && exit 0; sleep 0.2; done; exit 1"),
        _sh("mkdir /www; echo hello >/www/hello; exec httpd -f -p 8080 -h /www", essential=False, stopTimeout=2)))
    task = lab.status(arn, "STOPPED")
    assert task["containers"][0]["exitCode"] == 0
    assert lab.lines(arn) == ["hello"]
    assert [detail["name"] for detail in task["attachments"][0]["details"]] == ["subnetId", "privateIPv4Address"]
    label = f"label=com.amazonaws.ecs.task-arn={arn}"
    wait_for("containers removed", lambda: docker("ps", "--all", "--quiet", "--filter", label) == "")


def test_volumes_from_another_container(lab):
    task = lab.finish(lab.define(
        _sh("for i in $(seq 1000); do cat /config/file && exit 0; sleep 0.1; done 2>/dev/null; exit 1",
            volumesFrom=[{"sourceContainer": "c1", "readOnly": True}]),
        _sh("echo hello >/config/file", essential=False) | _MOUNT, **_CONFIG))
    assert task["containers"][0]["exitCode"] == 0
    assert lab.lines(task["taskArn"]) == ["hello"]


def test_a_task_that_is_stopped_while_it_waits(lab):
    arn = lab.run(lab.define(
        _sh("echo started", dependsOn=_after("c1", "SUCCESS")),
        _sh("exec sleep 600", essential=False, stopTimeout=2)))
    wait_for("sidecar", lambda: lab.task(arn)["containers"][1]["lastStatus"] == "RUNNING")
    lab.ecs.stop_task(cluster=lab.name, task=arn, reason="enough")
    task = lab.status(arn, "STOPPED")
    assert task["stoppedReason"] == "enough"
    assert "exitCode" not in task["containers"][0] and "exitCode" in task["containers"][1]


def test_what_depends_on_others_is_stopped_first(lab):
    arn = lab.run(lab.define(
        _sh('trap "sleep 1; echo main >>/config/order; exit 0" TERM; echo ready; while :; do sleep 0.1; done',
            dependsOn=_after("c1", "START")) | _MOUNT,
        _sh('trap "echo helper >>/config/order; cat /config/order; exit 0" TERM; echo ready; while :; do sleep 0.1; done')
        | _MOUNT, **_CONFIG))
    # RUNNING comes before the traps are set, and without one TERM is lost on a container's first process.
    lab.lines(arn)
    lab.lines(arn, container="c1")
    lab.status(arn, "RUNNING")
    lab.ecs.stop_task(cluster=lab.name, task=arn)
    lab.status(arn, "STOPPED")
    assert lab.lines(arn, 3, "c1") == ["ready", "main", "helper"]


@pytest.mark.parametrize("containers,volumes,says", [
    ([_sh("", dependsOn=_after("c1", "SUCCESS")), _sh("")], [], "cannot be an essential container"),
    ([_sh("", dependsOn=_after("c1", "HEALTHY")), _sh("")], [], "no health check"),
    ([_sh("", dependsOn=_after("nobody", "START"))], [], "no other container"),
    ([_sh("", dependsOn=_after("c1", "START")), _sh("", dependsOn=_after("c0", "START"))], [], "form a circle"),
    ([_sh("", startTimeout=121)], [], "2-120 seconds"),
    ([_sh("") | _MOUNT], [], "Unknown volume 'config'"),
    ([_sh("")], [{"name": "files", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}], "has no efsVolumeConfiguration"),
])
def test_definitions_that_are_refused(lab, containers, volumes, says):
    with pytest.raises(ClientError) as refused:
        lab.define(*containers, volumes=volumes)
    assert refused.value.response["Error"]["Code"] == "ClientException"
    assert says in refused.value.response["Error"]["Message"]


def test_a_templates_dependencies_volumes_and_health_checks_reach_the_containers(lab):
    cloudformation = client("cloudformation")
    name = f"order-{uuid.uuid4().hex[:12]}"
    log = {"LogDriver": "awslogs", "Options": {
        "awslogs-group": lab.name, "awslogs-region": "us-east-1", "awslogs-stream-prefix": "run"}}
    check = {"Command": ["CMD-SHELL", "test -e /config/file"], "Interval": 5, "Retries": 2, "Timeout": 2, "StartPeriod": 1}
    template = {"Resources": {"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {
        "Family": name, "Cpu": "256", "Memory": "512", "NetworkMode": "awsvpc", "RequiresCompatibilities": ["FARGATE"],
        "Volumes": [{"Name": "config"}],
        "ContainerDefinitions": [
            {"Name": "c0", "Image": IMAGE, "Command": ["cat", "/config/file"], "LogConfiguration": log,
             "DependsOn": [{"ContainerName": "init", "Condition": "SUCCESS"}], "HealthCheck": check,
             "MountPoints": [{"SourceVolume": "config", "ContainerPath": "/config", "ReadOnly": True}]},
            {"Name": "init", "Image": IMAGE, "Essential": False, "StartTimeout": 60,
             "Command": ["sh", "-c", "sleep 1; echo hello >/config/file"],
             "MountPoints": [{"SourceVolume": "config", "ContainerPath": "/config"}]}]}}}}
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
    try:
        cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 300})
        shown = lab.ecs.describe_task_definition(taskDefinition=name)["taskDefinition"]
        assert shown["volumes"] == [{"name": "config"}]
        assert shown["containerDefinitions"][1]["startTimeout"] == 60
        assert shown["containerDefinitions"][0]["healthCheck"]["startPeriod"] == 1
        task = lab.finish(name)
        assert task["containers"][0]["exitCode"] == 0, task
        assert lab.lines(task["taskArn"]) == ["hello"]
    finally:
        cloudformation.delete_stack(StackName=name)
