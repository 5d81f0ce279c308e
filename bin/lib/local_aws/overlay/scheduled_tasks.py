"""EventBridge Scheduler and rules of EventBridge start ECS tasks.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html (ECS: EcsParameters)
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_EcsParameters.html

The target's Input is a TaskOverride in JSON; Scheduler replaces context attributes in it. The emulator fires schedules
and rules, but knows no ECS target, and looks every 10 s only what is due; here every second. `startedBy` is cut off
after 36 characters, as tasks on AWS show it.
"""

import json
import uuid
from datetime import datetime, timezone

from ministack.core.arn import ArnParseError, parse_arn
from ministack.services import ecs, eventbridge, scheduler

from .patching import require, wrap


def _lower_first(value):
    """Scheduler writes ECS's members with a capital letter; RunTask takes them with a small one."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _lower_first(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_lower_first(item) for item in value]
    return value


def _request(target, schedule, execution: str, starter: str) -> dict:
    """The RunTask request of one firing."""
    parameters = target["EcsParameters"]
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = target.get("Input") or "{}"
    attributes = () if starter == "events-rule" else (
        ("schedule-arn", schedule["Arn"]), ("scheduled-time", now), ("execution-id", execution), ("attempt-number", "1"))
    for name, value in attributes:
        text = text.replace(f"<aws.scheduler.{name}>", value)
    request = {
        "cluster": target["Arn"],
        "taskDefinition": parameters["TaskDefinitionArn"],
        "count": parameters.get("TaskCount", 1),
        "startedBy": f"{starter}/{schedule['Name']}"[:36],
        "overrides": json.loads(text),
    }
    for key, name in (
        ("LaunchType", "launchType"), ("PlatformVersion", "platformVersion"), ("Group", "group"),
        ("EnableExecuteCommand", "enableExecuteCommand"),
    ):
        if key in parameters:
            request[name] = parameters[key]
    if "NetworkConfiguration" in parameters:
        network = _lower_first(parameters["NetworkConfiguration"])
        request["networkConfiguration"] = network
    if "CapacityProviderStrategy" in parameters:
        request["capacityProviderStrategy"] = parameters["CapacityProviderStrategy"]
    if "Tags" in parameters:
        request["tags"] = [_lower_first(tag) for tag in parameters["Tags"]]
    return request


def _invoke_target(original):
    def invoke(target, event, rule, view=None):
        try:
            service = parse_arn(target.get("Arn", "")).service
        except ArnParseError:
            service = ""
        if service != "ecs" or "EcsParameters" not in target:
            return original(target, event, rule, view)
        starter = "chronos-schedule" if event.get("Source") == "aws.scheduler" else "events-rule"
        status, _, body = ecs._run_task(_request(target, rule, str(uuid.uuid4()), starter))
        if status != 200:
            scheduler.logger.error("EventBridge: RunTask of %s failed: %s", rule["Arn"], body.decode())
        return None

    return invoke


def apply() -> None:
    require(scheduler, "_SCHEDULE_TICK_INTERVAL", "logger")
    require(eventbridge, "_SCHEDULER_TICK_INTERVAL")
    scheduler._SCHEDULE_TICK_INTERVAL = 1
    eventbridge._SCHEDULER_TICK_INTERVAL = 1
    wrap(eventbridge, "_invoke_target", "target event rule view", _invoke_target)
