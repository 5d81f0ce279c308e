"""How a task starts: containers in the order of dependsOn, in one network, with health checks.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html

The task is RUNNING when all its containers are, or have been. A container whose dependency can't be met any more never
starts: it shows exit code 143 and CannotStartContainerError, as the ECS agent does since 1.62
(https://github.com/aws/amazon-ecs-agent/pull/3218), and takes the task down when it is essential.
"""

import time

from ministack.core.concurrency import resource_lock
from ministack.services import ecs

from . import container_order, task_end, task_network
from .container_order import Container, Impossible
from .patching import require, wrap

_POLL_SECONDS = 0.1
_NANOSECONDS = 1_000_000_000
# Defaults of AWS's health checks, in seconds; docker's are the same but for the start.
_LONGEST_INTERVAL = 5
_INTERVAL, _TIMEOUT, _RETRIES, _START_PERIOD = 30, 5, 3, 0


class _Ended(Exception):
    """The task is on its way down; there is nothing left to start."""


def _start_task_worker(original):
    def start(task, td, container_overrides, docker_client):
        if not ecs._mark_task_pending(task["taskArn"], task) or not ecs._mark_task_activating(task["taskArn"], task):
            return
        try:
            _Start(task, td, container_overrides, docker_client).run()
        except _Ended:
            # Who ends a task cleans up when it is STOPPED; what was made after that is ours to remove.
            if task["lastStatus"] == "STOPPED" or task.get("_ecs_resetting"):
                ecs._cleanup_task_resources(task, docker_client)

    return start


class _Start:
    """One task while it starts."""

    def __init__(self, task, td, overrides, docker_client) -> None:
        self.task, self.td, self.overrides, self.docker = task, td, overrides, docker_client
        self.arn = task["taskArn"]
        self.definitions = td.get("containerDefinitions", [])
        self.containers = {one["name"]: Container(one["name"], one["image"]) for one in self.definitions}
        self.timeouts = {one["name"]: int(one["startTimeout"]) for one in self.definitions if one.get("startTimeout")}

    def run(self) -> None:
        self.deployment = ecs._prepare_service_images(self.task, self.td, self.docker)
        self.network = task_network.prepare(self.task, self.td, self.docker)
        waiting = list(enumerate(self.definitions))
        while waiting:
            self._check_active()
            self._look()
            left = []
            for index, definition in waiting:
                try:
                    if container_order.may_start(definition, self.containers, self.timeouts, time.monotonic()):
                        self._start(index, definition)
                    else:
                        left.append((index, definition))
                except Impossible as error:
                    self._give_up(index, definition, str(error))
            if len(left) == len(waiting):
                time.sleep(_POLL_SECONDS)
            waiting = left
        if not ecs._mark_task_running(self.arn, self.task):
            raise _Ended

    def _check_active(self) -> None:
        with resource_lock("ecs-task", self.arn):
            if not ecs._task_is_active(self.arn, self.task):
                raise _Ended

    def _look(self) -> None:
        """Notes exits and health of what runs already."""
        for index, definition in enumerate(self.definitions):
            known = self.containers[definition["name"]]
            if known.started is None or known.ended:
                continue
            state = task_end.look(self.task, index)
            if state is None:
                continue
            known.health = (state.get("Health") or {}).get("Status")
            if state["Status"] in ("exited", "dead"):
                known.exit_code = state["ExitCode"]
                if definition.get("essential", True):
                    task_end.end(self.task)
                    raise _Ended

    def _give_up(self, index: int, definition: dict, reason: str) -> None:
        self.containers[definition["name"]].never = True
        with resource_lock("ecs-task", self.arn):
            self.task["containers"][index] |= {
                "lastStatus": "STOPPED", "exitCode": container_order.GIVEN_UP,
                "reason": f"CannotStartContainerError: {reason}"}
        if definition.get("essential", True):
            task_end.end(self.task)
            raise _Ended

    def _start(self, index: int, definition: dict) -> None:
        self._check_active()
        override = ecs._container_override_for(self.overrides, definition["name"])
        environment = {one["name"]: one["value"] for one in definition.get("environment", [])}
        environment |= ecs._resolve_container_secrets(definition)
        environment |= {one["name"]: one["value"] for one in override.get("environment", [])}
        effective = definition | ({"command": override["command"]} if "command" in override else {})
        digest = self._digest(definition)
        pinned = digest is not None and "@" not in definition["image"]
        if digest:
            effective["image"] = f"{ecs._image_repository(definition['image'])}@{digest}"
            with resource_lock("ecs-task", self.arn):
                self.task["containers"][index]["imageDigest"] = digest
        cluster, host_mode = self.task["clusterArn"], self.td.get("networkMode") == "host"
        token = ecs._register_metadata(
            self.arn, cluster, self.td, definition, self.task.get("launchType", "EC2"), environment, host_mode, None)
        with resource_lock("ecs-task", self.arn):
            self.task.setdefault("_metadata_tokens", []).append(token)
        settings = ecs._build_run_kwargs(
            effective, self.td, environment, self._ports(definition), None, host_mode,
            self.arn.rsplit("/", 1)[-1], self.arn, None, cluster)
        if check := _health_check(definition.get("healthCheck")):
            settings["healthcheck"] = check
        task_network.join(settings, self.network)
        self._check_active()
        first = definition["name"] in self.task.get("_image_resolution_containers", [])
        container = ecs._run_docker_container(
            self.docker, effective, settings, refresh_image=self.deployment is not None,
            cache_image=definition["image"] if pinned and first else None,
            fallback_image=definition["image"] if pinned else None,
            auth_config=ecs._resolve_repository_credentials(definition) if self.deployment else None)
        if not ecs._attach_started_container(self.task, container, index, token, None):
            ecs._cleanup_task_resources(self.task, self.docker, container)
            raise _Ended
        ecs._start_awslogs_forwarder(container, effective, self.arn.rsplit("/", 1)[-1])
        self.containers[definition["name"]].started = time.monotonic()

    def _digest(self, definition: dict) -> str | None:
        """What a service's deployment has resolved the image's tag to."""
        if self.deployment is None:
            return None
        if "@" in definition["image"]:
            return definition["image"].split("@", 1)[1]
        return self.deployment.get("_image_digests", {}).get(definition["name"])

    def _ports(self, definition: dict) -> dict[str, int]:
        if self.td.get("networkMode") == "awsvpc":
            return {}
        return {f"{one['containerPort']}/tcp": one.get("hostPort", one["containerPort"])
                for one in definition.get("portMappings", [])}


def _health_check(check: dict | None) -> dict | None:
    """A definition's health check as docker takes it.

    A deployment waits for the first one, which comes after an interval. So that it does not wait for long here, checks are
    made every few seconds, and as many more may fail in a row: a container is unhealthy after the same time.
    """
    if not check or not check.get("command"):
        return None
    command = check["command"]
    interval, retries = int(check.get("interval") or _INTERVAL), int(check.get("retries") or _RETRIES)
    shorter = min(interval, _LONGEST_INTERVAL)
    return {
        "test": command if command[0] in ("CMD", "CMD-SHELL", "NONE") else ["CMD", *command],
        "interval": shorter * _NANOSECONDS,
        "timeout": int(check.get("timeout") or _TIMEOUT) * _NANOSECONDS,
        "retries": -(-retries * interval // shorter),
        "start_period": int(check.get("startPeriod") or _START_PERIOD) * _NANOSECONDS,
    }


def apply() -> None:
    require(ecs, "_mark_task_pending", "_mark_task_activating", "_mark_task_running", "_prepare_service_images",
            "_container_override_for", "_resolve_container_secrets", "_image_repository", "_register_metadata",
            "_build_run_kwargs", "_run_docker_container", "_resolve_repository_credentials", "_attach_started_container",
            "_start_awslogs_forwarder", "_cleanup_task_resources", "_task_is_active")
    wrap(ecs, "_start_task_worker", "task td container_overrides docker_client", _start_task_worker)
