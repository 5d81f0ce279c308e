"""How a task ends: TERM, grace, KILL, every container with its own exit code.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html (stopTimeout: 30 s unless set)

StopTask answers at once with desiredStatus STOPPED; lastStatus becomes STOPPED when the containers have ended. When
an essential container ends, the others are stopped in the same way: first those that depend on others, then these.
A container that never ran has no exit code. The health of containers is docker's, that of the task that of its essential
containers: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
"""

import threading

from ministack.core.concurrency import resource_lock, spawn_background
from ministack.core.responses import get_account_id, get_region, json_response, request_scope
from ministack.services import ecs

from . import service_discovery
from .container_logs import drained
from .container_order import dependencies
from .patching import require, wrap

_STOP_TIMEOUT = 30
_LOG_SECONDS = 20
_ESSENTIAL_EXITED = "Essential container in task exited"
# What the emulator says for itself when it stops the tasks of a service that is deleted.
_SERVICE_DELETED = "Service deleted"
_GONE = ("exited", "dead")
_HEALTH = {"starting": "UNKNOWN", "healthy": "HEALTHY", "unhealthy": "UNHEALTHY"}

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
        if task is None:
            return original(data)
        if data.get("reason") == _SERVICE_DELETED and task.get("group", "").startswith("service:"):
            request_stop(task, f"Scaling activity initiated by (deployment {task.get('_deployment_id')})", "ServiceSchedulerInitiated")
        else:
            request_stop(task, data.get("reason") or "Task stopped by user", "UserInitiated")
        with resource_lock("ecs-task", task["taskArn"]):
            return json_response({"task": ecs._sanitize(task)})

    return stop


def _maybe_mark_stopped(original):
    def mark(task, docker_client=None):
        arn = task.get("taskArn", "")
        with resource_lock("ecs-task", arn):
            if not ecs._task_is_active(arn, task) or task["lastStatus"] != "RUNNING" or not task.get("_container_ids"):
                return
            indices = sorted(task["_container_ids"])
            essentials = list(task.get("_container_essentials") or [])
        states = {index: look(task, index) for index in indices}
        if any(state is None for state in states.values()):
            # Docker gave no answer: that is no evidence of an exit.
            return
        ended = {index for index, state in states.items() if state["Status"] in _GONE}
        if any(essentials[index] for index in ended) and _begin(task, _ESSENTIAL_EXITED, "EssentialContainerExited"):
            if len(ended) == len(states):
                _end(task)
            else:
                _end_in_background(task)

    return mark


def _attach_started_container(original):
    def attach(task, container, index, metadata_token, ecs_network):
        attached = original(task, container, index, metadata_token, ecs_network)
        if attached:
            with resource_lock("ecs-task", task["taskArn"]):
                task.setdefault("_container_ids", {})[index] = container.id
        return attached

    return attach


def look(task, index: int) -> dict | None:
    """Docker's record of a container's state, its exit code and health noted in the task; nil when docker gives no answer."""
    with resource_lock("ecs-task", task["taskArn"]):
        container_id = task["_container_ids"][index]
    try:
        state = ecs._get_docker().api.inspect_container(container_id)["State"]
    except Exception as error:
        ecs.logger.warning("ECS: inspecting container %s failed: %s", container_id[:12], error)
        return None
    with resource_lock("ecs-task", task["taskArn"]):
        container = task["containers"][index]
        if state["Status"] in _GONE:
            container["lastStatus"] = "STOPPED"
            container["exitCode"] = state["ExitCode"]
        elif health := _HEALTH.get((state.get("Health") or {}).get("Status")):
            container["healthStatus"] = health
            _note_health(task)
    return state


def runs(task) -> bool:
    """Whether docker says that all of its essential containers run."""
    with resource_lock("ecs-task", task["taskArn"]):
        ids, essentials = dict(task.get("_container_ids") or {}), list(task.get("_container_essentials") or [])
    states = [look(task, index) for index in ids if essentials[index]]
    return bool(states) and all(state is not None and state["Status"] == "running" for state in states)


def _note_health(task) -> None:
    definitions = definition_of(task).get("containerDefinitions", [])
    checked = {one["name"] for one in definitions if one.get("essential", True) and one.get("healthCheck")}
    seen = {one.get("healthStatus") for one in task["containers"] if one["name"] in checked}
    task["healthStatus"] = next((one for one in ("UNHEALTHY", "UNKNOWN", "HEALTHY") if one in seen), "UNKNOWN")


def definition_of(task) -> dict:
    """The task's definition."""
    return ecs._task_defs.get(ecs._resolve_td_key(task["taskDefinitionArn"])) or {}


def request_stop(task, reason: str, code: str) -> None:
    """Asks a task to stop, as StopTask does; it is under way when this returns."""
    if _begin(task, reason, code):
        _end_in_background(task)


def end(task) -> None:
    """Takes a task down whose essential container ended or can't start; returns when it is STOPPED."""
    if _begin(task, _ESSENTIAL_EXITED, "EssentialContainerExited"):
        _end(task)


def _begin(task, reason: str, code: str) -> bool:
    """Sets the task on its way down; false when it already is."""
    with resource_lock("ecs-task", task["taskArn"]):
        if not ecs._task_is_active(task["taskArn"], task):
            return False
        task["desiredStatus"] = "STOPPED"
        task["stoppingAt"] = ecs._iso()
        task["stoppedReason"] = reason
        task["stopCode"] = code
    service_discovery.leave(task)
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
        ids = dict(task.get("_container_ids") or {})
    stops: dict[int, threading.Thread] = {}
    for index in _dependents_first(task, ids):
        stops[index] = threading.Thread(
            target=_stop_container, args=(task, index, [stops[one] for one in _dependents(task, index) if one in stops]))
        stops[index].start()
    for thread in stops.values():
        thread.join()
    # The awslogs driver hands over what a container wrote before ECS hears that it has ended.
    for container_id in ids.values():
        if not drained(container_id, _LOG_SECONDS):
            ecs.logger.warning("awslogs: container %s wrote more than was read in %s s", container_id[:12], _LOG_SECONDS)
    _ending.task = arn
    try:
        ecs._mark_task_stopped(arn, task, task["stoppedReason"], task["stopCode"])
    finally:
        _ending.task = None
    ecs._cleanup_task_resources(task, ecs._get_docker())


def _dependents(task, index: int) -> list[int]:
    """Containers that are stopped before this one."""
    definitions = definition_of(task).get("containerDefinitions", [])
    name = task["containers"][index]["name"]
    return [i for i, one in enumerate(definitions) if any(name == other for other, _ in dependencies(one))]


def _dependents_first(task, ids) -> list[int]:
    ordered: list[int] = []

    def visit(index: int) -> None:
        if index in ids and index not in ordered:
            for one in _dependents(task, index):
                visit(one)
            ordered.append(index)

    for index in ids:
        visit(index)
    return ordered


def _stop_container(task, index: int, before: list[threading.Thread]) -> None:
    for thread in before:
        thread.join()
    settings = next((one for one in definition_of(task).get("containerDefinitions", [])
                     if one["name"] == task["containers"][index]["name"]), {})
    timeout = settings.get("stopTimeout") or _STOP_TIMEOUT
    state = look(task, index)
    if state is not None and state["Status"] == "running":
        container_id = task["_container_ids"][index]
        try:
            ecs._get_docker().containers.get(container_id).stop(timeout=int(timeout))
        except Exception as error:
            ecs.logger.warning("ECS: stopping container %s failed: %s", container_id[:12], error)
        look(task, index)


def apply() -> None:
    require(ecs, "_tasks", "_task_defs", "_sanitize", "_resolve_task", "_resolve_td_key", "_get_docker", "_iso",
            "_mark_task_stopped", "_cleanup_task_resources")
    wrap(ecs, "_task_is_active", "task_arn task", _task_is_active)
    wrap(ecs, "_stop_task", "data", _stop_task)
    wrap(ecs, "_attach_started_container", "task container index metadata_token ecs_network", _attach_started_container)
    wrap(ecs, "_maybe_mark_stopped", "task docker_client", _maybe_mark_stopped)
