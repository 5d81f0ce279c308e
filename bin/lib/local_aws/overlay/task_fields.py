"""Members of a task as AWS fills them.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Container.html (imageDigest)

Members without a value are left out instead of empty (an empty stopCode is none of its values), times have their
milliseconds, a task that was started by no service belongs to the group family:NAME.
"""

from datetime import datetime

from ministack.services import ecs

from .patching import require, wrap

_ABSENT_WHEN_EMPTY = ("stopCode", "stoppedReason", "startedBy", "platformFamily", "platformVersion")


def _sanitize(original):
    def sanitize(record):
        shown = original(record)
        if isinstance(shown, dict):
            for key in _ABSENT_WHEN_EMPTY:
                if shown.get(key) == "":
                    del shown[key]
        return shown

    return sanitize


def _ts_to_epoch(original):
    def to_epoch(value):
        if not isinstance(value, str):
            return value
        try:
            return round(datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp(), 3)
        except ValueError:
            return original(value)

    return to_epoch


def _run_task(original):
    def run_task(data):
        if not data.get("group"):
            definition = ecs._task_defs.get(ecs._resolve_td_key(data.get("taskDefinition", "")))
            if definition is not None:
                data = data | {"group": f"family:{definition['family']}"}
        return original(data)

    return run_task


def _attach_started_container(original):
    def attach(task, container, index, metadata_token, ecs_network):
        attached = original(task, container, index, metadata_token, ecs_network)
        if attached:
            digests = container.image.attrs.get("RepoDigests") or []
            repository = ecs._image_repository(task["containers"][index]["image"])
            found = next((d.split("@", 1)[1] for d in digests if d.startswith(repository + "@")), None)
            if found:
                with ecs.resource_lock("ecs-task", task["taskArn"]):
                    task["containers"][index]["imageDigest"] = found
        return attached

    return attach


def apply() -> None:
    require(ecs, "_task_defs", "_resolve_td_key", "_image_repository", "resource_lock")
    wrap(ecs, "_sanitize", "obj", _sanitize)
    wrap(ecs, "_ts_to_epoch", "value", _ts_to_epoch)
    wrap(ecs, "_run_task", "data", _run_task)
    wrap(ecs, "_attach_started_container", "task container index metadata_token ecs_network", _attach_started_container)
