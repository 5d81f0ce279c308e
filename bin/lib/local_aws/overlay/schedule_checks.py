"""CreateSchedule and UpdateSchedule refuse an expression that is none and a role that Scheduler can't assume.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html (execution role)
https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html

The role's trust must let scheduler.amazonaws.com in, under conditions that hold for this account (aws:SourceAccount)
and the schedule's group (aws:SourceArn).
"""

import fnmatch
import json

from ministack.core.responses import get_account_id
from ministack.services import eventbridge, iam, scheduler

from .patching import require, wrap

_SERVICE = "scheduler.amazonaws.com"
_NOT_ASSUMABLE = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."


def _list(value) -> list:
    return value if isinstance(value, list) else [value]


def _holds(conditions: dict, context: dict[str, str]) -> bool:
    """Whether all conditions hold; one that is not known here does not."""
    for operator, tests in conditions.items():
        for key, wanted in tests.items():
            value = context.get(key.lower())
            if value is None:
                return False
            if operator in ("StringEquals", "ArnEquals") and not any(c in str(w) for w in _list(wanted) for c in "*?"):
                if value not in [str(w) for w in _list(wanted)]:
                    return False
            elif operator in ("StringLike", "ArnLike", "ArnEquals"):
                if not any(fnmatch.fnmatchcase(value, str(w)) for w in _list(wanted)):
                    return False
            else:
                return False
    return True


def _assumable(role_arn: str, group: str) -> bool:
    role = iam._roles.get(role_arn.rsplit("/", 1)[-1])
    if role is None or role.get("Arn") != role_arn:
        return False
    document = role.get("AssumeRolePolicyDocument") or {}
    if isinstance(document, str):
        document = json.loads(document)
    context = {"aws:sourceaccount": get_account_id(), "aws:sourcearn": scheduler._group_arn(group)}
    return any(
        statement.get("Effect") == "Allow"
        and _SERVICE in _list((statement.get("Principal") or {}).get("Service", []))
        and "sts:AssumeRole" in _list(statement.get("Action", []))
        and _holds(statement.get("Condition") or {}, context)
        for statement in _list(document.get("Statement", [])))


def _is_expression(text: str) -> bool:
    return (scheduler._at_time_epoch(text) is not None or eventbridge._parse_rate_seconds(text) is not None
            or eventbridge._parse_cron_fields(text) is not None)


def _checked(original):
    def write(name, body):
        expression, role = body.get("ScheduleExpression"), (body.get("Target") or {}).get("RoleArn")
        if expression and not _is_expression(expression):
            return scheduler._error(400, "ValidationException", f"Invalid Schedule Expression {expression}.")
        if role and not _assumable(role, body.get("GroupName", "default")):
            return scheduler._error(400, "ValidationException", _NOT_ASSUMABLE)
        return original(name, body)

    return write


def apply() -> None:
    require(scheduler, "_error", "_group_arn", "_at_time_epoch")
    require(eventbridge, "_parse_rate_seconds", "_parse_cron_fields")
    require(iam, "_roles")
    wrap(scheduler, "_create_schedule", "name body", _checked)
    wrap(scheduler, "_update_schedule", "name body", _checked)
