"""In which order the containers of a task start, and when one never will; knows nothing of the emulator.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html (dependsOn, startTimeout)

The words of a dependency that can't be met are those of the ECS agent.
"""

from dataclasses import dataclass

CONDITIONS = ("START", "COMPLETE", "SUCCESS", "HEALTHY")
#: Of a container that was given up; the agent's stand-in for a container that it never ran.
GIVEN_UP = 143
_FARGATE_TIMEOUT = range(2, 121)


@dataclass
class Container:
    """What is known of a container of a task that is being started."""

    name: str
    image: str
    started: float | None = None
    exit_code: int | None = None
    health: str | None = None
    #: Given up: it never ran and never will.
    never: bool = False

    @property
    def ended(self) -> bool:
        return self.exit_code is not None

    def __str__(self) -> str:
        known = "STOPPED" if self.ended or self.never else "NONE" if self.started is None else "RUNNING"
        return f"{self.name}({self.image}) ({known}->RUNNING)" + (f" - Exit: {self.exit_code}" if self.ended else "")


class Impossible(Exception):
    """The container can't start any more; the text is AWS's."""


def dependencies(definition: dict) -> list[tuple[str, str]]:
    """Name and condition of what a container waits for; the sources of volumesFrom among them."""
    found = [(one["containerName"], one["condition"]) for one in definition.get("dependsOn") or []]
    return found + [(one["sourceContainer"], "START") for one in definition.get("volumesFrom") or []]


def may_start(definition: dict, containers: dict[str, Container], timeouts: dict[str, int], now: float) -> bool:
    """Whether all that a container waits for has come. Raises Impossible when it can't come any more."""
    target = containers[definition["name"]]
    ready = True
    for name, condition in dependencies(definition):
        other = containers[name]
        edge = f"container ordering dependency [{other}] for target [{target}]"
        if other.never:
            raise Impossible(f"dependency graph: failed to resolve {edge} because dependency will never start")
        if _is_met(condition, other):
            continue
        if condition == "SUCCESS" and other.ended:
            raise Impossible(f"dependency graph: failed to resolve {edge} as dependency did not exit successfully.")
        limit = timeouts.get(name)
        if condition != "START" and limit and other.started is not None and now - other.started > limit:
            raise Impossible(f"dependency graph: {edge} has timed out.")
        if condition == "HEALTHY" and other.ended:
            raise Impossible(f"dependency graph: failed to resolve {edge} because dependency will never start")
        ready = False
    return ready


def _is_met(condition: str, other: Container) -> bool:
    match condition:
        case "START":
            return other.started is not None
        case "COMPLETE":
            return other.ended
        case "SUCCESS":
            return other.exit_code == 0
        case _:
            return other.health == "healthy" and not other.ended


def problem(definitions: list[dict]) -> str | None:
    """What RegisterTaskDefinition refuses in the order of containers; nil when nothing is wrong."""
    known = {one.get("name"): one for one in definitions}
    for definition in definitions:
        timeout = definition.get("startTimeout")
        if timeout is not None and int(timeout) not in _FARGATE_TIMEOUT:
            return f"Invalid startTimeout {timeout} of container {definition.get('name')}: valid values are 2-120 seconds."
        for name, condition in dependencies(definition):
            other = known.get(name)
            if other is None or other is definition:
                return f"Container {definition.get('name')} depends on {name}, which is no other container of the task."
            if condition not in CONDITIONS:
                return f"Invalid condition {condition} of a dependency of container {definition.get('name')}."
            if condition in ("SUCCESS", "COMPLETE") and other.get("essential", True):
                return "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container"
            if condition == "HEALTHY" and not other.get("healthCheck"):
                return f"Container {name} has no health check, so no container can depend on it with HEALTHY condition"
    return _cycle(known)


def _cycle(known: dict[str, dict]) -> str | None:
    left = {name: {other for other, _ in dependencies(one)} for name, one in known.items()}
    while free := [name for name, others in left.items() if not others & left.keys()]:
        for name in free:
            del left[name]
    return f"The dependencies of containers {', '.join(sorted(left))} form a circle" if left else None
