"""Genuine clients have no fault: boto3 for each protocol, and the AWS CLI."""

import io
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from raw import PATIENCE


def answer(received):
    """Enough of an answer that botocore can read it."""
    head = received.head
    if "x-amz-target" in head.names or "/scheduler/" in (head.get("authorization") or ""):
        return 200, {"Content-Type": "application/x-amz-json-1.1"}, b"{}"
    if b"Action=" in received.content:
        name = re.search(rb"Action=(\w+)", received.content)[1].decode()
        return 200, {"Content-Type": "text/xml"}, f"<{name}Response><{name}Result/></{name}Response>".encode()
    return 200, {"Content-Type": "application/xml"}, b""


@pytest.fixture
def client(judge, upstream):
    upstream.answer = answer

    def make(service, **config):
        return boto3.client(
            service, endpoint_url=judge.url, region_name="us-east-1", aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}, **config))
    return make


def seen(judge):
    assert [str(fault) for _, fault in judge.faults] == []
    return [(request.service, request.operation) for request in judge.requests()]


def test_json(judge, client):
    client("ecs").run_task(
        cluster="c", taskDefinition="t:1", count=2, launchType="FARGATE",
        overrides={"containerOverrides": [{"name": "a", "environment": [{"name": "ä", "value": "ö 😀"}]}]},
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["s"], "assignPublicIp": "ENABLED"}})
    client("ssm").put_parameter(Name="/a/b", Value="v", Type="SecureString")
    client("logs").get_log_events(logGroupName="/ecs/a", logStreamName="x/y/z", startTime=1, startFromHead=True)
    client("stepfunctions").start_execution(
        stateMachineArn="arn:aws:states:us-east-1:000000000000:stateMachine:a", name="n", input="{}")
    client("secretsmanager").create_secret(Name="a", SecretString="hidden")
    client("cloudwatch").put_metric_data(Namespace="a", MetricData=[{"MetricName": "m", "Value": 1.5}])
    client("ecr").put_image(repositoryName="a/b", imageManifest="{}", imageTag="0.1")
    client("events").put_rule(Name="r", ScheduleExpression="rate(1 hour)", Tags=[{"Key": "a", "Value": "b"}])
    assert seen(judge) == [
        ("ecs", "RunTask"), ("ssm", "PutParameter"), ("logs", "GetLogEvents"), ("stepfunctions", "StartExecution"),
        ("secretsmanager", "CreateSecret"), ("cloudwatch", "PutMetricData"), ("ecr", "PutImage"),
        ("events", "PutRule")]


def test_query_and_ec2(judge, client):
    client("cloudformation").create_change_set(
        StackName="a", ChangeSetName="c", ChangeSetType="CREATE", TemplateBody="{\n \"ä\": 1}",
        Parameters=[{"ParameterKey": "K", "ParameterValue": "a b+c"}, {"ParameterKey": "L", "UsePreviousValue": True}],
        Tags=[{"Key": "k", "Value": "v"}], Capabilities=["CAPABILITY_IAM"])
    client("sts").get_caller_identity()
    client("iam").create_role(RoleName="r", AssumeRolePolicyDocument='{"Version": "2012-10-17"}')
    attributes = {"a": {"DataType": "String", "StringValue": "b"}}
    client("sns").publish(TopicArn="t", Message="m", MessageAttributes=attributes)
    client("rds").describe_db_instances(Filters=[{"Name": "engine", "Values": ["a", "b"]}])
    client("elbv2").describe_target_health(TargetGroupArn="a", Targets=[{"Id": "i", "Port": 80}])
    client("ec2").describe_subnets(Filters=[{"Name": "vpc-id", "Values": ["v", "w"]}], SubnetIds=["s"])
    client("ec2").create_tags(Resources=["a"], Tags=[{"Key": "k", "Value": "v"}])
    assert [operation for _, operation in seen(judge)] == [
        "CreateChangeSet", "GetCallerIdentity", "CreateRole", "Publish", "DescribeDBInstances", "DescribeTargetHealth",
        "DescribeSubnets", "CreateTags"]
    params = judge.requests(operation="CreateChangeSet")[0].params
    assert params["TemplateBody"] == "{\n \"ä\": 1}"
    assert params["Parameters"][0]["ParameterValue"] == "a b+c"
    assert judge.requests("sns")[0].params["MessageAttributes"]["a"]["StringValue"] == "b"


def test_rest_json(judge, client):
    scheduler = client("scheduler")
    target = {
        "Arn": "arn:aws:ecs:us-east-1:000000000000:cluster/c", "RoleArn": "arn:aws:iam::000000000000:role/r",
        "EcsParameters": {"TaskDefinitionArn": "arn:aws:ecs:us-east-1:000000000000:task-definition/t", "TaskCount": 1}}
    scheduler.create_schedule(
        Name="n", GroupName="g", ScheduleExpression="cron(0 0 * * ? *)", FlexibleTimeWindow={"Mode": "OFF"},
        Target=target)
    scheduler.list_schedules(GroupName="g", MaxResults=10)
    scheduler.delete_schedule(Name="n", GroupName="g")
    scheduler.tag_resource(
        ResourceArn="arn:aws:scheduler:us-east-1:000000000000:schedule-group/g", Tags=[{"Key": "a", "Value": "b"}])
    assert [operation for _, operation in seen(judge)] == [
        "CreateSchedule", "ListSchedules", "DeleteSchedule", "TagResource"]


def test_rest_xml(judge, client):
    s3 = client("s3")
    s3.create_bucket(Bucket="bucket", ObjectLockEnabledForBucket=True)
    s3.put_object(Bucket="bucket", Key="a/ä b+c~(1)'*", Body=b"hello", Metadata={"one": "1"}, ContentType="text/plain")
    s3.put_object(Bucket="bucket", Key="file", Body=io.BytesIO(b"x" * 200_000), ChecksumAlgorithm="SHA256")
    s3.list_objects_v2(Bucket="bucket", Prefix="a/ä b", Delimiter="/", ContinuationToken="x+/=")
    s3.delete_objects(Bucket="bucket", Delete={"Objects": [{"Key": "a & b"}], "Quiet": True})
    s3.put_bucket_lifecycle_configuration(
        Bucket="bucket", LifecycleConfiguration={"Rules": [
            {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "a"}, "Expiration": {"Days": 1}}]})
    s3.put_bucket_encryption(
        Bucket="bucket", ServerSideEncryptionConfiguration={"Rules": [
            {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]})
    s3.head_object(Bucket="bucket", Key="k")
    assert [operation for _, operation in seen(judge)] == [
        "CreateBucket", "PutObject", "PutObject", "ListObjectsV2", "DeleteObjects", "PutBucketLifecycleConfiguration",
        "PutBucketEncryption", "HeadObject"]
    assert judge.requests()[1].params["Key"] == "a/ä b+c~(1)'*"


def test_presigned(judge, client):
    s3 = client("s3", signature_version="s3v4")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "a b"})
    with urllib.request.urlopen(url, timeout=PATIENCE):
        pass
    assert seen(judge) == [("s3", "GetObject")]
    with urllib.request.urlopen(url[:-1] + ("0" if url[-1] != "0" else "1"), timeout=PATIENCE):
        pass
    assert [fault.code for _, fault in judge.faults] == ["wrong-signature"]


def aws(judge, home, *arguments):
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(home), "AWS_ENDPOINT_URL": judge.url, "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1"}
    command = [sys.executable, "-m", "awscli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)


def test_awscli(judge, upstream, tmp_path):
    upstream.answer = answer
    file = Path(tmp_path / "file")
    file.write_text("content")
    for arguments in (
        ("ecs", "list-clusters"),
        ("cloudformation", "create-stack", "--stack-name", "a", "--template-body", "{}", "--tags", "Key=a,Value=b"),
        ("scheduler", "list-schedules", "--group-name", "g"),
        ("s3api", "put-object", "--bucket", "b", "--key", "k", "--body", str(file)),
        ("ec2", "describe-vpcs", "--filters", "Name=cidr,Values=10.0.0.0/16"),
    ):
        result = aws(judge, tmp_path, *arguments)
        assert result.returncode == 0, result.stderr
    assert seen(judge) == [
        ("ecs", "ListClusters"), ("cloudformation", "CreateStack"), ("scheduler", "ListSchedules"), ("s3", "PutObject"),
        ("ec2", "DescribeVpcs")]


def test_credentials_of_assume_role_are_learnt(judge, client, upstream):
    def assume(received):
        if b"AssumeRole" in received.content:
            return 200, {"Content-Type": "text/xml"}, (
                b"<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIANEW</AccessKeyId>"
                b"<SecretAccessKey>s3cr3t</SecretAccessKey><SessionToken>tok+en</SessionToken>"
                b"<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>")
        return answer(received)
    upstream.answer = assume
    arn = "arn:aws:iam::000000000000:role/r"
    given = client("sts").assume_role(RoleArn=arn, RoleSessionName="session")["Credentials"]
    boto3.client(
        "ecs", endpoint_url=judge.url, region_name="us-east-1", aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"], aws_session_token=given["SessionToken"]).list_clusters()
    assert seen(judge) == [("sts", "AssumeRole"), ("ecs", "ListClusters")]
