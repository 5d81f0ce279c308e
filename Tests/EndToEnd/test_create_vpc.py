"""cf-create-vpc: the network stack and its bucket."""

import pytest
from harness import wait_until
from parts import outputs_of, own_seconds, stack_of, status_of


def delete_stack(project, name):
    project.boto3("cloudformation").delete_stack(StackName=name)
    wait_until("the stack deleted", lambda: status_of(project, name) in (None, "DELETE_COMPLETE"))


def test_create_and_again(project, judge):
    project.write_env(VPC_CIDR="10.7.0.0/16", TAGS="team=data")
    result = project.fgctl("cf-create-vpc").expect(0)
    outputs = outputs_of(project, project.parent_stack)
    assert dict(line.split(" = ") for line in result.out.splitlines()) == outputs
    ec2 = project.boto3("ec2")
    [vpc] = ec2.describe_vpcs(VpcIds=[outputs["VpcId"]])["Vpcs"]
    assert vpc["CidrBlock"] == "10.7.0.0/16"
    subnets = ec2.describe_subnets(SubnetIds=outputs["SubnetIds"].split(","))["Subnets"]
    assert len({subnet["AvailabilityZone"] for subnet in subnets}) == 2
    assert {subnet["CidrBlock"] for subnet in subnets} == {"10.7.0.0/24", "10.7.1.0/24"}
    [group] = ec2.describe_security_groups(GroupIds=[outputs["SecurityGroupId"]])["SecurityGroups"]
    assert group["IpPermissions"] == []
    s3 = project.boto3("s3")
    assert outputs["BucketName"] == project.bucket
    assert all(s3.get_public_access_block(Bucket=project.bucket)["PublicAccessBlockConfiguration"].values())
    assert s3.get_bucket_encryption(Bucket=project.bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    tags = {tag["Key"]: tag["Value"] for tag in stack_of(project, project.parent_stack)["Tags"]}
    assert tags == {"fgctl:stack": project.parent_stack, "fgctl:env": "default", "team": "data"}

    # Progress: who acts where, the changes, the events.
    lines = result.err.splitlines()
    announced = f"create network stack: account 000000000000, region us-east-1, stack {project.parent_stack}"
    assert lines[0].startswith(announced)
    assert any("+ Vpc (AWS::EC2::VPC)" in line for line in lines)
    assert any("CREATE_COMPLETE AWS::EC2::VPC Vpc" in line for line in lines)
    assert lines[-1] == f"stack {project.parent_stack} created"

    mark = judge.mark()
    again = project.fgctl("cf-create-vpc").expect(0)
    assert "is already as asked; nothing was changed" in again.err
    assert again.out == result.out
    assert own_seconds(judge, mark) < 2
    assert judge.requests(since=mark, mutating=True) == []

    report = project.fgctl("cf-create-vpc", "--output", "json").expect(0).json
    assert (report["name"], report["status"]) == (project.parent_stack, "CREATE_COMPLETE")
    assert report["outputs"] == outputs

    changed = project.fgctl("cf-create-vpc", "--set", "VPC_CIDR=10.8.0.0/16").expect(1)
    assert "VpcCidr: 10.7.0.0/16 -> 10.8.0.0/16" in changed.err
    assert "fgctl cf-update-stack" in changed.err or "fgctl cf-update-vpc" in changed.err
    assert judge.requests(since=mark, mutating=True) == []


def test_a_retained_bucket_is_used_again(project, judge):
    project.fgctl("cf-create-vpc").expect(0)
    project.boto3("s3").put_object(Bucket=project.bucket, Key="kept", Body=b"of worth")
    delete_stack(project, project.parent_stack)
    assert project.boto3("s3").head_bucket(Bucket=project.bucket)
    result = project.fgctl("cf-create-vpc").expect(0)
    assert f"bucket {project.bucket} exists in this account: it is used as it is" in result.err
    assert outputs_of(project, project.parent_stack)["BucketName"] == project.bucket
    assert project.boto3("s3").get_object(Bucket=project.bucket, Key="kept")["Body"].read() == b"of worth"
    mark = judge.mark()
    project.fgctl("cf-create-vpc").expect(0)
    assert judge.requests(since=mark, mutating=True) == []


def test_a_bucket_of_somebody_else(project, judge):
    judge.inject("s3", "HeadBucket", status=403, body=b"")
    result = project.fgctl("cf-create-vpc").expect(1)
    assert f"bucket {project.bucket} exists and belongs to another account" in result.err
    assert "choose another S3_BUCKET" in result.err
    assert judge.requests(label=judge.label, mutating=True) == []
    [head] = judge.requests("s3", "HeadBucket", label=judge.label)
    assert head.header("x-amz-expected-bucket-owner") == "000000000000"
    assert stack_of(project, project.parent_stack) is None


def test_a_bucket_of_another_region(project, judge):
    judge.inject("s3", "HeadBucket", status=301, body=b"", headers={"x-amz-bucket-region": "eu-west-1"})
    result = project.fgctl("cf-create-vpc").expect(1)
    assert f"bucket {project.bucket} exists in another region" in result.err
    assert judge.requests(label=judge.label, mutating=True) == []


def test_without_a_bucket(project):
    project.write_env(S3_BUCKET=None)
    project.fgctl("cf-create-vpc").expect(0)
    assert "BucketName" not in outputs_of(project, project.parent_stack)


@pytest.mark.parametrize(("keys", "code", "said"), [
    ({"VPC_CIDR": "10.0.0.0/8"}, 64, "parameter VpcCidr (env/default:10): '10.0.0.0/8'"),
    ({"VPC_CIDR": "house"}, 64, "must be an IPv4 range"),
    ({"VPC_CIDR": "10.0.0.999/16"}, 64, "VpcCidr"),
    ({"S3_BUCKET": "Not_A_Bucket"}, 65, "env/default:8: S3_BUCKET 'Not_A_Bucket' can't name a bucket"),
    ({"PARENT_STACK_NAME": "9lives"}, 65, "env/default:7: PARENT_STACK_NAME '9lives' can't name a stack"),
    ({"TAGS": "team"}, 65, "env/default:10: TAGS"),
    ({"TAGS": "aws:team=x"}, 65, "reserved"),
    ({"PARENT_TEMPLATE": "none.yaml"}, 65, "none.yaml: there is no such template file"),
])
def test_bad_input_is_refused_before_any_call(project, judge, keys, code, said):
    project.write_env(**keys)
    result = project.fgctl("cf-create-vpc").expect(code)
    assert said in result.err
    assert result.out == ""
    assert judge.requests(label=judge.label) == []


def test_dry_run_changes_nothing(project, judge):
    result = project.fgctl("cf-create-vpc", "--dry-run", "--output", "json").expect(0)
    plan = result.json
    assert (plan["stack"], plan["action"]) == (project.parent_stack, "create")
    assert plan["parameters"] == {"BucketName": project.bucket, "CreateBucket": "true"}
    assert "AWS::EC2::VPC" in plan["templateBody"]
    assert "dry run" in result.err
    assert judge.requests(label=judge.label, mutating=True) == []
    assert stack_of(project, project.parent_stack) is None
