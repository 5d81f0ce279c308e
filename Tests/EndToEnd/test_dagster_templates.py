"""The Dagster templates: clean in every combination of their options, and roles that suffice for EcsRunLauncher and no more."""

from __future__ import annotations

import itertools
import json
import math
from typing import Any

import parts
import pytest
from cfnlint.api import ManualArgs, lint
from cfnlint.decode.cfn_yaml import loads
from test_dagster_stacks import dagster, networked, standing  # noqa: F401 fixtures

GONE = object()


def plain(value: Any) -> Any:
    """cfn-lint's nodes as JSON's."""
    return json.loads(json.dumps(value))


def rendered(value: Any, truths: dict[str, bool]) -> Any:
    """The template's part with its conditions decided."""
    if isinstance(value, list):
        items = [rendered(item, truths) for item in value]
        return [item for item in items if item is not GONE]
    if not isinstance(value, dict):
        return value
    if value == {"Ref": "AWS::NoValue"}:
        return GONE
    if list(value) == ["Fn::If"]:
        name, yes, no = value["Fn::If"]
        return rendered(yes if truths[name] else no, truths)
    members = {key: rendered(item, truths) for key, item in value.items()}
    return {key: item for key, item in members.items() if item is not GONE}


def render(template: dict, truths: dict[str, bool]) -> dict:
    """What the stack would be made of: no condition is left in it."""
    out = {key: value for key, value in template.items() if key not in ("Conditions", "Resources", "Outputs", "Rules")}
    # An empty default says that an option is off; where the option is on there is a value.
    out["Parameters"] = {
        name: {key: value for key, value in entry.items() if (key, value) != ("Default", "")}
        for name, entry in template["Parameters"].items()}
    for section in ("Resources", "Outputs"):
        out[section] = {
            name: rendered({key: item for key, item in entry.items() if key != "Condition"}, truths)
            for name, entry in template[section].items() if "Condition" not in entry or truths[entry["Condition"]]
        }
    return out


def combinations(names: list[str]) -> list[dict[str, bool]]:
    """All on, all off, and so many that any two options meet in all four ways.

    After Kleitman and Spencer: of n rows the first is off; in the others each option is on in a set of n/2 rows of its own. Two
    such sets differ, and they overlap, since together they are larger than the n - 1 rows.
    """
    size = next(n for n in range(4, 40, 2) if math.comb(n - 1, n // 2) >= len(names))
    sets = list(itertools.islice(itertools.combinations(range(1, size), size // 2), len(names)))
    rows = [{name: row in on for name, on in zip(names, sets)} for row in range(size)]
    return [*rows, dict.fromkeys(names, True)]


def test_any_two_options_meet_in_all_ways():
    names = [f"option{i}" for i in range(20)]
    rows = combinations(names)
    assert len(rows) == 9
    for one, other in itertools.combinations(names, 2):
        assert len({(row[one], row[other]) for row in rows}) == 4


@pytest.mark.parametrize("name", ["dagster-base", "dagster-services"])
def test_every_combination_of_options_is_clean(name):
    template = plain(loads((parts.TEMPLATES / f"{name}.yaml").read_text()))
    for truths in combinations(list(template["Conditions"])):
        text = json.dumps(render(template, truths))
        assert "Fn::If" not in text and "AWS::NoValue" not in text
        # Parameters that an option leaves without use are no fault of the template.
        found = lint(text, config=ManualArgs(regions=["us-east-1"], ignore_checks=["W2001"]))
        assert found == [], ({key: on for key, on in truths.items() if on}, [str(one) for one in found])


def test_the_judge_of_templates_finds_faults():
    """Else the test above could not fail."""
    template = plain(loads((parts.TEMPLATES / "dagster-base.yaml").read_text()))
    truths = dict.fromkeys(template["Conditions"], True) | {"CreatesBucket": False}
    broken = render(template, truths)
    broken["Outputs"]["BucketName"]["Value"] = {"Ref": "Bucket"}
    assert any("Bucket" in str(one) for one in lint(json.dumps(broken), config=ManualArgs(regions=["us-east-1"])))


# --- roles ----------------------------------------------------------------------------------------------------------

ECS, IAM = "arn:aws:ecs:us-east-1:000000000000", "arn:aws:iam::000000000000"


def allowed(project, role: str, action: str, resource: str, **context: str) -> bool:
    entries = [{"ContextKeyName": key.replace("__", ":"), "ContextKeyValues": [value], "ContextKeyType": "string"}
               for key, value in context.items()]
    answer = project.boto3("iam").simulate_principal_policy(
        PolicySourceArn=role, ActionNames=[action], ResourceArns=[resource], ContextEntries=entries)
    [result] = answer["EvaluationResults"]
    return result["EvalDecision"] == "allowed"


def test_roles_suffice_and_open_nothing_else(standing):  # noqa: F811 the fixture
    """What dagster-aws's EcsRunLauncher calls, on what it calls it, and each thing's nearest neighbour."""
    project, outputs = standing, parts.outputs_of(standing)
    stack, bucket, secret = project.stack, project.bucket, project.secret
    cluster = {"ecs__cluster": outputs["ClusterArn"]}
    ecs_tasks = {"iam__PassedToService": "ecs-tasks.amazonaws.com"}
    logs = "arn:aws:logs:us-east-1:000000000000:log-group:/ecs/"
    files = f"arn:aws:s3:::{bucket}"
    cases: dict[str, list[tuple[bool, str, str, dict[str, str]]]] = {
        "LauncherRoleArn": [
            (True, "ecs:RegisterTaskDefinition", f"{ECS}:task-definition/run_a_b_c", {}),
            (False, "ecs:RegisterTaskDefinition", f"{ECS}:task-definition/{stack}", {}),
            (True, "ecs:DescribeTaskDefinition", "*", {}),
            (True, "ecs:RunTask", f"{ECS}:task-definition/run_a_b_c:3", cluster),
            (False, "ecs:RunTask", f"{ECS}:task-definition/run_a_b_c:3", {"ecs__cluster": f"{ECS}:cluster/{stack}2"}),
            (False, "ecs:RunTask", f"{ECS}:task-definition/{stack}:1", cluster),
            (True, "ecs:TagResource", f"{ECS}:task/{stack}/1", {"ecs__CreateAction": "RunTask"}),
            (False, "ecs:TagResource", f"{ECS}:task/{stack}/1", {"ecs__CreateAction": "StartTask"}),
            (True, "ecs:DescribeTasks", f"{ECS}:task/{stack}/1", {}), (True, "ecs:StopTask", f"{ECS}:task/{stack}/1", {}),
            (False, "ecs:StopTask", f"{ECS}:task/{stack}2/1", {}), (False, "ecs:UpdateService", f"{ECS}:service/{stack}/a", {}),
            (True, "iam:PassRole", outputs["TaskRoleArn"], ecs_tasks),
            (True, "iam:PassRole", outputs["ExecutionRoleArn"], ecs_tasks),
            (False, "iam:PassRole", outputs["TaskRoleArn"], {"iam__PassedToService": "lambda.amazonaws.com"}),
            (False, "iam:PassRole", outputs["LauncherRoleArn"], ecs_tasks), (False, "iam:PassRole", f"{IAM}:role/Admin", ecs_tasks),
            (True, "ec2:DescribeNetworkInterfaces", "*", {}), (False, "ec2:RunInstances", "*", {}),
            (True, "logs:GetLogEvents", f"{logs}{stack}/daemon:log-stream:ecs/run/1", {}),
            (False, "logs:GetLogEvents", f"{logs}{stack}/usercode:log-stream:ecs/usercode/1", {}),
            (True, "s3:GetObject", f"{files}/{stack}/config/releases/a/files/dagster.yaml", {}),
            (False, "s3:GetObject", f"{files}/{stack}/.env/secret", {}), (False, "s3:PutObject", f"{files}/{stack}/config/a", {}),
            (True, "s3:ListBucket", files, {"s3__prefix": f"{stack}/config/"}),
            (False, "s3:ListBucket", files, {"s3__prefix": f"{stack}/.env/"}),
            (False, "secretsmanager:GetSecretValue", secret, {}), (False, "secretsmanager:ListSecrets", "*", {}),
        ],
        "TaskRoleArn": [
            (True, "s3:GetObject", f"{files}/{stack}/config/current.json", {}), (True, "s3:PutObject", f"{files}/{stack}/data/a", {}),
            (False, "s3:PutObject", f"{files}/{stack}/config/current.json", {}),
            (False, "s3:DeleteObject", f"{files}/{stack}/config/current.json", {}),
            (False, "s3:GetObject", f"{files}/{stack}2/data/a", {}),
            (True, "ssm:GetParameter", f"arn:aws:ssm:us-east-1:000000000000:parameter/{stack}/a", {}),
            (False, "ssm:GetParameter", f"arn:aws:ssm:us-east-1:000000000000:parameter/{stack}2", {}),
            (False, "ecs:RunTask", f"{ECS}:task-definition/run_a_b_c:3", cluster),
            (False, "iam:PassRole", outputs["TaskRoleArn"], ecs_tasks), (False, "secretsmanager:GetSecretValue", secret, {}),
        ],
        "ExecutionRoleArn": [
            (True, "secretsmanager:GetSecretValue", secret, {}), (False, "secretsmanager:GetSecretValue", f"{secret}x", {}),
            (True, "logs:PutLogEvents", f"{logs}{stack}:log-stream:ecs/a/1", {}),
            (True, "logs:CreateLogStream", f"{logs}{stack}/daemon:log-stream:ecs/a/1", {}),
            (False, "logs:PutLogEvents", f"{logs}{stack}2:log-stream:ecs/a/1", {}),
            (False, "s3:GetObject", f"{files}/{stack}/config/current.json", {}),
            *((True, "ecr:BatchGetImage", f"arn:aws:ecr:us-east-1:000000000000:repository/{project.image}/{part}", {})
              for part in ("webserver", "daemon", "usercode", "fgctl")),
            (False, "ecr:BatchGetImage", f"arn:aws:ecr:us-east-1:000000000000:repository/{project.image}/other", {}),
        ],
        "ScheduleRoleArn": [
            (True, "ecs:RunTask", f"{ECS}:task-definition/{stack}:1", cluster),
            (False, "ecs:RunTask", f"{ECS}:task-definition/{stack}-daemon:1", cluster),
            (True, "iam:PassRole", outputs["TaskRoleArn"], ecs_tasks), (False, "iam:PassRole", outputs["LauncherRoleArn"], ecs_tasks),
        ],
    }
    wrong = [
        (role, wanted, action, resource, context) for role, rows in cases.items()
        for wanted, action, resource, context in rows
        if allowed(project, outputs[role], action, resource, **context) != wanted]
    assert wrong == []
