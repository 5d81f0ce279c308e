"""The Dagster templates: roles that suffice for EcsRunLauncher and no more."""

from __future__ import annotations

import parts
from test_dagster_stacks import dagster, networked, standing  # noqa: F401 fixtures

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
