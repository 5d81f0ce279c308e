"""Volumes that the containers of a task share, for as long as the task is there.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/bind-mounts.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_MountPoint.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_VolumeFrom.html

A volume without a host path begins empty, or with what the first container's image has at that path, and is gone with the
task. File systems of EFS and FSx are not there: such a definition is refused.
"""

import uuid

from docker.errors import APIError, NotFound
from ministack.core import container_reaper
from ministack.core.concurrency import resource_lock
from ministack.services import ecs

from .patching import require, wrap

_REMOTE = ("efsVolumeConfiguration", "fsxWindowsFileServerVolumeConfiguration", "s3filesVolumeConfiguration")


def problem(definitions: list[dict], volumes: list[dict]) -> str | None:
    """What is wrong with the volumes of a definition; nil when nothing is."""
    names = [volume.get("name") for volume in volumes]
    for volume in volumes:
        if names.count(volume.get("name")) > 1:
            return f"Duplicate volume '{volume.get('name')}'."
        remote = next((key for key in _REMOTE if volume.get(key)), None)
        if remote:
            return f"Local AWS has no {remote}: volume '{volume.get('name')}' can't be made here."
    for definition in definitions:
        for mount in definition.get("mountPoints") or []:
            if mount.get("sourceVolume") not in names:
                return f"Unknown volume '{mount.get('sourceVolume')}'."
    return None


def _volume(task_arn: str, name: str) -> str:
    return f"fgctl-task-{uuid.uuid5(uuid.NAMESPACE_URL, task_arn).hex[:16]}-{name}"


def _build_run_kwargs(original):
    def build(cdef, td, env, port_bindings, ecs_network, host_mode, task_id, task_arn, *rest):
        settings = original(cdef, td, env, port_bindings, ecs_network, host_mode, task_id, task_arn, *rest)
        binds = list(settings.get("volumes") or [])
        own = {volume["name"] for volume in td.get("volumes") or [] if not (volume.get("host") or {}).get("sourcePath")}
        for mount in cdef.get("mountPoints") or []:
            if mount.get("sourceVolume") in own:
                mode = "ro" if mount.get("readOnly") else "rw"
                binds.append(f"{_make(task_arn, mount['sourceVolume'])}:{mount['containerPath']}:{mode}")
        if binds:
            settings["volumes"] = binds
        if sources := cdef.get("volumesFrom"):
            settings["volumes_from"] = [
                f"ministack-ecs-{task_id[:8]}-{source['sourceContainer']}:{'ro' if source.get('readOnly') else 'rw'}"
                for source in sources]
        return settings

    return build


def _make(task_arn: str, name: str) -> str:
    """The docker volume, made when it is not there; labelled, so that `down` finds it."""
    volume = _volume(task_arn, name)
    with resource_lock("ecs-task", task_arn):
        ecs._tasks[task_arn].setdefault("_volumes", set()).add(volume)
    ecs._get_docker().volumes.create(
        volume, labels={**container_reaper.own_labels("ecs"), "com.amazonaws.ecs.task-arn": task_arn})
    return volume


def _cleanup_task_resources(original):
    def cleanup(task, docker_client, extra_container=None):
        original(task, docker_client, extra_container)
        with resource_lock("ecs-task", task.get("taskArn", "")):
            volumes = task.pop("_volumes", set())
        for volume in volumes:
            try:
                docker_client.volumes.get(volume).remove(force=True)
            except NotFound:
                pass
            except APIError as error:
                ecs.logger.warning("ECS: volume %s stays: %s", volume, error)

    return cleanup


def apply() -> None:
    require(ecs, "_get_docker", "_tasks")
    wrap(ecs, "_build_run_kwargs",
         "cdef td env port_bindings ecs_network host_mode task_id task_arn ministack_net_ip cluster_arn", _build_run_kwargs)
    wrap(ecs, "_cleanup_task_resources", "task docker_client extra_container", _cleanup_task_resources)
