"""A task that can't start says why in AWS's words, and takes its image from the registry.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html

Fargate keeps no images: each start pulls, so an image that was built here but never pushed must not run. Images
without a registry in their name (busybox:local) are the exception that local AWS needs.
"""

import os
import platform
import re

from docker.errors import APIError, ImageNotFound, NotFound
from ministack.services import ecs

from ..paths import PORT
from .patching import require, wrap

_OWN_REGISTRY = re.compile(rf"(localhost|127\.0\.0\.1):{os.environ.get('GATEWAY_PORT', PORT)}/")


_HOST = {"x86_64": "linux/amd64", "aarch64": "linux/arm64"}.get(platform.machine())


class _CannotStart(Exception):
    """Docker made or started no container."""


def _run_docker_container(original):
    def run(docker_client, cdef, run_kwargs, *, refresh_image=False, allow_cached=True, **rest):
        if _OWN_REGISTRY.match(cdef["image"]):
            refresh_image, allow_cached = True, False
        if run_kwargs.get("platform") == _HOST:
            # The emulator tries a failed start again without its platform, and the second failure (the name is taken by then)
            # hides the first. On a host of this very platform there is nothing to try.
            del run_kwargs["platform"]
        try:
            return original(
                docker_client, cdef, run_kwargs, refresh_image=refresh_image, allow_cached=allow_cached, **rest)
        except ecs._ImagePullError as error:
            raise ecs._ImagePullError(f"failed to resolve ref {cdef['image']}: {_cause(error.__cause__ or error)}") from error
        except (ImageNotFound, NotFound) as error:
            raise ecs._ImagePullError(f"failed to resolve ref {cdef['image']}: {_cause(error)}") from error
        except APIError as error:
            _remove(docker_client, run_kwargs["name"])
            raise _CannotStart(f"CannotStartContainerError: {_cause(error)}") from error

    return run


def _remove(docker_client, name: str) -> None:
    """Removes the container that docker made and could not start."""
    try:
        docker_client.containers.get(name).remove(force=True)
    except NotFound:
        pass


def _cause(error: BaseException) -> str:
    """Docker's own words, without the address of its socket."""
    return (getattr(error, "explanation", None) or str(error)).strip()


def _fail_task_start(original):
    def fail(task, docker_client, reason):
        _, found, cause = reason.partition("CannotStartContainerError: ")
        text = found + cause if found else reason
        with ecs.resource_lock("ecs-task", task["taskArn"]):
            for container in task.get("containers", []):
                if container.get("exitCode") is None and container.get("lastStatus") != "RUNNING":
                    container["reason"] = text
        return original(task, docker_client, text)

    return fail


def apply() -> None:
    require(ecs, "_ImagePullError", "resource_lock")
    wrap(ecs, "_run_docker_container",
         "docker_client cdef run_kwargs refresh_image allow_cached cache_image fallback_image auth_config",
         _run_docker_container)
    wrap(ecs, "_fail_task_start", "task docker_client reason", _fail_task_start)
