"""RunTask requests that AWS refuses (bin/lib/local_aws/overlay/run_task_checks.py)."""

import pytest
from botocore.exceptions import ClientError


@pytest.mark.parametrize("change,code", [
    ({"cluster": "no-such-cluster"}, "ClusterNotFoundException"),
    ({"networkConfiguration": {}}, "InvalidParameterException"),
    ({"count": 11}, "InvalidParameterException"),
    ({"overrides": {"containerOverrides": [{"name": "other", "command": ["x"]}]}}, "InvalidParameterException"),
])
def test_refused(lab, change, code):
    with pytest.raises(ClientError) as refused:
        lab.run(lab.shell("exit 0"), **change)
    assert refused.value.response["Error"]["Code"] == code


def test_a_deregistered_definition_is_refused(lab):
    definition = lab.shell("exit 0")
    lab.ecs.deregister_task_definition(taskDefinition=definition)
    with pytest.raises(ClientError) as refused:
        lab.run(definition)
    assert refused.value.response["Error"]["Code"] == "ClientException"
