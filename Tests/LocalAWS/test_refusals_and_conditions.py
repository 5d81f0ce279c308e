"""Clusters that are not there (overlay/cluster_checks.py), and change sets under conditions (overlay/change_sets.py)."""

import json
import uuid

import pytest
from botocore.exceptions import ClientError
from conftest import client

_TEMPLATE = {
    "Parameters": {"Extra": {"Type": "String"}},
    "Conditions": {"HasExtra": {"Fn::Equals": [{"Ref": "Extra"}, "true"]}},
    "Resources": {
        "Always": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "a"}},
        "Sometimes": {"Type": "AWS::SSM::Parameter", "Condition": "HasExtra", "Properties": {"Type": "String", "Value": "b"}}},
}


def test_services_of_a_missing_cluster():
    with pytest.raises(ClientError) as refused:
        client("ecs").list_services(cluster=f"nowhere-{uuid.uuid4().hex[:8]}")
    assert refused.value.response["Error"]["Code"] == "ClusterNotFoundException"


def test_a_change_set_lists_what_its_conditions_let_be():
    cloudformation, stack = client("cloudformation"), f"conditions-{uuid.uuid4().hex[:8]}"

    def changes(extra, kind):
        name = f"set-{uuid.uuid4().hex[:8]}"
        cloudformation.create_change_set(
            StackName=stack, ChangeSetName=name, ChangeSetType=kind, TemplateBody=json.dumps(_TEMPLATE),
            Parameters=[{"ParameterKey": "Extra", "ParameterValue": extra}])
        cloudformation.get_waiter("change_set_create_complete").wait(
            StackName=stack, ChangeSetName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 300})
        found = cloudformation.describe_change_set(StackName=stack, ChangeSetName=name)["Changes"]
        cloudformation.execute_change_set(StackName=stack, ChangeSetName=name)
        cloudformation.get_waiter(f"stack_{'create' if kind == 'CREATE' else 'update'}_complete").wait(
            StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 300})
        return {(one["ResourceChange"]["Action"], one["ResourceChange"]["LogicalResourceId"]) for one in found}

    try:
        assert changes("false", "CREATE") == {("Add", "Always")}
        assert changes("true", "UPDATE") == {("Add", "Sometimes")}
        assert changes("false", "UPDATE") == {("Remove", "Sometimes")}
    finally:
        cloudformation.delete_stack(StackName=stack)
