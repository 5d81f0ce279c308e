"""Local AWS with AUTH=true: AWS's resources, passed roles, tags, and CloudFormation in its caller's rights."""

import json
import sys
import uuid

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from conftest import IMAGE, REGION, ROOT, wait_for

sys.path.insert(0, str(ROOT / "bin/lib"))
from local_aws.enforcing import enforcing_aws  # noqa: E402

ACCOUNT = "000000000000"
ECS = f"arn:aws:ecs:{REGION}:{ACCOUNT}:"
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-0a"]}}
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": [
        "ecs-tasks.amazonaws.com", "scheduler.amazonaws.com", "events.amazonaws.com"]}, "Action": "sts:AssumeRole"}]})


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with enforcing_aws(tmp_path_factory.mktemp("enforcing")) as address:
        yield address


@pytest.fixture
def aws(url):
    """Makes clients: `aws("ecs")` the root's, `aws("ecs", statement, …)` those of a user who may do that and no more."""
    def make(service, *statements):
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        if statements:
            iam, name = make("iam"), f"user-{uuid.uuid4().hex[:12]}"
            iam.create_user(UserName=name)
            iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=json.dumps(
                {"Version": "2012-10-17", "Statement": list(statements)}))
            key = iam.create_access_key(UserName=name)["AccessKey"]
            keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        return boto3.client(
            service, endpoint_url=url, region_name=REGION, config=Config(retries={"total_max_attempts": 1}, read_timeout=300), **keys)
    return make


def allow(actions, resource="*", **condition):
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
    return statement | ({"Condition": condition} if condition else {})


NOTHING = allow("iam:GetUser", "arn:aws:iam::1:user/nobody")


def refused(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    assert caught.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException"), caught.value
    return caught.value.response["Error"]["Message"]


@pytest.mark.parametrize(("service", "operation", "arguments", "action", "resource"), [
    ("ecs", "describe_tasks", {"cluster": "one", "tasks": ["t1"]}, "ecs:DescribeTasks", f"{ECS}task/one/t1"),
    ("ecs", "stop_task", {"cluster": "one", "task": "t1"}, "ecs:StopTask", f"{ECS}task/one/t1"),
    ("ecs", "list_tasks", {"cluster": "one"}, "ecs:ListTasks", f"{ECS}container-instance/one/*"),
    ("ecs", "describe_services", {"cluster": "one", "services": ["s"]}, "ecs:DescribeServices", f"{ECS}service/one/s"),
    ("ecs", "update_service", {"cluster": "one", "service": "s"}, "ecs:UpdateService", f"{ECS}service/one/s"),
    ("ecs", "describe_service_deployments", {"serviceDeploymentArns": [f"{ECS}service-deployment/one/s/d"]},
     "ecs:DescribeServiceDeployments", f"{ECS}service-deployment/one/s/d"),
    ("ecs", "stop_service_deployment", {"serviceDeploymentArn": f"{ECS}service-deployment/one/s/d"},
     "ecs:StopServiceDeployment", f"{ECS}service-deployment/one/s/d"),
    ("ecs", "describe_service_revisions", {"serviceRevisionArns": [f"{ECS}service-revision/one/s/1"]},
     "ecs:DescribeServiceRevisions", f"{ECS}service-revision/one/s/1"),
    ("ecs", "describe_task_definition", {"taskDefinition": "f"}, "ecs:DescribeTaskDefinition", "*"),
    ("logs", "describe_log_groups", {}, "logs:DescribeLogGroups", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group::log-stream:"),
    ("logs", "get_log_events", {"logGroupName": "/g", "logStreamName": "s"}, "logs:GetLogEvents",
     f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/g:log-stream:s"),
    ("events", "describe_rule", {"Name": "r"}, "events:DescribeRule", f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r"),
    ("scheduler", "get_schedule", {"Name": "s", "GroupName": "g"}, "scheduler:GetSchedule",
     f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/g/s"),
    ("ecr", "describe_repositories", {"repositoryNames": ["some"]}, "ecr:DescribeRepositories",
     f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/some"),
])
def test_the_refusal_names_action_and_resource(aws, service, operation, arguments, action, resource):
    message = refused(getattr(aws(service, NOTHING), operation), **arguments)
    assert f"is not authorized to perform: {action} on resource: {resource} because no identity-based policy" in message
    with pytest.raises(ClientError) as caught:
        getattr(aws(service, allow(action, resource)), operation)(**arguments)
        raise ClientError({"Error": {"Code": "Done"}}, operation)
    assert not caught.value.response["Error"]["Code"].startswith("AccessDenied"), caught.value


@pytest.fixture
def task(aws):
    """A cluster and a task definition with a role and a tag: their name and the role's ARN."""
    name = f"auth-{uuid.uuid4().hex[:8]}"
    role = aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    aws("ecs").create_cluster(clusterName=name)
    aws("ecs").register_task_definition(
        family=name, requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
        taskRoleArn=role, containerDefinitions=[{"name": "main", "image": IMAGE, "command": ["true"]}],
        tags=[{"key": "a", "value": "b"}])
    return name, role


def test_run_task_needs_the_revision_the_role_and_the_tags(aws, task):
    name, role = task
    request = {"cluster": name, "taskDefinition": name, "launchType": "FARGATE", "networkConfiguration": NETWORK,
               "propagateTags": "TASK_DEFINITION"}
    in_cluster = {"ArnEquals": {"ecs:cluster": f"{ECS}cluster/{name}"}}
    run = allow("ecs:RunTask", f"{ECS}task-definition/{name}:*", **in_cluster)
    passing = allow("iam:PassRole", role, StringEquals={"iam:PassedToService": "ecs-tasks.amazonaws.com"})
    tagging = allow("ecs:TagResource", f"{ECS}task/{name}/*", StringEquals={"ecs:CreateAction": "RunTask"})

    def message(*statements):
        return refused(aws("ecs", *statements).run_task, **request)

    # A request without a revision is authorised on the concrete one, in its cluster.
    by_family = allow("ecs:RunTask", f"{ECS}task-definition/{name}")
    assert f"ecs:RunTask on resource: {ECS}task-definition/{name}:1 " in message(by_family, passing, tagging)
    elsewhere = run | {"Condition": {"ArnEquals": {"ecs:cluster": f"{ECS}cluster/other"}}}
    assert "ecs:RunTask on" in message(elsewhere, passing, tagging)
    assert f"iam:PassRole on resource: {role} " in message(run, tagging)
    wrong = passing | {"Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}}
    assert "iam:PassRole on" in message(run, wrong, tagging)
    assert f"ecs:TagResource on resource: {ECS}task/{name}/* " in message(run, passing)
    assert len(aws("ecs", run, passing, tagging).run_task(**request)["tasks"]) == 1


def test_schedules_and_rules_pass_their_role(aws, task):
    name, role = task
    aws("scheduler").create_schedule_group(Name=name)
    target = {"Arn": f"{ECS}cluster/{name}", "RoleArn": role,
              "EcsParameters": {"TaskDefinitionArn": f"{ECS}task-definition/{name}"}}
    schedule = {"Name": "s", "GroupName": name, "ScheduleExpression": "cron(0 0 29 2 ? *)", "Target": target,
                "FlexibleTimeWindow": {"Mode": "OFF"}}
    own = allow("scheduler:*", f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/{name}/*")
    assert f"iam:PassRole on resource: {role} " in refused(aws("scheduler", own).create_schedule, **schedule)
    to = {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
    aws("scheduler", own, allow("iam:PassRole", role, **to)).create_schedule(**schedule)

    aws("events").put_rule(Name=f"{name}-r", ScheduleExpression="cron(0 0 29 2 ? *)")
    targets = {"Rule": f"{name}-r", "Targets": [target | {"Id": "1"}]}
    rules = allow("events:*", f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}-*")
    assert "iam:PassRole on" in refused(aws("events", rules, allow("iam:PassRole", role, **to)).put_targets, **targets)
    to = {"StringEquals": {"iam:PassedToService": "events.amazonaws.com"}}
    aws("events", rules, allow("iam:PassRole", role, **to)).put_targets(**targets)


STACK = """Resources:
  Logs:
    Type: AWS::Logs::LogGroup
    Properties:
      LogGroupName: !Ref AWS::StackName
      RetentionInDays: 1
  Role:
    Type: AWS::IAM::Role
    DependsOn: Logs
    Properties:
      PermissionsBoundary: arn:aws:iam::000000000000:policy/bound
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: "sts:AssumeRole"}]
"""


def outcome(aws, name):
    """The stack's last state, and the reasons of what failed."""
    cloudformation = aws("cloudformation")

    def settled():
        [stack] = cloudformation.describe_stacks(StackName=name)["Stacks"]
        return None if stack["StackStatus"].endswith("_IN_PROGRESS") else stack["StackStatus"]

    status = wait_for("the stack", settled)
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    return status, [e.get("ResourceStatusReason", "") for e in events if e["ResourceStatus"].endswith("_FAILED")]


def test_cloudformation_acts_in_its_callers_rights(aws):
    name = f"auth-{uuid.uuid4().hex[:8]}"
    stacks = allow("cloudformation:*")
    logs = allow(["logs:CreateLogGroup", "logs:PutRetentionPolicy", "logs:TagResource", "logs:ListTagsForResource",
                  "logs:DeleteLogGroup", "logs:DescribeLogGroups"])
    roles = allow(["iam:CreateRole", "iam:PutRolePolicy", "iam:TagRole", "iam:GetRole"],
                  f"arn:aws:iam::{ACCOUNT}:role/{name}-*")

    def create(*statements):
        aws("cloudformation", stacks, *statements).create_stack(
            StackName=name, TemplateBody=STACK, Capabilities=["CAPABILITY_IAM"])
        return outcome(aws, name)

    def delete():
        cloudformation = aws("cloudformation")
        cloudformation.delete_stack(StackName=name)
        cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 300})

    status, reasons = create()
    assert status == "ROLLBACK_COMPLETE"
    assert any(f"logs:CreateLogGroup on resource: arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}:" in r for r in reasons)
    delete()

    # The boundary that the template gives the role is what the right on roles may ask for.
    other = roles | {"Condition": {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::000000000000:policy/x"}}}
    status, reasons = create(logs, other)
    assert status == "ROLLBACK_COMPLETE" and any("iam:CreateRole on resource" in r for r in reasons)
    delete()
    bound = roles | {"Condition": {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::000000000000:policy/bound"}}}
    reading = allow("iam:GetRole", f"arn:aws:iam::{ACCOUNT}:role/{name}-*")
    status, reasons = create(logs, bound, reading)
    assert (status, reasons) == ("CREATE_COMPLETE", [])
    [role] = [r for r in aws("iam").list_roles()["Roles"] if r["RoleName"].startswith(name)]
    found = aws("iam").get_role(RoleName=role["RoleName"])["Role"]
    assert found["PermissionsBoundary"]["PermissionsBoundaryArn"] == "arn:aws:iam::000000000000:policy/bound"

    # Deleting is in the rights of whoever deletes, not of who created.
    aws("cloudformation", stacks, logs).delete_stack(StackName=name)
    status, reasons = outcome(aws, name)
    assert status == "DELETE_FAILED" and any("iam:DeleteRole on resource" in r for r in reasons)
    aws("cloudformation").delete_stack(StackName=name)


def test_the_root_is_never_refused(aws):
    assert aws("sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
    aws("logs").describe_log_groups()
