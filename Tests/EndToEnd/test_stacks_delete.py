"""cf-delete-stack and cf-delete-vpc: what goes, what stays, what is asked, and creating again afterwards."""

import pytest
from harness import wait_until
from parts import IMAGE, TEMPLATES, create, outputs_of, put_image, stack_of, status_of

NETWORK = {"SUBNETS": "subnet-0a,subnet-0b", "SECURITY_GROUPS": "sg-0a"}

# A network that can't be deleted while it has a subnet of somebody else.
LIKE_A_VPC = """Resources:
  Net:
    Type: AWS::EC2::VPC
    Properties:
      CidrBlock: 10.77.0.0/16
  Topic:
    Type: AWS::SNS::Topic
"""


def log_group(project):
    found = project.boto3("logs").describe_log_groups(logGroupNamePrefix=f"/ecs/{project.stack}")["logGroups"]
    return [group["logGroupName"] for group in found]


def running(project):
    ecs = project.boto3("ecs")
    arns = ecs.list_tasks(cluster=project.stack)["taskArns"]
    return [t["taskArn"] for t in ecs.describe_tasks(cluster=project.stack, tasks=arns)["tasks"]
            if t["lastStatus"] == "RUNNING"] if arns else []


@pytest.fixture
def standing(project):
    """A task stack with a schedule, made from the template with an image that is there."""
    project.write_env(**NETWORK)
    create(project, project.stack, (TEMPLATES / "task.yaml").read_text(), ImageUri=IMAGE)
    # Neither is due while the test runs, be it at midnight.
    project.fgctl("schedule-create", "nightly", "0 0 1 1 ? 2190").expect(0)
    project.fgctl("schedule-create", "weekly", "0 0 1 7 ? 2190", "--engine", "rule").expect(0)
    return project


def test_delete_takes_everything_down_in_order(standing, judge):
    project = standing
    task = project.fgctl("ecs-run-task", "--no-wait", "--command", "sleep 300").expect(0).out.strip()
    wait_until("the task", lambda: task in running(project))
    mark = judge.mark()
    plan = project.fgctl("cf-delete-stack", "--dry-run", "--output", "json").expect(0).json
    assert (plan["schedules"], plan["tasks"], plan["logGroup"]) == (["nightly"], [task], f"/ecs/{project.stack}")
    assert plan["rules"] == ["weekly"]
    assert plan["kept"] == [f"bucket {project.bucket}"]
    refused = project.fgctl("cf-delete-stack").expect(64)
    assert f"- task {task} is stopped" in refused.err
    assert "say --yes to go on" in refused.err
    assert judge.requests(since=mark, mutating=True) == []

    result = project.fgctl("cf-delete-stack", "--yes").expect(0)
    assert [r.operation for r in judge.requests(since=mark, mutating=True)] == [
        "DisableRule", "UpdateSchedule", "StopTask", "DeleteStack", "RemoveTargets", "DeleteRule", "DeleteLogGroup"]
    for said in (f"schedule {project.stack}/nightly disabled", "stopping task ", f"stack {project.stack} deleted",
                 f"log group /ecs/{project.stack} deleted", f"bucket {project.bucket} is kept"):
        assert said in result.err
    assert stack_of(project) is None
    assert log_group(project) == []
    assert project.boto3("events").list_rules(NamePrefix=f"{project.stack}-")["Rules"] == []

    mark = judge.mark()
    again = project.fgctl("cf-delete-stack").expect(0)
    assert "there is nothing to delete" in again.err
    assert judge.requests(since=mark, mutating=True) == []


def test_kept_logs_are_used_by_the_next_stack(project):
    put_image(project, "0.1")
    project.fgctl("cf-create-stack", "0.1").expect(0)
    result = project.fgctl("cf-delete-stack", "--yes", "--keep-logs").expect(0)
    assert f"log group /ecs/{project.stack} is kept" in result.err
    assert log_group(project) == [f"/ecs/{project.stack}"]
    project.fgctl("cf-create-stack", "0.1").expect(0)
    assert outputs_of(project)["LogGroupName"] == f"/ecs/{project.stack}"
    # The group is not the stack's own any more, and goes all the same.
    project.fgctl("cf-delete-stack", "--yes").expect(0)
    assert log_group(project) == []


def test_what_is_stuck_is_named_and_can_be_left_behind(project, judge):
    create(project, project.stack, LIKE_A_VPC)
    ec2 = project.boto3("ec2")
    resources = project.boto3("cloudformation").describe_stack_resources(StackName=project.stack)["StackResources"]
    vpc = next(r["PhysicalResourceId"] for r in resources if r["LogicalResourceId"] == "Net")
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.77.0.0/24")["Subnet"]["SubnetId"]

    def remove():
        ec2.delete_subnet(SubnetId=subnet)
        ec2.delete_vpc(VpcId=vpc)

    project.on_cleanup("vpc", remove)
    failed = project.fgctl("cf-delete-stack", "--yes").expect(1)
    assert f"delete stack {project.stack}: DELETE_FAILED: Net (AWS::EC2::VPC):" in failed.err
    assert "fgctl cf-delete-stack --yes --retain Net" in failed.err
    project.write("vpc.yaml", LIKE_A_VPC)
    update = project.fgctl("cf-update-stack", "--template", "vpc.yaml").expect(1)
    assert "the stack is DELETE_FAILED: stuck on Net" in update.err
    mark = judge.mark()
    refused = project.fgctl("cf-delete-stack", "--yes", "--retain", "Topic").expect(64)
    assert "the deletion is not stuck on that" in refused.err
    assert judge.requests(since=mark, mutating=True) == []
    project.fgctl("cf-delete-stack", "--yes", "--retain", "Net").expect(0)
    assert stack_of(project) is None


def test_a_protected_stack_is_refused(project, judge):
    create(project, project.stack, LIKE_A_VPC)
    cloudformation = project.boto3("cloudformation")

    def protect(on):
        cloudformation.update_termination_protection(StackName=project.stack, EnableTerminationProtection=on)

    project.on_cleanup("protection", lambda: status_of(project) and protect(False))
    protect(True)
    assert "is protected against deletion" in project.fgctl("cf-delete-stack", "--yes").expect(1).err
    protect(False)
    assert "--retain is for a deletion that got stuck" in project.fgctl(
        "cf-delete-stack", "--yes", "--retain", "Net").expect(1).err
    assert judge.requests(label=judge.label, mutating=True) == []


def test_a_network_in_use_is_refused_with_its_users(project, judge):
    put_image(project, "0.1")
    project.fgctl("cf-create-vpc").expect(0)
    project.fgctl("cf-create-stack", "0.1").expect(0)
    mark = judge.mark()
    refused = project.fgctl("cf-delete-vpc", "--yes").expect(1)
    assert f"it is the network of {project.stack}" in refused.err
    assert judge.requests(since=mark, mutating=True) == []
    project.fgctl("cf-delete-stack", "--yes").expect(0)
    assert "say --yes" in project.fgctl("cf-delete-vpc").expect(64).err
    deleted = project.fgctl("cf-delete-vpc", "--yes").expect(0)
    assert f"bucket {project.bucket} is kept" in deleted.err
    assert stack_of(project, project.parent_stack) is None
    assert project.bucket in {b["Name"] for b in project.boto3("s3").list_buckets()["Buckets"]}
    assert "there is nothing to delete" in project.fgctl("cf-delete-vpc").expect(0).err

    created = project.fgctl("cf-create-vpc").expect(0)
    assert f"bucket {project.bucket} exists in this account: it is used as it is" in created.err
    assert status_of(project, project.parent_stack) == "CREATE_COMPLETE"
