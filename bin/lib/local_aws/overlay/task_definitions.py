"""Task definitions are whole when they come from CloudFormation, and checked for Fargate's sizes.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-taskdefinition.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html

The emulator keeps nested members of a template's container definitions in the template's spelling, where nothing
finds them again (secrets would silently be left out), and drops RuntimePlatform and EphemeralStorage. Dependencies and
volumes that can't be are refused when the definition is made, by API and by template.
"""

import re

from ministack.core.responses import error_response_json
from ministack.services import ecs
from ministack.services.cloudformation import provisioners

from . import container_order, task_volumes
from .patching import require, wrap

# Maps whose keys are the user's words, not members.
_FREE_FORM = {"Options", "DockerLabels", "DriverOpts", "Labels"}

_GIB = 1024
# CPU units (1024 are a vCPU): the memory in MiB that goes with them
_SIZES = {
    256: (512, 1 * _GIB, 2 * _GIB),
    512: range(1 * _GIB, 4 * _GIB + 1, _GIB),
    1024: range(2 * _GIB, 8 * _GIB + 1, _GIB),
    2048: range(4 * _GIB, 16 * _GIB + 1, _GIB),
    4096: range(8 * _GIB, 30 * _GIB + 1, _GIB),
    8192: range(16 * _GIB, 60 * _GIB + 1, 4 * _GIB),
    16384: range(32 * _GIB, 120 * _GIB + 1, 8 * _GIB),
}


def to_api(value):
    """A template's value in the API's spelling: members begin with a small letter."""
    if isinstance(value, dict):
        return {
            key[:1].lower() + key[1:]: dict(item) if key in _FREE_FORM and isinstance(item, dict) else to_api(item)
            for key, item in value.items()}
    if isinstance(value, list):
        return [to_api(item) for item in value]
    return value


def size_problem(compatibilities: list[str], cpu, memory) -> str | None:
    """What is wrong with the sizes of a Fargate task; nil when nothing is."""
    if "FARGATE" not in (compatibilities or []):
        return None
    units, mebibytes = _number(cpu, "vcpu"), _number(memory, "gb")
    if units is None or mebibytes is None:
        missing = "cpu" if units is None else "memory"
        return f"Fargate requires that '{missing}' be defined at the task level."
    if mebibytes in _SIZES.get(units, ()):
        return None
    return "No Fargate configuration exists for given values. See the Amazon ECS documentation for the valid values."


def problem(compatibilities, cpu, memory, containers: list[dict], volumes: list[dict]) -> str | None:
    """What RegisterTaskDefinition refuses; nil when nothing is wrong. Members in the API's spelling."""
    return (size_problem(compatibilities, cpu, memory) or container_order.problem(containers)
            or task_volumes.problem(containers, volumes))


def _number(text, unit: str) -> int | None:
    """'512', 512, '1 vCPU' or '2 GB' as units or MiB."""
    match = re.fullmatch(rf"\s*(\d*\.?\d+)\s*({unit})?\s*", str(text or ""), re.IGNORECASE)
    if match is None:
        return None
    return int(float(match[1]) * 1024) if match[2] else int(float(match[1]))


def _normalize(original):
    def normalize(definitions):
        containers = to_api(definitions)
        for container in containers:
            container.setdefault("essential", True)
            container.setdefault("cpu", 0)
        return containers

    return normalize


def _create(original):
    def create(logical_id, props, stack_name):
        if found := problem(props.get("RequiresCompatibilities"), props.get("Cpu"), props.get("Memory"),
                            to_api(props.get("ContainerDefinitions") or []), to_api(props.get("Volumes") or [])):
            raise ValueError(
                f"Invalid request provided: Create TaskDefinition: {found} (Service: AmazonECS; Status Code: 400; "
                "Error Code: ClientException)")
        arn, attributes = original(logical_id, props, stack_name)
        definition = ecs._task_defs[ecs._resolve_td_key(arn)]
        for name in ("RuntimePlatform", "EphemeralStorage", "Volumes", "ProxyConfiguration"):
            if name in props:
                definition[name[:1].lower() + name[1:]] = to_api(props[name])
        return arn, attributes

    return create


def _register(original):
    def register(data):
        if found := problem(data.get("requiresCompatibilities"), data.get("cpu"), data.get("memory"),
                            data.get("containerDefinitions") or [], data.get("volumes") or []):
            return error_response_json("ClientException", found, 400)
        return original(data)

    return register


def apply() -> None:
    require(ecs, "_task_defs", "_resolve_td_key")
    wrap(provisioners, "_normalize_container_defs", "cdefs", _normalize)
    wrap(provisioners, "_ecs_task_def_create", "logical_id props stack_name", _create)
    wrap(ecs, "_register_task_definition", "data", _register)
