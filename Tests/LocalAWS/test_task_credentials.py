"""Role credentials in containers (bin/lib/local_aws/overlay/task_credentials.py)."""

import json
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone

import pytest
from conftest import URL, client

READ = 'wget -q -O - "http://169.254.170.2$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"; echo'


def _get(path: str) -> tuple[int, dict]:
    try:
        with urllib.request.urlopen(URL + path, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_a_container_reads_the_keys_of_its_tasks_role(lab):
    role = lab.role()
    task = lab.finish(lab.define({"command": ["sh", "-c", READ]}, taskRoleArn=role))
    document = json.loads(lab.lines(task["taskArn"])[0])
    assert set(document) == {"RoleArn", "AccessKeyId", "SecretAccessKey", "Token", "Expiration"}
    assert document["RoleArn"] == role
    expires = datetime.strptime(document["Expiration"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    assert timedelta(hours=5) < expires - datetime.now(timezone.utc) <= timedelta(hours=6)

    identity = client(
        "sts", aws_access_key_id=document["AccessKeyId"], aws_secret_access_key=document["SecretAccessKey"],
        aws_session_token=document["Token"]).get_caller_identity()
    task_id = task["taskArn"].rsplit("/", 1)[-1]
    account = role.split(":")[4]
    assert identity["Arn"] == f"arn:aws:sts::{account}:assumed-role/{role.rsplit('/', 1)[-1]}/{task_id}"
    assert identity["Account"] == account


def test_each_task_has_its_own_keys_and_an_override_of_the_role_wins(lab):
    definition = lab.define({"command": ["sh", "-c", READ]}, taskRoleArn=lab.role())
    other = lab.role()
    first = json.loads(lab.output(definition)[0])
    second = json.loads(lab.output(definition, overrides={"taskRoleArn": other})[0])
    assert first["AccessKeyId"] != second["AccessKeyId"]
    assert second["RoleArn"] == other


def test_containers_of_a_task_share_the_uri(lab):
    script = 'echo "$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"'
    task = lab.finish(lab.define(
        {"command": ["sh", "-c", script], "essential": False},
        {"command": ["sh", "-c", script], "dependsOn": [{"containerName": "c0", "condition": "COMPLETE"}]},
        taskRoleArn=lab.role()))
    first = lab.lines(task["taskArn"])
    assert first[0].startswith("/v2/credentials/")
    assert first == lab.lines(task["taskArn"], container="c1")


def test_the_environment_is_that_of_fargate(lab):
    names = "AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CONTAINER_AUTHORIZATION_TOKEN AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
    script = f'for n in {names}; do env | grep -q "^$n=" && echo "has $n"; done; echo "$AWS_REGION $AWS_EXECUTION_ENV"'
    assert lab.output(lab.shell(script)) == ["us-east-1 AWS_ECS_FARGATE"]


def test_the_metadata_address_answers_in_the_container(lab):
    lines = lab.output(lab.shell('wget -q -O - "$ECS_CONTAINER_METADATA_URI_V4/task"; echo'))
    assert json.loads(lines[0])["Cluster"].endswith(f"cluster/{lab.name}")


def test_the_path_answers_while_the_task_is_there(lab):
    definition = lab.define({
        "command": ["sh", "-c", 'echo "$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"; exec sleep 600'], "stopTimeout": 2,
    }, taskRoleArn=lab.role())
    arn = lab.run(definition)
    path = lab.lines(arn)[0]
    status, document = _get(path)
    assert status == 200
    assert _get(path)[1] == document, "the same keys until they are renewed"
    lab.ecs.stop_task(cluster=lab.name, task=arn)
    lab.status(arn, "STOPPED")
    status, document = _get(path)
    assert (status, document["code"]) == (400, "InvalidIdInRequest")


@pytest.mark.parametrize("path", ["/v2/credentials/00000000-0000-0000-0000-000000000000", "/v2/credentials/x", "/v2/credentials"])
def test_an_unknown_id_gets_nothing(path):
    assert _get(path)[0] == 400
