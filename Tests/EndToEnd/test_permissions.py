"""The least policies of docs/permissions: checked against what is called, and put to use where policies are enforced."""

from __future__ import annotations

import copy
import json
import re
import subprocess

import composing
import harness
import parts
import pytest
import yaml
from judge import Judge, models
from operators import ACCOUNT, Guarded, enforcing_aws, permissions, take_away
from test_dagster_stacks import point_config, put_images
from verdict import RECORDS

NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-0a"], "securityGroups": ["sg-0a"]}}
TASK_STACK = (parts.TEMPLATES / "task.yaml").read_text()


# --- the files ------------------------------------------------------------------------------------------------------


def test_the_policies_fit_the_operations():
    assert permissions.problems() == []
    done = subprocess.run([harness.ROOT / "bin/permissions", "--check"], capture_output=True, text=True, timeout=240)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_new_operation_is_noticed():
    found = permissions.problems(listed=permissions.operations() | {"ecs:CreateService"})
    assert found == ["ecs:CreateService: docs/aws-operations.md lists it and no group of bin/lib/permissions.py has it"]


@pytest.mark.parametrize("group", permissions.GROUPS)
def test_an_action_too_few_and_too_many_is_noticed(group):
    policies = {name: permissions.policy(name) for name in permissions.GROUPS}
    for action in permissions.actions(policies[group]):
        changed = copy.deepcopy(policies[group])
        assert take_away(changed, action)
        found = permissions.problems(policies=policies | {group: changed})
        assert any(line.startswith(f"docs/permissions/{group}.json lacks ") for line in found), action
    policies[group]["Statement"].append({"Effect": "Allow", "Action": "ec2:RunInstances", "Resource": "*"})
    found = permissions.problems(policies=policies)
    assert f"docs/permissions/{group}.json allows ec2:RunInstances, which no command of the group needs" in found
    assert f"docs/permissions/{group}.json allows ec2:RunInstances on every resource" in found


def test_every_command_is_in_a_group():
    commands = set(re.findall(r"^### (\S+)$", (harness.ROOT / "docs/commands.md").read_text(), re.M))
    grouped = {command for group in permissions.GROUPS.values() for command in group.commands.split()}
    assert len(commands) > 20
    assert commands ^ grouped == set()


def test_a_policy_is_printed_with_its_names():
    done = subprocess.run(
        [harness.ROOT / "bin/permissions", "setup", "AWS_ACCOUNT_ID=123456789012", "STACK_NAME=nightly"],
        capture_output=True, text=True, timeout=240)
    assert '"arn:aws:iam::123456789012:role/fgctl-deploy-nightly-*"' in done.stdout
    for wrong in ([], ["nothing"], ["setup", "STACK=nightly"]):
        done = subprocess.run(
            [harness.ROOT / "bin/permissions", *wrong], capture_output=True, text=True, timeout=240)
        assert done.returncode == 64 and "usage: bin/permissions" in done.stderr


# --- the deploy role's template -------------------------------------------------------------------------------------


class Loader(yaml.SafeLoader):
    """Reads `!Sub x` as x and other functions as they are."""


Loader.add_multi_constructor("!", lambda loader, tag, node: (
    loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode)
    else loader.construct_sequence(node, deep=True)))


def deploy_role_policies():
    """Its inline policies, with all that conditions of the template leave out."""
    template = yaml.load((parts.TEMPLATES / "deploy-role.yaml").read_text(), Loader)
    policies = template["Resources"]["DeployRole"]["Properties"]["Policies"]
    return [one[1] if isinstance(one, list) else one for one in policies]


def test_the_deploy_role_has_what_the_commands_need_and_no_more():
    allowed = {a for p in deploy_role_policies() for a in permissions.actions(p["PolicyDocument"])}
    needed = {
        action for group in ("images", "network", "stacks", "tasks", "schedules")
        for action in permissions.actions(permissions.policy(group))}
    assert allowed - needed == set()
    assert needed - allowed == set()


def test_the_deploy_role_fits():
    """All inline policies of a role together hold 10,240 characters without white space."""
    text = json.dumps([p["PolicyDocument"] for p in deploy_role_policies()], separators=(",", ":"))
    for name, value in (("AWS::Partition", "aws"), ("AWS::Region", "ap-southeast-2"), ("AWS::AccountId", "1" * 12)):
        text = text.replace("${" + name + "}", value)
    text = re.sub(r"\$\{\w+\}", "x" * 32, text)
    assert len(text) < 10_240, len(text)


def test_the_deploy_role_of_services_is_the_policy_of_dagster():
    template = yaml.load((parts.TEMPLATES / "deploy-role.yaml").read_text(), Loader)
    document = template["Resources"]["ServicesPolicy"]["Properties"]["PolicyDocument"]
    text = json.dumps(document)
    for name, key in (("AWS::Partition", "aws"), ("AWS::Region", "{AWS_REGION}"), ("AWS::AccountId", "{AWS_ACCOUNT_ID}"),
                      ("TaskStackName", "{STACK_NAME}"), ("RepositoryName", "{IMAGE_NAME}"), ("BucketName", "{S3_BUCKET}")):
        text = text.replace("${" + name + "}", key)
    assert json.loads(text)["Statement"] == permissions.policy("dagster")["Statement"]


# --- in use ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def enforcing(tmp_path_factory):
    with enforcing_aws(tmp_path_factory.mktemp("enforcing")) as url:
        yield url


@pytest.fixture(scope="session")
def enforcing_judge(enforcing, worker_name):
    models.preload()
    with Judge(enforcing, record=RECORDS / f"requests-enforcing-{worker_name}.jsonl") as judge:
        yield judge


@pytest.fixture
def guarded(tmp_path, fgctl_binary, enforcing, enforcing_judge, request):
    enforcing_judge.label = request.node.nodeid
    project = Guarded(tmp_path, fgctl_binary, enforcing_judge, enforcing)
    try:
        yield project
    finally:
        project.clean_up()
        enforcing_judge.settle()
        enforcing_judge.label = None


@pytest.fixture
def standing(guarded):
    """A task stack on `busybox:local` that the root made."""
    guarded.set(SUBNETS="subnet-0a", SECURITY_GROUPS="sg-0a")
    parts.create(guarded, guarded.stack, TASK_STACK, ImageUri=parts.IMAGE)
    return guarded


def refuse(project, groups, action, *command):
    """Without one action of the policies the command is refused, and says by what."""
    project.act_as(*groups, without=action)
    result = project.fgctl(*command)
    assert result.code not in (0, 64, 65), result
    assert re.search(rf"not authorized to perform: {re.escape(action)} on resource: \S+", result.err), result
    return result


def test_images(guarded):
    guarded.act_as("images")
    guarded.fgctl("docker-build", "0.1").expect(0)
    guarded.fgctl("docker-push", "0.1").expect(0)
    guarded.fgctl("docker-promote", "0.1", "1.0").expect(0)
    assert "hello from" in guarded.fgctl("docker-run", "0.1").expect(0).out
    guarded.fgctl("docker-build", "0.3").expect(0)
    refuse(guarded, ["images"], "ecr:GetAuthorizationToken", "docker-push", "0.3")
    refuse(guarded, ["images"], "ecr:DescribeImages", "docker-build")
    refuse(guarded, ["images"], "ecr:PutImage", "docker-promote", "0.1", "2.0")
    composing.start(guarded)
    composing.make_repositories(guarded)
    guarded.fgctl("compose-build").expect(0)
    refuse(guarded, ["images"], "ecr:DescribeRepositories", "compose-push")
    guarded.act_as("images")
    guarded.fgctl("compose-push").expect(0)


def test_network(guarded):
    refuse(guarded, ["network"], "ec2:CreateTags", "cf-create-vpc")
    guarded.act_as("network")
    guarded.fgctl("cf-create-vpc").expect(0)
    guarded.set(TAGS="team=data")
    assert "updated" in guarded.fgctl("cf-update-vpc").expect(0).err
    refuse(guarded, ["network"], "ec2:DeleteVpc", "cf-delete-vpc", "--yes")
    guarded.act_as("network")
    guarded.fgctl("cf-delete-vpc", "--yes").expect(0)
    assert parts.status_of(guarded, guarded.parent_stack) is None


def test_network_of_others_is_safe(guarded):
    """What another stack made bears another tag: the policy does not reach it."""
    ec2 = guarded.boto3("ec2")
    other = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    guarded.on_cleanup("vpc", lambda: ec2.delete_vpc(VpcId=other))
    guarded.act_as("network")
    mine = guarded.own("ec2")
    with pytest.raises(mine.exceptions.ClientError, match="ec2:CreateTags"):
        mine.create_tags(Resources=[other], Tags=[{"Key": "fgctl:stack", "Value": guarded.parent_stack}])
    with pytest.raises(mine.exceptions.ClientError, match="ec2:DeleteVpc"):
        mine.delete_vpc(VpcId=other)


def test_stacks(guarded):
    parts.put_image(guarded, "0.1", "0.2")
    guarded.set(SUBNETS="subnet-0a", SECURITY_GROUPS="sg-0a", S3_BUCKET=guarded.bucket)
    for action in ("iam:PassRole", "iam:CreateRole", "cloudformation:ExecuteChangeSet", "cloudformation:TagResource"):
        refuse(guarded, ["stacks"], action, "cf-create-stack", "0.1")
        guarded.act_as_root()
        guarded.fgctl("cf-delete-stack", "--yes").expect(0)
    guarded.act_as("stacks")
    guarded.fgctl("cf-render", "0.1").expect(0)
    guarded.fgctl("cf-create-stack", "0.1").expect(0)
    guarded.act_as_root()
    guarded.fgctl("schedule-create", "nightly", "0 0 * * ? *").expect(0)
    guarded.fgctl("schedule-create", "weekly", "0 0 ? * 1 *", "--engine", "rule").expect(0)
    guarded.act_as("stacks")
    updated = guarded.fgctl("cf-update-stack", "0.2").expect(0)
    assert "may not" not in updated.err and "not authorized" not in updated.err
    guarded.set(TAGS="team=data")
    refuse(guarded, ["stacks"], "ecs:UpdateCluster", "cf-update-stack")
    guarded.act_as("stacks")
    assert "updated" in guarded.fgctl("cf-update-stack").expect(0).err
    for command in ("cf-status", "cf-events", "cf-diagnose"):
        assert "not authorized" not in guarded.fgctl(command).expect(0).err
    refuse(guarded, ["stacks"], "ecs:DeleteCluster", "cf-delete-stack", "--yes")
    guarded.act_as("stacks")
    guarded.fgctl("cf-delete-stack", "--yes").expect(0)
    assert parts.status_of(guarded) is None


def test_a_large_template_goes_through_the_bucket(guarded):
    parts.put_image(guarded, "0.1")
    guarded.boto3("s3").create_bucket(Bucket=guarded.bucket)
    guarded.set(SUBNETS="subnet-0a", SECURITY_GROUPS="sg-0a")
    guarded.write("large.yaml", TASK_STACK + "# a line of a template that is large\n" * 1500)
    create = ("cf-create-stack", "0.1", "--template", "large.yaml")
    refuse(guarded, ["stacks"], "s3:PutObject", *create)
    guarded.act_as("stacks")
    guarded.fgctl(*create).expect(0)
    [stored] = guarded.boto3("s3").list_objects_v2(Bucket=guarded.bucket)["Contents"]
    assert stored["Key"].startswith(f"{guarded.stack}/templates/")


def test_tasks(standing):
    s3 = standing.boto3("s3")
    s3.create_bucket(Bucket=standing.bucket)
    standing.act_as("tasks")
    standing.fgctl("ecs-run-task", "--command", 'sh -c "echo hi; exit 7"').expect(7)
    run = ("ecs-run-task", "--run-id", "one", "--command", 'sh -c "exit 5"')
    standing.fgctl(*run).expect(5)
    assert "recorded verdict" in standing.fgctl(*run).expect(5).err
    stays = "sh -c 'trap exit TERM; sleep 600 & wait'"
    arn = standing.fgctl("ecs-run-task", "--no-wait", "--command", stays).expect(0).out.strip().splitlines()[-1]
    assert arn in standing.fgctl("ecs-list-tasks", "--output", "json").expect(0).out
    standing.fgctl("ecs-wait-task", arn, "--poke").expect(99)
    standing.fgctl("ecs-stop-task", arn).expect(0)
    assert "hi" in standing.fgctl("ecs-logs").expect(0).out
    for action in ("ecs:RunTask", "ecs:TagResource", "iam:PassRole", "ecs:DescribeTasks", "ecs:DescribeTaskDefinition"):
        refuse(standing, ["tasks"], action, "ecs-run-task", "--command", "true")
    refuse(standing, ["tasks"], "s3:PutObject", "ecs-run-task", "--run-id", "two", "--command", "true")
    refuse(standing, ["tasks"], "ecs:ListTasks", "ecs-list-tasks")


def test_tasks_of_others_are_safe(standing):
    """A neighbour whose name begins with the stack's is another stack."""
    cluster = f"{standing.stack}2"
    ecs = standing.boto3("ecs")
    ecs.create_cluster(clusterName=cluster)
    standing.on_cleanup("cluster", lambda: ecs.delete_cluster(cluster=cluster))
    standing.act_as("tasks")
    result = standing.fgctl("ecs-list-tasks", "--set", f"ECS_CLUSTER={cluster}")
    assert result.code == 1 and "not authorized to perform: ecs:ListTasks" in result.err, result


def test_schedules(standing):
    standing.act_as("schedules")
    standing.fgctl("schedule-create", "job", "0 0 * * ? *").expect(0)
    for command in ("disable", "enable"):
        standing.fgctl(f"schedule-{command}", "job").expect(0)
    standing.fgctl("schedule-run", "job").expect(0)
    standing.fgctl("schedule-create", "old", "0 0 ? * 1 *", "--engine", "rule").expect(0)
    for command in ("disable", "enable"):
        standing.fgctl(f"schedule-{command}", "old", "--engine", "rule").expect(0)
    listed = standing.fgctl("schedule-list").expect(0)
    assert "not authorized" not in listed.err and "can't look into" not in listed.err
    standing.fgctl("schedule-remove", "old", "--engine", "rule", "--yes").expect(0)
    standing.fgctl("schedule-remove", "job", "--yes").expect(0)
    standing.fgctl("schedule-next", "0 0 * * ? *").expect(0)
    for action in ("scheduler:CreateSchedule", "iam:PassRole", "scheduler:GetSchedule"):
        refuse(standing, ["schedules"], action, "schedule-create", "job", "0 0 * * ? *")
    for action in ("events:PutRule", "events:PutTargets", "iam:PassRole"):
        refuse(standing, ["schedules"], action, "schedule-create", "old", "0 0 ? * 1 *", "--engine", "rule")
        standing.act_as_root()
        standing.fgctl("schedule-remove", "old", "--engine", "rule", "--yes")


def test_dagster(guarded):
    """Base and services in the rights of `stacks` and `dagster` together, from nothing to nothing."""
    groups = ("stacks", "dagster")
    base = f"{guarded.stack}-base"
    secret = guarded.boto3("secretsmanager").create_secret(Name=f"{guarded.stack}-db", SecretString='{"password": "x"}')["ARN"]
    cloudformation = guarded.boto3("cloudformation")
    guarded.on_cleanup("base", lambda: cloudformation.delete_stack(StackName=base))
    guarded.set(TEMPLATE="dagster", S3_BUCKET=guarded.bucket, DATABASE_HOST="db.example", DATABASE_SECRET_ARN=secret)
    # The base makes the bucket.
    guarded.fgctl("cf-create-vpc", "--set", "S3_BUCKET=").expect(0)
    for action in ("ecr:CreateRepository", "s3:CreateBucket", "servicediscovery:CreatePrivateDnsNamespace", "ec2:CreateSecurityGroup"):
        refuse(guarded, groups, action, "cf-create-stack", "0.1")
        guarded.act_as_root()
        guarded.fgctl("cf-delete-stack", "--yes").expect(0)
    guarded.act_as(*groups)
    refused = guarded.fgctl("cf-create-stack", "0.1").expect(1)
    assert parts.status_of(guarded, base) == "CREATE_COMPLETE", refused
    # The bucket admits TLS only, and local AWS has none.
    guarded.boto3("s3").delete_bucket_policy(Bucket=guarded.bucket)
    assert "missing: image" in guarded.fgctl("cf-create-stack", "0.1").expect(1).err
    put_images(guarded, "0.1", "0.2")
    put_images(guarded, "0.1.0", parts=("fgctl",))
    point_config(guarded)
    for action in ("ecs:CreateService", "elasticloadbalancing:CreateLoadBalancer", "logs:CreateLogGroup"):
        refuse(guarded, groups, action, "cf-create-stack", "0.1")
        guarded.act_as_root()
        guarded.fgctl("cf-delete-stack", "--yes", "--keep-base").expect(0)
    guarded.act_as(*groups)
    guarded.fgctl("cf-create-stack", "0.1").expect(0)
    guarded.fgctl("cf-update-stack", "0.2", "--yes").expect(0)
    for command in (("cf-status",), ("cf-render", "0.2"), ("cf-render", "--base")):
        assert "not authorized" not in guarded.fgctl(*command).expect(0).err
    refuse(guarded, groups, "ecs:DeleteService", "cf-delete-stack", "--yes")
    guarded.act_as(*groups)
    guarded.fgctl("cf-delete-stack", "--yes").expect(0)
    assert (parts.status_of(guarded), parts.status_of(guarded, base)) == (None, None)


def test_services(standing):
    ecs, name = standing.boto3("ecs"), f"web-{standing.suffix}"
    ecs.register_task_definition(
        family=standing.stack, requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
        containerDefinitions=[{"name": "web", "image": parts.IMAGE, "command": [
            "sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.2; done"]}])
    ecs.create_service(
        cluster=standing.stack, serviceName=name, taskDefinition=standing.stack, desiredCount=1, launchType="FARGATE",
        networkConfiguration=NETWORK)
    standing.on_cleanup("service", lambda: ecs.delete_service(cluster=standing.stack, service=name, force=True))
    standing.act_as("services")
    done = standing.fgctl("update-service", name).expect(0)
    assert "not authorized" not in done.err
    assert "settled" in standing.fgctl("service-status").expect(0).out
    for action in ("ecs:UpdateService", "ecs:DescribeServices"):
        refuse(standing, ["services"], action, "update-service", name)


def test_no_rights_at_all(guarded):
    guarded.act_as()
    assert guarded.fgctl("whoami", "--output", "json").expect(0).json["account"] == ACCOUNT
    result = guarded.fgctl("cf-status")
    assert result.code == 1 and "AccessDenied" in result.err, result


def doctors_permissions(project):
    report = project.fgctl("doctor", "--output", "json").expect(0).json
    return {c["check"].removeprefix("permissions "): c for c in report["checks"] if c["check"].startswith("permissions")}


def test_doctor_says_what_each_group_lacks(guarded):
    """Each group's policy is found to suffice for the group, and an action taken away is named."""
    guarded.set(S3_BUCKET=guarded.bucket)
    for group in permissions.GROUPS:
        guarded.act_as(*{group, "setup"})
        found = doctors_permissions(guarded)
        assert list(found) == list(permissions.GROUPS), found
        assert found[group]["status"] == "ok", found[group]
        denied = {one["action"] for c in found.values() for one in c.get("denied", ())}
        assert denied, "no policy suffices for all groups"
    guarded.act_as("tasks", "setup", without="ecs:RunTask")
    tasks = doctors_permissions(guarded)["tasks"]
    assert (tasks["status"], tasks["detail"]) == ("warn", "denied: ecs:RunTask")
    assert [one["resource"].rpartition("/")[2] for one in tasks["denied"]] == [f"{guarded.stack}:*"]
    assert "docs/permissions.md" in tasks["advice"]


def test_doctor_without_the_right_to_ask(guarded):
    arn = guarded.act_as("tasks")
    found = doctors_permissions(guarded)
    assert list(found) == ["permissions"]
    assert found["permissions"]["status"] == "unknown"
    assert f"allow iam:SimulatePrincipalPolicy on {arn}" in found["permissions"]["advice"]
    assert "docs/permissions.md" in found["permissions"]["advice"]


def test_doctor_of_a_role_with_a_path(guarded):
    """A session's ARN leaves the path out."""
    iam, name = guarded.boto3("iam"), f"{guarded.stack}-role"
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
    role = iam.create_role(RoleName=name, Path="/ops/", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    assert "/ops/" in role
    guarded.on_cleanup("role", lambda: iam.delete_role(RoleName=name))
    for group in ("setup", "images"):
        document = permissions.filled(permissions.policy(group), guarded.names)
        iam.put_role_policy(RoleName=name, PolicyName=group, PolicyDocument=document)
        guarded.on_cleanup(group, lambda group=group: iam.delete_role_policy(RoleName=name, PolicyName=group))
    keys = guarded.boto3("sts").assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
    guarded.use(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    mark = guarded.judge.mark()
    found = doctors_permissions(guarded)
    assert (found["images"]["status"], found["tasks"]["status"]) == ("ok", "warn")
    assert guarded.judge.requests("iam", "GetRole", since=mark)


def test_the_deploy_role_runs_the_main_job(guarded):
    """Made by whoever may, assumed with its external id by whoever may, it takes an image to a schedule and back."""
    refuse(guarded, ["deploy-role"], "iam:CreatePolicy", "cf-create-deploy-role", "--principal", ACCOUNT)
    guarded.act_as("deploy-role")
    guarded.fgctl("cf-create-deploy-role", "--principal", ACCOUNT).expect(0)
    guarded.fgctl("cf-create-deploy-role", "--update", "--external-id", "nightly-7f3a").expect(0)
    outputs = parts.outputs_of(guarded, f"fgctl-deploy-{guarded.stack}")
    assert outputs["ExternalId"] == "nightly-7f3a"
    cloudformation = guarded.boto3("cloudformation")
    guarded.on_cleanup("deploy role", lambda: cloudformation.delete_stack(StackName=f"fgctl-deploy-{guarded.stack}"))
    guarded.set(PERMISSIONS_BOUNDARY=outputs["PermissionsBoundary"])

    refuse(guarded, ["setup"], "sts:AssumeRole", "assume-role", outputs["RoleArn"])
    guarded.act_as("setup")
    guessed = guarded.fgctl("assume-role", outputs["RoleArn"], "--external-id", "guessed-by-me").expect(1)
    assert "not authorized to perform: sts:AssumeRole" in guessed.err
    keys = guarded.fgctl(
        "assume-role", outputs["RoleArn"], "--external-id", outputs["ExternalId"], "--output", "json").expect(0).json
    guarded.use(keys["accessKeyId"], keys["secretAccessKey"], keys["sessionToken"])

    for command in (
        ("docker-build", "0.1"), ("docker-push", "0.1"), ("cf-create-vpc",), ("cf-create-stack", "0.1"),
        ("ecs-run-task",), ("schedule-create", "0 0 * * ? *"), ("schedule-list",), ("schedule-disable",),
        ("cf-status",), ("cf-events",), ("cf-diagnose",), ("ecs-logs",), ("docker-promote", "0.1", "0.2"), ("cf-update-stack", "0.2"),
        ("schedule-remove", "--yes"), ("cf-delete-stack", "--yes"), ("cf-delete-vpc", "--yes"),
    ):
        result = guarded.fgctl(*command).expect(0)
        assert "not authorized" not in result.err, result
    assert parts.status_of(guarded) is None and parts.status_of(guarded, guarded.parent_stack) is None


def test_the_deploy_role_runs_dagster(guarded):
    """From nothing to services and back, their roles within the boundary."""
    base = f"{guarded.stack}-base"
    secret = guarded.boto3("secretsmanager").create_secret(Name=f"{guarded.stack}/db", SecretString='{"password": "x"}')["ARN"]
    guarded.set(TEMPLATE="dagster", S3_BUCKET=guarded.bucket, DATABASE_HOST="db.example", DATABASE_SECRET_ARN=secret)
    guarded.act_as("deploy-role")
    guarded.fgctl("cf-create-deploy-role", "--principal", ACCOUNT).expect(0)
    outputs = parts.outputs_of(guarded, f"fgctl-deploy-{guarded.stack}")
    cloudformation = guarded.boto3("cloudformation")
    guarded.on_cleanup("deploy role", lambda: cloudformation.delete_stack(StackName=f"fgctl-deploy-{guarded.stack}"))
    guarded.on_cleanup("base", lambda: cloudformation.delete_stack(StackName=base))
    guarded.set(PERMISSIONS_BOUNDARY=outputs["PermissionsBoundary"])
    guarded.act_as("setup")
    keys = guarded.fgctl(
        "assume-role", outputs["RoleArn"], "--external-id", outputs["ExternalId"], "--output", "json").expect(0).json
    guarded.use(keys["accessKeyId"], keys["secretAccessKey"], keys["sessionToken"])
    guarded.fgctl("cf-create-vpc", "--set", "S3_BUCKET=").expect(0)
    guarded.fgctl("cf-create-stack", "0.1").expect(1)
    assert parts.status_of(guarded, base) == "CREATE_COMPLETE"
    # The bucket admits TLS only, and local AWS has none.
    guarded.boto3("s3").delete_bucket_policy(Bucket=guarded.bucket)
    put_images(guarded, "0.1", "0.2")
    put_images(guarded, "0.1.0", parts=("fgctl",))
    point_config(guarded)
    for command in (("cf-create-stack", "0.1"), ("cf-update-stack", "0.2", "--yes"), ("cf-status",)):
        assert "not authorized" not in guarded.fgctl(*command).expect(0).err
    # What the launcher needs lies within the boundary.
    launcher, iam = parts.outputs_of(guarded)["LauncherRoleArn"], guarded.boto3("iam")
    for action, resource in (
            ("ecs:RegisterTaskDefinition", f"arn:aws:ecs:us-east-1:{ACCOUNT}:task-definition/run_a"),
            ("ecs:StopTask", f"arn:aws:ecs:us-east-1:{ACCOUNT}:task/{guarded.stack}/1"),
            ("ecs:DescribeTaskDefinition", "*"), ("ec2:DescribeNetworkInterfaces", "*"),
            ("logs:GetLogEvents", f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/ecs/{guarded.stack}/daemon:log-stream:a"),
            ("s3:GetObject", f"arn:aws:s3:::{guarded.bucket}/{guarded.stack}/config/current.json")):
        answer = iam.simulate_principal_policy(
            PolicySourceArn=launcher, ActionNames=[action], ResourceArns=[resource])
        assert answer["EvaluationResults"][0]["EvalDecision"] == "allowed", action
    assert "not authorized" not in guarded.fgctl("cf-delete-stack", "--yes").expect(0).err


def test_the_deploy_role_makes_no_role_without_the_boundary(guarded):
    guarded.act_as("deploy-role")
    guarded.fgctl("cf-create-deploy-role", "--principal", ACCOUNT).expect(0)
    outputs = parts.outputs_of(guarded, f"fgctl-deploy-{guarded.stack}")
    cloudformation = guarded.boto3("cloudformation")
    guarded.on_cleanup("deploy role", lambda: cloudformation.delete_stack(StackName=f"fgctl-deploy-{guarded.stack}"))
    guarded.act_as("setup")
    keys = guarded.fgctl(
        "assume-role", outputs["RoleArn"], "--external-id", outputs["ExternalId"], "--output", "json").expect(0).json
    guarded.use(keys["accessKeyId"], keys["secretAccessKey"], keys["sessionToken"])
    parts.put_image(guarded, "0.1")
    guarded.fgctl("cf-create-vpc").expect(0)
    result = guarded.fgctl("cf-create-stack", "0.1").expect(1)
    assert "not authorized to perform: iam:CreateRole" in result.err
