"""Secrets in containers (bin/lib/local_aws/overlay/container_secrets.py)."""

import json

import pytest
from conftest import client


@pytest.fixture
def parameter(lab):
    """Puts a parameter; its ARN. Removed after the test."""
    ssm, names = client("ssm"), []

    def put(name: str, value: str, kind: str) -> str:
        names.append(f"/{lab.name}/{name}")
        ssm.put_parameter(Name=names[-1], Value=value, Type=kind)
        return ssm.get_parameter(Name=names[-1])["Parameter"]["ARN"]

    yield put
    for name in names:
        ssm.delete_parameter(Name=name)


def test_parameters_and_secrets_by_arn(lab, parameter):
    manager = client("secretsmanager")
    secret = manager.create_secret(Name=lab.name, SecretString=json.dumps({"password": "s3cret"}))["ARN"]
    try:
        definition = lab.shell('echo "$SECURE $PLAIN $FIELD"', secrets=[
            {"name": "SECURE", "valueFrom": parameter("secure", "hush", "SecureString")},
            {"name": "PLAIN", "valueFrom": parameter("plain", "text", "String")},
            {"name": "FIELD", "valueFrom": f"{secret}:password::"}])
        assert lab.output(definition) == ["hush text s3cret"]
    finally:
        manager.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)


def test_a_secret_that_is_not_there_stops_the_task(lab):
    task = lab.finish(lab.shell("exit 0", secrets=[{"name": "KEY", "valueFrom": f"/{lab.name}/missing"}]))
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("ResourceInitializationError")
