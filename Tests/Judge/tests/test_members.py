"""The judge reads bodies back by the protocol and compares them with the model."""

import base64
import hashlib
import json

import pytest
from raw import ECS, FORM, call, ecs, form

RUN = {"taskDefinition": "t:1", "cluster": "c", "launchType": "FARGATE", "clientToken": "abc"}


def run_task(judge, **changes):
    content = {name: value for name, value in (RUN | changes).items() if value is not None}
    return ecs(judge, "RunTask", json.dumps(content))


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({}, []),
        ({"colour": "red"}, ["unknown-member"]),
        ({"taskDefinition": None}, ["missing-member"]),
        ({"count": "2"}, ["wrong-type"]),
        ({"count": True}, ["wrong-type"]),
        ({"count": 2.5}, ["wrong-type"]),
        ({"count": 1 << 31}, ["wrong-type"]),
        ({"taskDefinition": 7}, ["wrong-type"]),
        ({"launchType": "LAPTOP"}, ["bad-enum"]),
        ({"clientToken": None}, ["missing-token"]),
        ({"overrides": {"containerOverrides": [{"name": "a", "entryPoint": ["sh"]}]}}, ["unknown-member"]),
        ({"overrides": {"containerOverrides": {"name": "a"}}}, ["wrong-type"]),
        ({"networkConfiguration": {"awsvpcConfiguration": {}}}, ["missing-member"]),
        ({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["s"], "assignPublicIp": "YES"}}}, ["bad-enum"]),
    ])
def test_json(judge, changes, faults):
    assert run_task(judge, **changes) == faults


def test_not_json(judge):
    assert ecs(judge, "RunTask", "{") == ["bad-body", "missing-member", "missing-token"]
    assert "bad-body" in ecs(judge, "RunTask", '{"cluster":"a","cluster":"b","taskDefinition":"t","clientToken":"x"}')


def test_null_is_no_value(judge):
    assert ecs(judge, "ListClusters", '{"maxResults":null}') == ["wrong-type"]


def test_wrong_target(judge):
    headers = {"X-Amz-Target": "AmazonEC2ContainerService.ListClusters"}
    assert ecs(judge, "ListClusters", "{}", headers=headers) == ["wrong-target"]
    assert ecs(judge, "ListRings", "{}") == ["unknown-operation"]
    assert ecs(judge, "ListClusters", "{}", service="ecr") == ["wrong-target"]
    assert call(judge, headers={"Content-Type": "application/x-amz-json-1.1"}, content="{}") == ["wrong-target"]


def test_wrong_content_type(judge):
    for kind in ("application/json", "application/x-amz-json-1.0"):
        assert ecs(judge, "ListClusters", "{}", headers={"Content-Type": kind}) == ["wrong-content-type"]
    assert form(judge, "Action=ListStacks&Version=2010-05-15", headers={"Content-Type": "text/plain"}) == [
        "wrong-content-type"]


def test_wrong_method_and_uri(judge):
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"{ECS}.ListClusters"}
    assert call(judge, "PUT", "/", headers, "{}") == ["wrong-method"]
    assert call(judge, "POST", "/clusters", headers, "{}") == ["wrong-uri"]


V = "&Version=2010-05-15"


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        ("Action=DescribeStacks&StackName=a" + V, []),
        ("Action=DescribeStacks&StackName=a&Version=2010-05-16", ["wrong-version"]),
        ("Action=DescribeStacks&StackName=a", ["wrong-version"]),
        ("Action=DescribeStacks&Stack=a" + V, ["unknown-member"]),
        ("Action=DescribeRings" + V, ["unknown-operation"]),
        ("Action=CreateStack&TemplateBody=x" + V, ["missing-member"]),
        ("Action=CreateStack&StackName=a&DisableRollback=yes" + V, ["wrong-type"]),
        ("Action=CreateStack&StackName=a&OnFailure=PANIC" + V, ["bad-enum"]),
        ("Action=CreateStack&StackName=a&TimeoutInMinutes=0" + V, ["out-of-range"]),
        ("Action=CreateStack&StackName=a&Capabilities.member.1=CAPABILITY_IAM" + V, []),
        ("Action=CreateStack&StackName=a&Capabilities.1=CAPABILITY_IAM" + V, ["unknown-member"]),
        ("Action=CreateStack&StackName=a&Capabilities.member.0=CAPABILITY_IAM" + V, ["wrong-type"]),
        ("Action=CreateStack&StackName=a&Parameters.member.1.ParameterKey=k&Parameters.member.1.Value=v" + V,
         ["unknown-member"]),
        ("Action=CreateStack&StackName=a&StackName=b" + V, ["bad-body"]),
        ("Action=CreateChangeSet&StackName=a&ChangeSetName=1a" + V, ["bad-pattern"]),
        ("Action=CreateChangeSet&StackName=a&ChangeSetName=" + "a" * 129 + V, ["bad-length"]),
    ])
def test_query(judge, content, faults):
    assert form(judge, content) == faults


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        ("Action=DescribeSubnets&Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-1&SubnetId.1=s-1&Version=2016-11-15", []),
        ("Action=DescribeSubnets&Filters.1.Name=vpc-id&Version=2016-11-15", ["unknown-member"]),
        ("Action=DescribeSubnets&SubnetId.member.1=s-1&Version=2016-11-15", ["wrong-type"]),
        ("Action=DescribeSubnets&DryRun=1&Version=2016-11-15", ["wrong-type"]),
    ])
def test_ec2(judge, content, faults):
    assert form(judge, content, service="ec2") == faults


SCHEDULE = {
    "ScheduleExpression": "rate(1 hour)", "ClientToken": "abc", "FlexibleTimeWindow": {"Mode": "OFF"},
    "Target": {"Arn": "arn:aws:ecs:us-east-1:000000000000:cluster/c", "RoleArn": "arn:aws:iam::000000000000:role/r"},
}


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({}, []),
        ({"ClientToken": None}, ["missing-token"]),
        ({"Name": "n"}, ["unknown-member"]),
        ({"Target": None}, ["missing-member"]),
        ({"State": "ON"}, ["bad-enum"]),
        ({"StartDate": "tomorrow"}, ["wrong-type"]),
        ({"StartDate": 1800000000}, []),
        ({"GroupName": "no blanks"}, ["bad-pattern"]),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 2000}}, ["out-of-range"]),
    ])
def test_rest_json(judge, changes, faults):
    content = {name: value for name, value in (SCHEDULE | changes).items() if value is not None}
    headers = {"Content-Type": "application/json"}
    assert call(judge, "POST", "/schedules/nightly", headers, json.dumps(content), "scheduler") == faults


def test_rest_json_uri_and_query(judge):
    assert call(judge, "GET", "/schedules?MaxResults=5&ScheduleGroup=g", service="scheduler") == []
    assert call(judge, "GET", "/schedules?MaxResults=x", service="scheduler") == ["wrong-type"]
    assert call(judge, "GET", "/schedules?Colour=red", service="scheduler") == ["unknown-member"]
    assert call(judge, "PATCH", "/schedules/n", service="scheduler") == ["unknown-operation"]
    assert call(judge, "DELETE", "/schedules/n", service="scheduler") == ["missing-token"]
    assert call(judge, "DELETE", "/schedules/n?clientToken=a", service="scheduler") == []
    assert judge.requests()[-1].params == {"Name": "n", "ClientToken": "a"}
    content = json.dumps(SCHEDULE)
    assert call(judge, "POST", "/schedules/n", {"Content-Type": "text/json"}, content, "scheduler") == [
        "wrong-content-type"]


DELETE = ('<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>a</Key></Object>'
          "<Object><Key>b</Key></Object><Quiet>{}</Quiet></Delete>")


def test_rest_xml(judge):
    def delete(content):
        md5 = base64.b64encode(hashlib.md5(content.encode()).digest()).decode()
        return call(judge, "POST", "/b?delete", {"Content-MD5": md5}, content, "s3")

    assert delete(DELETE.format("true")) == []
    assert judge.requests()[-1].params["Bucket"] == "b"
    assert judge.requests()[-1].params["Delete"] == {"Objects": [{"Key": "a"}, {"Key": "b"}], "Quiet": True}
    assert delete(DELETE.format("yes")) == ["wrong-type"]
    assert delete(DELETE.format("true").replace("Quiet", "Loud")) == ["unknown-member"]
    assert delete(DELETE.format("true").replace("<Object><Key>a</Key>", "<Object>")) == ["missing-member"]
    assert delete(DELETE.format("true").replace("2006-03-01", "2007-03-01")) == ["bad-body"]
    assert delete("<Delete") == ["bad-body"]
    assert call(judge, "POST", "/b?delete", {}, DELETE.format("true"), "s3") == ["missing-checksum"]


@pytest.mark.parametrize(
    ("method", "target", "headers", "operation"),
    [
        ("GET", "/", {}, "ListBuckets"),
        ("GET", "/b?list-type=2&prefix=a%2F", {}, "ListObjectsV2"),
        ("GET", "/b/k", {}, "GetObject"),
        ("GET", "/b/k?uploadId=1", {}, "ListParts"),
        ("GET", "/b?location", {}, "GetBucketLocation"),
        ("HEAD", "/b", {}, "HeadBucket"),
        ("HEAD", "/b/a/b/c", {}, "HeadObject"),
        ("PUT", "/b", {}, "CreateBucket"),
        ("PUT", "/b/k", {}, "PutObject"),
        ("PUT", "/b/k", {"x-amz-copy-source": "b/l"}, "CopyObject"),
        ("PUT", "/b/k?partNumber=1&uploadId=u", {}, "UploadPart"),
        ("PUT", "/b/k?partNumber=1&uploadId=u", {"x-amz-copy-source": "b/l"}, "UploadPartCopy"),
        ("POST", "/b/k?uploads", {}, "CreateMultipartUpload"),
        ("POST", "/b/k?uploadId=u", {}, "CompleteMultipartUpload"),
        ("DELETE", "/b/k", {}, "DeleteObject"),
        ("DELETE", "/b/k?uploadId=u", {}, "AbortMultipartUpload"),
        ("DELETE", "/b", {}, "DeleteBucket"),
    ])
def test_s3_operations(judge, method, target, headers, operation):
    assert call(judge, method, target, headers, service="s3") == []
    assert judge.requests()[-1].operation == operation


def test_s3_headers(judge):
    assert call(judge, "PUT", "/b/k", {"x-amz-meta-a": "1", "x-amz-storage-class": "STANDARD"}, b"x", "s3") == []
    assert judge.requests()[-1].params["Metadata"] == {"a": "1"}
    assert call(judge, "PUT", "/b/k", {"x-amz-storage-class": "WARM"}, b"x", "s3") == ["bad-enum"]
    assert call(judge, "PUT", "/b/k", {"x-amz-colour": "red"}, b"x", "s3") == ["unknown-member"]
    assert call(judge, "GET", "/b/k?colour=red", service="s3") == ["unknown-member"]


def test_unknown_service(judge):
    assert call(judge, "POST", "/", {"Content-Type": FORM}, "Action=X", "elasticmapreduce") == ["unknown-service"]


def test_every_pattern_of_the_models_compiles():
    from botocore.model import ListShape, MapShape, StructureShape
    from judge import models, shapes

    bad = {}
    for name in models.SERVICES:
        model = models.service(name)
        for shape_name in model.shape_names:
            shape = model.shape_for(shape_name)
            if isinstance(shape, (ListShape, MapShape, StructureShape)):
                continue
            source = shape.metadata.get("pattern")
            if source and shapes.pattern(source) is None:
                bad[f"{name}.{shape_name}"] = source
    assert bad == {}
