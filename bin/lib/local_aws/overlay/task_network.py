"""The containers of an awsvpc task share one network: what one listens on, another finds on localhost.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html

As the ECS agent does, a container that only sleeps holds the network; it is no container of the task. A task of one
container does without, unless it has to find others by name.
"""

from ministack.core import container_reaper
from ministack.core.concurrency import resource_lock
from ministack.services import ecs

from . import service_discovery
from .patching import require, wrap

_IMAGE = "busybox:local"
_NAME = "~internal~ecs~pause"


def prepare(task, td, docker_client) -> str | None:
    """Id of the container whose network the others join; nil where each has its own."""
    if td.get("networkMode") != "awsvpc" or not _is_needed(td):
        return None
    task_id = task["taskArn"].rsplit("/", 1)[-1]
    pause = docker_client.containers.run(
        _IMAGE, command=["sleep", "2147483647"], detach=True, init=True, name=f"ministack-ecs-{task_id[:8]}-pause",
        extra_hosts={"host.docker.internal": "host-gateway"},
        labels={**container_reaper.own_labels("ecs"), "com.amazonaws.ecs.container-name": _NAME,
                "com.amazonaws.ecs.task-arn": task["taskArn"]})
    with resource_lock("ecs-task", task["taskArn"]):
        task["_pause_id"] = pause.id
    ecs._record_task_ip(task, pause, None)
    if service_discovery.has_namespace():
        service_discovery.join(task, pause, docker_client)
    return pause.id


def _is_needed(td) -> bool:
    return len(td.get("containerDefinitions", [])) > 1 or service_discovery.has_namespace()


def join(settings: dict, network: str | None) -> None:
    """Changes a container's settings so that it runs in that network."""
    if network is None:
        return
    for key in ("network", "extra_hosts", "ports"):
        settings.pop(key, None)
    settings["network_mode"] = f"container:{network}"


def _record_task_ip(original):
    def record(task, container, ecs_network):
        # A container in another's network has no address of its own.
        if task.get("_pause_id") in (None, container.id):
            original(task, container, ecs_network)

    return record


def _cleanup_task_resources(original):
    def cleanup(task, docker_client, extra_container=None):
        original(task, docker_client, extra_container)
        with resource_lock("ecs-task", task.get("taskArn", "")):
            pause = task.get("_pause_id")
            task["_pause_id"] = None
        if pause is not None:
            remove(docker_client, pause)

    return cleanup


def remove(docker_client, container_id: str) -> None:
    try:
        docker_client.api.remove_container(container_id, force=True, v=True)
    except Exception as error:
        ecs.logger.warning("ECS: removing container %s failed: %s", container_id[:12], error)


def _live_container_ids(original):
    def live():
        return original() | {
            task["_pause_id"] for _, task in ecs._tasks.all_items()
            if task.get("_pause_id") and task.get("lastStatus") != "STOPPED"}

    return live


def apply() -> None:
    require(ecs, "_tasks", "logger")
    wrap(ecs, "_record_task_ip", "task container ecs_network", _record_task_ip)
    wrap(ecs, "_cleanup_task_resources", "task docker_client extra_container", _cleanup_task_resources)
    wrap(ecs, "_live_container_ids", "", _live_container_ids)
    container_reaper.register_live_ids("ecs", ecs._live_container_ids)
