"""How a task ends: TERM, grace, KILL, every container with its own exit code.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html (stopTimeout: 30 s unless set)

StopTask answers at once with desiredStatus STOPPED; lastStatus becomes STOPPED when the containers have ended. When
an essential container ends, the others are stopped in the same way. A container that never ran has no exit code.
The emulator's own way stays for tasks of services, whose reconciliation counts on a stop being done when it returns.
"""

import threading

from ministack.core.concurrency import resource_lock, spawn_background
from ministack.core.responses import get_account_id, get_region, json_response, request_scope
from ministack.services import ecs

from .container_logs import drained
from .patching import require, wrap

_STOP_TIMEOUT = 30
_LOG_SECONDS = 5
_ESSENTIAL_EXITED = "Essential container in task exited"

_ending = threading.local()


def _task_is_active(original):
    def is_active(task_arn, task):
        # A task on its way down has desiredStatus STOPPED, and may still be marked as stopped by who ends it.
        if getattr(_ending, "task", None) == task_arn:
            return ecs._tasks.get(task_arn) is task and not task.get("_ecs_resetting") and task["lastStatus"] != "STOPPED"
        return original(task_arn, task)

    return is_active


def _stop_task(original):
    def stop(data):
        cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
        task = ecs._resolve_task(data.get("task", ""), cluster)
        if task is None or task.get("group", "").startswith("service:"):
            return original(data)
        if _begin(task, data.get("reason") or "Task stopped by user", "UserInitiated"):
            _end_in_background(task)
        with resource_lock("ecs-task", task["taskArn"]):
            return json_response({"task": ecs._sanitize(task)})

    return stop


def _maybe_mark_stopped(original):
    def mark(task, docker_client=None):
        arn = task.get("taskArn", "")
        with resource_lock("ecs-task", arn):
            if not ecs._task_is_active(arn, task) or task["lastStatus"] != "RUNNING" or not task.get("_docker_ids"):
                return
            ids = list(task["_docker_ids"])
            essentials = list(task.get("_container_essentials") or [])
        states = [_state(container_id) for container_id in ids]
        if any(state is None for state in states):
            # Docker gave no answer: that is no evidence of an exit.
            return
        ended = [state["Status"] in ("exited", "dead") for state in states]
        for index, state in enumerate(states):
            if ended[index]:
                _record_exit(task, index, state["ExitCode"])
        essential = any(done and (i >= len(essentials) or essentials[i]) for i, done in enumerate(ended))
        if (essential or all(ended)) and _begin(task, _ESSENTIAL_EXITED, "EssentialContainerExited"):
            if all(ended):
                _end(task)
            else:
                _end_in_background(task)

    return mark


def _state(container_id: str) -> dict | None:
    """Docker's record of a container's state; nil when docker gives no answer."""
    try:
        return ecs._get_docker().api.inspect_container(container_id)["State"]
    except Exception as error:
        ecs.logger.warning("ECS: inspecting container %s failed: %s", container_id[:12], error)
        return None


def _record_exit(task, index: int, code: int) -> None:
    with resource_lock("ecs-task", task["taskArn"]):
        container = task["containers"][index]
        container["lastStatus"] = "STOPPED"
        container["exitCode"] = code


def _begin(task, reason: str, code: str) -> bool:
    """Sets the task on its way down; false when it already is."""
    with resource_lock("ecs-task", task["taskArn"]):
        if not ecs._task_is_active(task["taskArn"], task):
            return False
        task["desiredStatus"] = "STOPPED"
        task["stoppingAt"] = ecs._iso()
        task["stoppedReason"] = reason
        task["stopCode"] = code
        return True


def _end_in_background(task) -> None:
    account, region = get_account_id(), get_region()

    def end() -> None:
        with request_scope(account, region):
            _end(task)

    spawn_background(end, thread_name=f"ecs-end-{task['taskArn'].rsplit('/', 1)[-1][:8]}")


def _end(task) -> None:
    """Stops what still runs, records the exit codes, marks the task as stopped."""
    arn = task["taskArn"]
    with resource_lock("ecs-task", arn):
        ids = list(task.get("_docker_ids") or [])
    stops = [threading.Thread(target=_stop_container, args=(task, i, container)) for i, container in enumerate(ids)]
    for thread in stops:
        thread.start()
    for thread in stops:
        thread.join()
    _ending.task = arn
    try:
        ecs._mark_task_stopped(arn, task, task["stoppedReason"], task["stopCode"])
    finally:
        _ending.task = None
    for container_id in ids:
        if not drained(container_id, _LOG_SECONDS):
            ecs.logger.warning("awslogs: container %s wrote more than was read in %s s", container_id[:12], _LOG_SECONDS)
    ecs._cleanup_task_resources(task, ecs._get_docker())


def _stop_container(task, index: int, container_id: str) -> None:
    definition = ecs._task_defs.get(ecs._resolve_td_key(task["taskDefinitionArn"])) or {}
    settings = next(
        (c for c in definition.get("containerDefinitions", []) if c["name"] == task["containers"][index]["name"]), {})
    timeout = settings.get("stopTimeout") or _STOP_TIMEOUT
    state = _state(container_id)
    if state is not None and state["Status"] == "running":
        try:
            ecs._get_docker().containers.get(container_id).stop(timeout=timeout)
        except Exception as error:
            ecs.logger.warning("ECS: stopping container %s failed: %s", container_id[:12], error)
        state = _state(container_id)
    if state is not None and state["Status"] in ("exited", "dead"):
        _record_exit(task, index, state["ExitCode"])


def apply() -> None:
    require(ecs, "_tasks", "_task_defs", "_sanitize", "_resolve_task", "_resolve_td_key", "_get_docker", "_iso",
            "_mark_task_stopped", "_cleanup_task_resources")
    wrap(ecs, "_task_is_active", "task_arn task", _task_is_active)
    wrap(ecs, "_stop_task", "data", _stop_task)
    wrap(ecs, "_maybe_mark_stopped", "task docker_client", _maybe_mark_stopped)
