"""SimulatePrincipalPolicy: every action on every resource, in the context given.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

import json
import sys
import uuid

import boto3
import pytest
from botocore.exceptions import ClientError
from conftest import REGION, ROOT

sys.path.insert(0, str(ROOT / "bin/lib"))
from local_aws.enforcing import enforcing_aws  # noqa: E402

TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]})


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """Makes clients of the account's root."""
    with enforcing_aws(tmp_path_factory.mktemp("enforcing")) as url:
        yield lambda service: boto3.client(
            service, endpoint_url=url, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test")


@pytest.fixture
def principal(client):
    """A role with a path that may list keys under one prefix."""
    iam, name = client("iam"), f"sim-{uuid.uuid4().hex[:8]}"
    role = iam.create_role(RoleName=name, Path="/ops/", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/one/*"},
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::b",
         "Condition": {"StringLike": {"s3:prefix": "one/*"}}},
        {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"}]}))
    yield role
    iam.delete_role_policy(RoleName=name, PolicyName="p")
    iam.delete_role(RoleName=name)


def ask(client, principal, actions, resources, **context):
    answer = client("iam").simulate_principal_policy(
        PolicySourceArn=principal, ActionNames=actions, ResourceArns=resources, ContextEntries=[
            {"ContextKeyName": key.replace("_", ":"), "ContextKeyValues": [value], "ContextKeyType": "string"}
            for key, value in context.items()])
    return {(r["EvalActionName"], r["EvalResourceName"]): r["EvalDecision"] for r in answer["EvaluationResults"]}


def test_every_action_on_every_resource(client, principal):
    found = ask(client, principal, ["s3:GetObject", "s3:DeleteObject"], ["arn:aws:s3:::b/one/k", "arn:aws:s3:::b/two/k"])
    assert found == {
        ("s3:GetObject", "arn:aws:s3:::b/one/k"): "allowed", ("s3:GetObject", "arn:aws:s3:::b/two/k"): "implicitDeny",
        ("s3:DeleteObject", "arn:aws:s3:::b/one/k"): "explicitDeny",
        ("s3:DeleteObject", "arn:aws:s3:::b/two/k"): "explicitDeny"}


def test_the_context_counts(client, principal):
    bucket = "arn:aws:s3:::b"
    assert set(ask(client, principal, ["s3:ListBucket"], [bucket], s3_prefix="one/*").values()) == {"allowed"}
    assert set(ask(client, principal, ["s3:ListBucket"], [bucket], s3_prefix="two/*").values()) == {"implicitDeny"}
    assert set(ask(client, principal, ["s3:ListBucket"], [bucket]).values()) == {"implicitDeny"}


def test_unknown_principals_and_wildcards_are_refused(client, principal):
    for wrong, actions, code in ((principal.replace("/ops/", "/"), ["s3:GetObject"], "NoSuchEntity"),
                                 (principal, ["s3:Get*"], "InvalidInput")):
        with pytest.raises(ClientError) as caught:
            ask(client, wrong, actions, ["*"])
        assert caught.value.response["Error"]["Code"] == code
