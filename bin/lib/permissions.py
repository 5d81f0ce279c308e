"""The operator's least policy per command group: docs/permissions/GROUP.json, checked against what is called.

    bin/permissions --check            every operation of docs/aws-operations.md is allowed where it is needed, and no
                                       policy allows what no command needs; docs/permissions.md is not stale
    bin/permissions --write            writes docs/permissions.md
    bin/permissions GROUP KEY=VALUE…   prints that policy with its names filled in
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from local_aws.resource_rights import RESOURCE_RIGHTS

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "permissions"
OPERATIONS = ROOT / "docs" / "aws-operations.md"
PAGE = ROOT / "docs" / "permissions.md"
#: Characters without white space, of a managed policy: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
LIMIT = 6144
KEYS = ("AWS_ACCOUNT_ID", "AWS_REGION", "STACK_NAME", "PARENT_STACK_NAME", "S3_BUCKET", "IMAGE_NAME")

# Operations whose IAM actions are not just their own name.
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
ACTIONS = {
    # Stacks get tags, so that what they make has them.
    "cloudformation:CreateChangeSet": ("cloudformation:CreateChangeSet", "cloudformation:TagResource"),
    # Repositories are made with the project's tags.
    "ecr:CreateRepository": ("ecr:CreateRepository", "ecr:TagResource"),
    # A task's tags come from its definition, its roles go to ECS.
    "ecs:RunTask": ("ecs:RunTask", "ecs:TagResource", "iam:PassRole"),
    "events:PutTargets": ("events:PutTargets", "iam:PassRole"),
    "s3:CompleteMultipartUpload": ("s3:PutObject",),
    "s3:CopyObject": ("s3:GetObject", "s3:PutObject"),
    "s3:CreateMultipartUpload": ("s3:PutObject",),
    "s3:DeleteObjects": ("s3:DeleteObject",),
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:HeadObject": ("s3:GetObject",),
    "s3:UploadPart": ("s3:PutObject",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "scheduler:CreateSchedule": ("scheduler:CreateSchedule", "iam:PassRole"),
    "scheduler:UpdateSchedule": ("scheduler:UpdateSchedule", "iam:PassRole"),
    # Nobody can be refused this one.
    "sts:GetCallerIdentity": (),
}

# Actions that AWS authorises on no resource, or on none that has a name of ours; some know condition keys.
NO_RESOURCE = {
    "ecr:GetAuthorizationToken", "ecs:CreateCluster", "ecs:DeregisterTaskDefinition", "ecs:DescribeTaskDefinition",
    "ecs:ListTaskDefinitions",
    "ecs:RegisterTaskDefinition", "events:ListRules", "scheduler:ListSchedules",
    "elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeTargetGroups", "route53:CreateHostedZone", "route53:ListHostedZonesByName",
    "secretsmanager:GetRandomPassword", "servicediscovery:CreatePrivateDnsNamespace", "servicediscovery:GetOperation",
}


@dataclass(frozen=True)
class Group:
    """Commands that go together, and what they ask of AWS."""

    commands: str
    operations: str
    #: Templates whose resources CloudFormation makes in the caller's rights.
    templates: tuple[str, ...] = ()
    #: Action → why, for what is needed beyond fgctl's own requests.
    beyond: dict[str, str] = field(default_factory=dict)
    note: str = ""
    #: The group whose policy is needed besides: what that one allows is not asked of this one, but for the actions of `again`
    #: (patterns), which are needed on other resources.
    above: str = ""
    again: tuple[str, ...] = ()


_STACKS = (
    "cloudformation:CancelUpdateStack cloudformation:ContinueUpdateRollback cloudformation:CreateChangeSet "
    "cloudformation:DeleteChangeSet cloudformation:DeleteStack cloudformation:DescribeChangeSet cloudformation:DescribeEvents "
    "cloudformation:DescribeStackEvents cloudformation:DescribeStacks cloudformation:ExecuteChangeSet "
    "cloudformation:GetTemplate cloudformation:ListStackResources cloudformation:RollbackStack "
    "s3:HeadBucket s3:PutObject sts:GetCallerIdentity")
_LARGE = {"s3:GetObject": "CloudFormation reads a template over 51,200 bytes from the bucket"}
# What a failed task is asked about: the image, and the way out of its subnet. Without these rights the cause is told without facts.
_DIAGNOSIS = " ec2:DescribeRouteTables ec2:DescribeSubnets ec2:DescribeVpcEndpoints ecr:DescribeImages"
_DOCKER = "asked for by docker itself, at the registry"

GROUPS = {
    "images": Group(
        "docker-build docker-push docker-run docker-promote compose-build compose-push",
        "ecr:BatchGetImage ecr:CreateRepository ecr:DescribeImages ecr:DescribeRepositories "
        "ecr:GetAuthorizationToken ecr:PutImage sts:GetCallerIdentity",
        beyond={f"ecr:{name}": _DOCKER for name in (
            "BatchCheckLayerAvailability", "CompleteLayerUpload", "GetDownloadUrlForLayer", "InitiateLayerUpload",
            "UploadLayerPart")},
        note="Promotion into another repository needs the second statement on that one as well. The repositories under "
             "IMAGE_NAME are those of compose files."),
    "network": Group(
        "cf-create-vpc cf-update-vpc cf-delete-vpc", _STACKS, ("network",),
        beyond=_LARGE | {f"s3:{name}": "an existing bucket is adopted, for which all its settings are read" for name in (
            "GetAccelerateConfiguration", "GetAnalyticsConfiguration", "GetBucket*", "GetEncryptionConfiguration",
            "GetIntelligentTieringConfiguration", "GetInventoryConfiguration", "GetLifecycleConfiguration",
            "GetMetricsConfiguration", "GetReplicationConfiguration")},
        note="What the stack makes bears its tags; only that can be changed and deleted. Tags can be given only to what "
             "is being made. `cf-delete-vpc` reads all stacks, to find those that use the network."),
    "stacks": Group(
        "cf-create-stack cf-update-stack cf-delete-stack cf-status cf-events cf-diagnose cf-render config-check",
        _STACKS + _DIAGNOSIS + " ecs:DescribeServices ecs:DescribeTaskDefinition ecs:DescribeTasks ecs:ListTasks "
        "ecs:StopTask events:DeleteRule events:DescribeRule events:DisableRule events:ListRules events:ListTargetsByRule "
        "events:PutTargets events:RemoveTargets logs:DeleteLogGroup logs:DescribeLogGroups logs:GetLogEvents "
        "scheduler:GetSchedule scheduler:ListSchedules scheduler:UpdateSchedule", ("task",),
        beyond=_LARGE | {"iam:CreateServiceLinkedRole": "the first ECS cluster of an account"},
        note="`config-check` asks AWS nothing without `--stack` or `--task-definition`. Whoever may make roles and "
             "pass them to a task may do through it whatever these roles may: this policy is "
             "for people who are trusted with the account. For a pipeline use `fgctl cf-create-deploy-role`, whose roles must "
             "bear a permissions boundary; or add its condition `iam:PermissionsBoundary` to the statement `Roles`."),
    "tasks": Group(
        "ecs-run-task ecs-wait-task ecs-stop-task ecs-list-tasks ecs-logs",
        "cloudformation:DescribeStacks ecs:DescribeServices ecs:DescribeTaskDefinition ecs:DescribeTasks ecs:ListTasks "
        "ecs:RunTask ecs:StopTask logs:DescribeLogStreams logs:FilterLogEvents logs:GetLogEvents s3:GetObject "
        "s3:ListObjectsV2 s3:PutObject sts:GetCallerIdentity" + _DIAGNOSIS,
        note="`RunRecords` and `FindRunRecords` are for `--run-id` with S3_BUCKET set; `LikeService` is for `--like-service`."),
    "schedules": Group(
        "schedule-create schedule-remove schedule-list schedule-enable schedule-disable schedule-run schedule-next",
        "cloudformation:DescribeStacks ecs:DescribeTaskDefinition ecs:DescribeTasks ecs:ListTasks ecs:RunTask "
        "ecs:StopTask events:DeleteRule events:DescribeRule events:DisableRule events:EnableRule events:ListRules "
        "events:ListTargetsByRule events:PutRule events:PutTargets events:RemoveTargets logs:DescribeLogStreams "
        "logs:GetLogEvents scheduler:CreateSchedule scheduler:DeleteSchedule scheduler:GetSchedule "
        "scheduler:ListSchedules scheduler:UpdateSchedule sts:GetCallerIdentity" + _DIAGNOSIS,
        note="`schedule-next` asks AWS nothing. `RunNow`, `TagTasks` and `StopTask` are for `schedule-run`."),
    "services": Group(
        "update-usercode update-webserver update-daemon update-service service-status service-rollback",
        "cloudformation:CancelUpdateStack cloudformation:DescribeStacks cloudformation:ListStackResources "
        "ecs:DescribeServiceDeployments ecs:DescribeServiceRevisions ecs:DescribeServices ecs:DescribeTaskDefinition "
        "ecs:DescribeTasks ecs:ListServiceDeployments ecs:ListServices ecs:ListTaskDefinitions ecs:ListTasks "
        "ecs:StopServiceDeployment ecs:UpdateService logs:GetLogEvents sts:GetCallerIdentity" + _DIAGNOSIS,
        note="`service-rollback` of a service that a stack owns changes that stack: it needs the policy `stacks` as "
             "well, as `update-usercode VERSION` does; `update-webserver` needs `stacks` and `config-push`."),
    "config-push": Group(
        "config-push config-diff config-rollback config-list",
        "s3:CopyObject s3:DeleteObject s3:DeleteObjects s3:GetObject s3:HeadObject s3:ListObjectsV2 s3:PutObject "
        "s3:CreateMultipartUpload s3:UploadPart s3:CompleteMultipartUpload s3:AbortMultipartUpload sts:GetCallerIdentity "
        "cloudformation:DescribeStacks cloudformation:ListStackResources ecs:DescribeTaskDefinition",
        note="`s3:DeleteObject` is for `--keep` and `--flat --delete`; other places (`--to`) need the same statements on them. "
             "`cloudformation` and `ecs` are for `--keep`, which spares what the project's tasks start with: without them it "
             "deletes nothing."),
    "config-pull": Group(
        "config-pull", "s3:GetObject s3:HeadObject s3:ListObjectsV2",
        note="For the role of a task whose sidecar pulls config. Listing tells a missing object from a forbidden one."),
    "setup": Group(
        "whoami doctor assume-role", "iam:GetRole iam:SimulatePrincipalPolicy sts:AssumeRole sts:GetCallerIdentity",
        note="`whoami` and `doctor` need no right. With `SimulateOwnPolicies` (your own user or role suffices as its resource) "
             "`doctor` also says which actions of each group the caller lacks. Here the role is the one of `cf-create-deploy-role`; put yours in its place."),
    "dagster": Group(
        "cf-create-stack cf-update-stack cf-delete-stack cf-status cf-render",
        _STACKS + " ecr:DescribeImages ecr:DescribeRepositories logs:DeleteLogGroup logs:DescribeLogGroups s3:GetObject "
        "s3:ListObjectsV2", ("dagster-base", "dagster-services"),
        beyond={"ec2:AuthorizeSecurityGroupIngress": "who may reach database, webserver and usercode",
                "s3:PutBucketVersioning": "a bucket of the base stack's own", "s3:PutLifecycleConfiguration": "the same"},
        above="stacks",
        again=("cloudformation:*", "ecr:DescribeImages", "ecs:DescribeServices", "ecs:TagResource", "ecs:UntagResource",
               "logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:ListTagsForResource", "logs:PutRetentionPolicy",
               "logs:TagResource", "logs:UntagResource", "iam:CreateServiceLinkedRole"),
        note="For `TEMPLATE=dagster`, besides `stacks`. Identifiers of RDS are in small letters: where STACK_NAME is not, write it so "
             "in the statement `Database`. Where the network stack made the bucket, the statement `Bucket` can go, where the "
             "database is your own, `Database` and `Password`."),
    "deploy-role": Group(
        "cf-create-deploy-role", _STACKS, ("deploy-role",),
        beyond=_LARGE | {f"iam:{name}": "for TEMPLATE=dagster a second policy" for name in (
            "AttachRolePolicy", "DetachRolePolicy")} | {
            "iam:UpdateAssumeRolePolicy": "`--update` with another principal or external id"},
        note="For the administrator who makes the deploy role, and updates it. It makes a role: whoever has this policy is an "
             "administrator."),
}


class Stale(Exception):
    """What does not fit together, a line each."""


def operations() -> set[str]:
    """`service:Operation` of all that docs/aws-operations.md lists."""
    found = re.findall(r"^\| `([a-z0-9]+)` \| `(\w+)` \|", OPERATIONS.read_text(encoding="utf-8"), re.M)
    return {f"{service}:{operation}" for service, operation in found}


def resource_types(template: str) -> list[str]:
    text = (ROOT / "templates" / f"{template}.yaml").read_text(encoding="utf-8")
    return sorted(set(re.findall(r"^    Type: (AWS::\S+)$", text, re.M)))


def needed(group: Group) -> dict[str, list[str]]:
    """Action → what asks for it."""
    found: dict[str, list[str]] = {}
    for operation in group.operations.split():
        for action in ACTIONS.get(operation, (operation,)):
            found.setdefault(action, []).append(operation.partition(":")[2])
    for template in group.templates:
        for type_ in resource_types(template):
            rights = RESOURCE_RIGHTS.get(type_)
            if rights is None:
                raise Stale(f"{type_} of templates/{template}.yaml is in no row of bin/lib/local_aws/resource_rights.py")
            for action in {*rights.create, *rights.update, *rights.delete, *(["iam:PassRole"] if rights.passes else [])}:
                found.setdefault(action, []).append(type_.removeprefix("AWS::"))
    for action, why in group.beyond.items():
        found.setdefault(action, []).append(why)
    return found


def policy(name: str) -> dict:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def as_list(value: object) -> list:
    return value if isinstance(value, list) else [value]


def actions(document: dict) -> set[str]:
    return {action for statement in document["Statement"] for action in as_list(statement["Action"])}


def size(document: dict) -> int:
    """As IAM counts it, with names filled in that are longer than most."""
    return len(filled(document, {key: "x" * (12 if key == "AWS_ACCOUNT_ID" else 14 if key == "AWS_REGION" else 24)
                                 for key in KEYS}, compact=True))


def filled(document: dict, values: dict[str, str], compact: bool = False) -> str:
    text = json.dumps(document, separators=(",", ":")) if compact else json.dumps(document, indent=2)
    for key in KEYS:
        if key in values:
            text = text.replace("{" + key + "}", values[key])
    return text


def problems(listed: set[str] | None = None, policies: dict[str, dict] | None = None) -> list[str]:
    """What is missing, too much, too wide or too long; arguments for tests."""
    listed = operations() if listed is None else listed
    policies = {name: policy(name) for name in GROUPS} if policies is None else policies
    found = []
    claimed = {operation for group in GROUPS.values() for operation in group.operations.split()}
    found += [f"{name}: docs/aws-operations.md lists it and no group of bin/lib/permissions.py has it"
              for name in sorted(listed - claimed)]
    found += [f"{name}: a group of bin/lib/permissions.py has it, docs/aws-operations.md does not list it"
              for name in sorted(claimed - listed)]
    for name, group in GROUPS.items():
        document = policies[name]
        allowed, wanted = actions(document), needed(group)
        besides = {action for action in needed(GROUPS[group.above])
                   if not any(fnmatch.fnmatchcase(action, one) for one in group.again)} if group.above else set()
        file = f"docs/permissions/{name}.json"
        found += [f"{file} lacks {action} ({', '.join(wanted[action])})" 
                  for action in sorted(set(wanted) - besides) if not any(fnmatch.fnmatchcase(action, one) for one in allowed)]
        found += [f"{file} allows {action}, which no command of the group needs" for action in sorted(allowed - set(wanted))]
        for statement in document["Statement"]:
            if "*" not in as_list(statement["Resource"]) or "Condition" in statement:
                continue
            found += [f"{file} allows {action} on every resource" for action in as_list(statement["Action"])
                      if action not in NO_RESOURCE and not action.startswith("ec2:Describe")
                      and (name, action) != ("network", "cloudformation:DescribeStacks")]
        if size(document) > LIMIT:
            found.append(f"{file} has {size(document)} characters, IAM takes {LIMIT}")
    return found


def page() -> str:
    lines = [
        "# Permissions", "",
        "The least policy of an operator, one for each group of commands. The policies are files, made to be used: "
        "[docs/permissions](permissions) holds them, and",
        "",
        "    bin/permissions stacks AWS_ACCOUNT_ID=123456789012 AWS_REGION=eu-central-1 STACK_NAME=nightly …",
        "",
        "prints one with its names filled in. They are checked two ways: `bin/permissions --check` (part of `bin/check` and "
        "the tests) derives what each group needs",
        "from the [operations](aws-operations.md) that fgctl was seen to send and from the resources of the templates, and fails on "
        "an action too few or too many; and the",
        "end-to-end tests run the commands of each group as a user who has that policy and nothing else, on a local AWS that enforces "
        "policies.", "",
        "What you should know:", "",
        "- CloudFormation makes, changes and deletes resources in the rights of whoever calls it. So the groups `network`, `stacks` "
        "and `deploy-role` hold the rights on the",
        "  resources of [templates/](../templates), and your own templates (`--template`) need theirs on top. What each type takes is written "
        "down in",
        "  `bin/lib/local_aws/resource_rights.py`, from AWS's documentation; local AWS enforces that table. No real account has "
        "confirmed it yet.",
        "- What docker asks of the registry (layers) is not enforced locally; those five actions are AWS's documented ones for push and pull.",
        "- An action on `*` is one that AWS knows no resources for, or bears a condition. The partition is `aws`; in China and "
        "GovCloud write theirs.",
        "- Where the env file says another `ECS_CLUSTER`, `STACK_NAME` in the ARNs of tasks and clusters is that name.",
        "- Objects of the bucket encrypted with a key of your own need rights on that key besides.",
        "- `fgctl doctor` says which of these actions the caller lacks, by IAM's policy simulation with the names of the env file. It reads "
        "identity policies, boundaries",
        "  and what IAM knows of service control policies; policies of buckets and repositories, session policies, and roles narrower than these "
        "names are beyond it.",
        "- Everything at once, for a pipeline: [`fgctl cf-create-deploy-role`](commands.md) makes a role for one project, bounded.", ""]
    for name, group in GROUPS.items():
        document = policy(name)
        lines += [f"## {name}", "", " ".join(f"`{command}`" for command in group.commands.split()), ""]
        if group.note:
            lines += [group.note, ""]
        lines += [f"[{name}.json](permissions/{name}.json), {size(document)} of {LIMIT} characters with long names.", "",
                  "| action | asked for by |", "|---|---|"]
        lines += [f"| `{action}` | {', '.join(sorted(set(why)))} |" for action, why in sorted(needed(group).items())]
        lines.append("")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    try:
        if arguments in (["--check"], ["--write"]):
            found = problems()
            if arguments == ["--write"] and not found:
                PAGE.write_text(page(), encoding="utf-8")
            elif not found and (not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page()):
                found = ["docs/permissions.md is stale: run bin/permissions --write"]
            for line in found:
                print(f"permissions: {line}", file=sys.stderr)
            return 1 if found else 0
    except Stale as error:
        print(f"permissions: {error}", file=sys.stderr)
        return 1
    usage = (f"usage: bin/permissions --check | --write | GROUP [KEY=VALUE …]\n  GROUP: {' '.join(GROUPS)}\n"
             f"  KEY:   {' '.join(KEYS)}")
    if arguments in (["--help"], ["-h"]):
        print(usage)
        return 0
    group, words = (arguments or [""])[0], arguments[1:]
    values = dict(word.partition("=")[::2] for word in words)
    wrong = [group] if group not in GROUPS else [word for word in words if word.partition("=")[0] not in KEYS or "=" not in word]
    if wrong:
        print(f"permissions: '{wrong[0]}' is none of these\n{usage}" if wrong[0] else usage, file=sys.stderr)
        return 64
    text = filled(policy(group), values)
    open_names = [key for key in KEYS if "{" + key + "}" in text]
    if open_names:
        print(f"permissions: still to be filled in: {' '.join(open_names)}", file=sys.stderr)
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Whoever reads has seen enough; the interpreter's last flush must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
