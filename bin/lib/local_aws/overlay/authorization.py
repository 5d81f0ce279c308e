"""Under AUTH=true: requests are authorised on AWS's own resources, and for all that they do.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html

The emulator checks one action on one resource, for ECS, Logs, Scheduler and Events a rough one. Here a task is its own
ARN, RunTask names the revision, log groups end as in AWS's messages, and a request that passes a role or gives tags
needs iam:PassRole and the TagResource of its service too. The message names the action and the resource.
"""

import contextvars
import json
from dataclasses import dataclass, field
from urllib.parse import unquote

from ministack.core import iam_actions, iam_evaluator
from ministack.services import ecs, iam

from .patching import enforces, require, wrap


@dataclass(frozen=True)
class Check:
    """One thing that the caller must be allowed to do."""

    action: str
    resource: str
    context: dict = field(default_factory=dict)


_pending: contextvars.ContextVar[list[Check]] = contextvars.ContextVar("fgctl_checks", default=[])
_refused: contextvars.ContextVar[Check | None] = contextvars.ContextVar("fgctl_refused", default=None)
#: The access key of the request under way; what CloudFormation starts in the background keeps it.
caller: contextvars.ContextVar[str] = contextvars.ContextVar("fgctl_caller", default="")


def passing(role: str, service: str) -> Check:
    return Check("iam:PassRole", role, {"iam:PassedToService": service})


def checks_of(service: str, action: str, method: str, path: str, body: bytes, query: dict, region: str,
              account: str) -> list[Check]:
    """All that a request has to be allowed to do, itself first; empty where the emulator's own check is AWS's."""
    if service in ("ecs", "logs", "events", "scheduler", "ecr"):
        try:
            fields = json.loads(body or b"{}")
        except ValueError:
            fields = {}
        name = f"{service}:{action}"
        arn = f"arn:aws:{service}:{region}:{account}:"
        return _MAKERS[service](name, action, arn, path, fields if isinstance(fields, dict) else {}, query)
    if service == "cloudformation" and action == "CreateChangeSet" and any(k.startswith("Tags.") for k in query):
        stack = iam_actions._query_param(query, "StackName")
        arn = stack if stack.startswith("arn:") else f"arn:aws:cloudformation:{region}:{account}:stack/{stack}/*"
        return [Check("cloudformation:CreateChangeSet", arn), Check("cloudformation:TagResource", arn)]
    if service == "iam" and action == "SimulatePrincipalPolicy":
        return [Check("iam:SimulatePrincipalPolicy", iam_actions._query_param(query, "PolicySourceArn") or "*")]
    if service == "iam" and action == "GetRole":
        name = iam_actions._query_param(query, "RoleName")
        known = iam._roles.get(name) or {}
        return [Check("iam:GetRole", known.get("Arn") or f"arn:aws:iam::{account}:role/{name}")]
    return []


def _ecs(name: str, action: str, arn: str, path: str, fields: dict, query: dict) -> list[Check]:
    cluster = (fields.get("cluster") or "default").rpartition("/")[2]
    context = {"ecs:cluster": f"{arn}cluster/{cluster}"}

    def named(kind: str, value: str) -> str:
        return f"{arn}{kind}/{cluster}/{value.rpartition('/')[2]}"

    match action:
        case "RunTask":
            return _run_task(name, arn, cluster, fields, context)
        case "DescribeServiceDeployments" | "StopServiceDeployment" | "DescribeServiceRevisions":
            key = "serviceRevisionArns" if action == "DescribeServiceRevisions" else "serviceDeploymentArns"
            arns = fields.get(key) or [fields.get("serviceDeploymentArn") or "*"]
            return [Check(name, one, {"ecs:cluster": f"{arn}cluster/{(one.split('/') + ['*'])[1]}"}) for one in arns]
        case "StopTask" | "DescribeTasks":
            tasks = fields.get("tasks") or [fields.get("task") or "*"]
            return [Check(name, named("task", task), context) for task in tasks]
        case "ListTasks":
            return [Check(name, f"{arn}container-instance/{cluster}/*", context)]
        case "DescribeServices":
            return [Check(name, named("service", one), context) for one in fields.get("services") or ["*"]]
        case "UpdateService" | "ListServiceDeployments":
            return [Check(name, named("service", fields.get("service") or "*"), context)]
        case "ListServices":
            return [Check(name, "*", context)]
        case "DescribeTaskDefinition" | "ListTaskDefinitions" | "RegisterTaskDefinition" | "DeregisterTaskDefinition" | "CreateCluster":
            return [Check(name, "*")]
    return [Check(name, context["ecs:cluster"])] if fields.get("cluster") else []


def _run_task(name: str, arn: str, cluster: str, fields: dict, context: dict) -> list[Check]:
    # Whatever was asked for, it is the revision that is authorised.
    wanted = (fields.get("taskDefinition") or "").rpartition("/")[2]
    family, _, revision = wanted.partition(":")
    revision = revision or str(ecs._task_def_latest.get(family) or "*")
    found = [Check(name, f"{arn}task-definition/{family}:{revision}", context)]
    definition = ecs._task_defs.get(f"{family}:{revision}") or {}
    overrides = fields.get("overrides") or {}
    for key in ("executionRoleArn", "taskRoleArn"):
        role = overrides.get(key) or definition.get(key)
        if role:
            found.append(passing(role, "ecs-tasks.amazonaws.com"))
    propagated = fields.get("propagateTags") == "TASK_DEFINITION" and ecs._tags.get(definition.get("taskDefinitionArn"))
    if fields.get("tags") or propagated:
        found.append(Check("ecs:TagResource", f"{arn}task/{cluster}/*", {"ecs:CreateAction": "RunTask"}))
    return found


def _logs(name: str, action: str, arn: str, path: str, fields: dict, query: dict) -> list[Check]:
    if action in ("TagResource", "UntagResource", "ListTagsForResource"):
        return []
    group = fields.get("logGroupName") or ""
    return [Check(name, f"{arn}log-group:{group}:log-stream:{fields.get('logStreamName') or ''}")]


def _events(name: str, action: str, arn: str, path: str, fields: dict, query: dict) -> list[Check]:
    if action not in ("DescribeRule", "PutRule", "DeleteRule", "EnableRule", "DisableRule", "PutTargets",
                      "RemoveTargets", "ListTargetsByRule", "ListRules"):
        return []
    rule = fields.get("Name") if action.endswith("Rule") and action != "ListTargetsByRule" else fields.get("Rule")
    found = [Check(name, f"{arn}rule/{rule}" if rule else f"{arn}rule/*")]
    for target in fields.get("Targets") or []:
        if action == "PutTargets" and target.get("RoleArn"):
            found.append(passing(target["RoleArn"], "events.amazonaws.com"))
    if fields.get("Tags"):
        found.append(Check("events:TagResource", f"{arn}rule/{rule}"))
    return found


def _scheduler(name: str, action: str, arn: str, path: str, fields: dict, query: dict) -> list[Check]:
    parts = [unquote(part) for part in path.split("/") if part]
    if len(parts) != 2 or parts[0] != "schedules":
        return []
    group = fields.get("GroupName") or iam_actions._query_param(query, "groupName") or "default"
    found = [Check(name, f"{arn}schedule/{group}/{parts[1]}")]
    role = (fields.get("Target") or {}).get("RoleArn")
    return found + [passing(role, "scheduler.amazonaws.com")] if role else found


def _ecr(name: str, action: str, arn: str, path: str, fields: dict, query: dict) -> list[Check]:
    names = fields.get("repositoryNames") or [fields["repositoryName"]] if fields.get("repositoryName") or \
        fields.get("repositoryNames") else []
    found = [Check(name, f"{arn}repository/{one}") for one in names]
    if action == "CreateRepository" and fields.get("tags"):
        found.append(Check("ecr:TagResource", found[0].resource))
    return found


_MAKERS = {"ecs": _ecs, "logs": _logs, "events": _events, "scheduler": _scheduler, "ecr": _ecr}


def _extract_resource_arn(original):
    def extract(service, method, path, headers, body, query_params, region, account_id):
        _refused.set(None)
        action = iam_actions.extract_iam_action(service, method, path, headers, body, query_params) or ""
        checks = checks_of(service, action.partition(":")[2], method, path, body, query_params, region, account_id)
        _pending.set(checks)
        if checks:
            return checks[0].resource
        return original(service, method, path, headers, body, query_params, region, account_id)

    return extract


def _enforce(original):
    def enforce(access_key_id, iam_action, service, region, resource_arn="*", service_context=None):
        caller.set(access_key_id or "")
        checks = _pending.get()
        _pending.set([])
        if not checks or checks[0].action != iam_action:
            checks = [Check(iam_action, resource_arn)]
        for check in checks:
            denied = original(
                access_key_id, check.action, service if check is checks[0] else check.action.partition(":")[0], region,
                resource_arn=check.resource,
                service_context={**(service_context or {}), **check.context})
            if denied:
                _refused.set(check)
                return denied
        return None

    return enforce


def _access_denied_response(original):
    def respond(service, action, principal_arn, request_id, *, error_code="", message="", headers=None,
                resource_arn="*", explicit_deny=False, resource_policy_arn=""):
        check = _refused.get()
        if check is not None and not error_code and not message and not resource_policy_arn:
            action, resource_arn = check.action, check.resource
            message = iam_actions.identity_denial_message(action, principal_arn, resource_arn, explicit_deny)
        return original(
            service, action, principal_arn, request_id, error_code=error_code, message=message, headers=headers,
            resource_arn=resource_arn, explicit_deny=explicit_deny, resource_policy_arn=resource_policy_arn)

    return respond


def apply() -> None:
    if not enforces():
        return
    require(iam_actions, "extract_iam_action", "identity_denial_message", "_query_param")
    require(iam, "_roles")
    require(ecs, "_task_defs", "_task_def_latest", "_tags")
    wrap(iam_actions, "extract_resource_arn", "service method path headers body query_params region account_id",
         _extract_resource_arn)
    wrap(iam_evaluator, "enforce", "access_key_id iam_action service region resource_arn service_context", _enforce)
    wrap(iam_actions, "access_denied_response",
         "service action principal_arn request_id error_code message headers resource_arn explicit_deny "
         "resource_policy_arn", _access_denied_response)
