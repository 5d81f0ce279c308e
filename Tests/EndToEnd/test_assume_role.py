"""assume-role: keys of a role, printed or given to a command."""

from __future__ import annotations

import json
import shlex
import subprocess

import pytest
from harness import REGION

TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}


@pytest.fixture
def role(project):
    """The ARN of a role that may be assumed."""
    iam = project.boto3("iam")
    name = f"{project.stack}-role"
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    project.on_cleanup("delete role", lambda: iam.delete_role(RoleName=name))
    return arn


def test_a_shell_takes_the_keys_over(project, role):
    printed = project.fgctl("assume-role", role, "--session-name", "tester").expect(0)
    shown = subprocess.run(
        ["sh", "-c", f"{printed.out}\nenv"], capture_output=True, text=True, env={}, check=True, timeout=240).stdout
    keys = dict(line.split("=", 1) for line in shown.splitlines() if line.startswith("AWS_"))
    assert set(keys) == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
    assert keys["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert keys["AWS_SECRET_ACCESS_KEY"] not in printed.err
    assert keys["AWS_SESSION_TOKEN"] not in printed.err
    assert "assumed-role" in printed.err and "tester" in printed.err


def test_json_and_the_key(project, judge, role):
    project.write_env(ROLE_ARN=role, EXTERNAL_ID="told-by-the-owner")
    keys = project.fgctl("assume-role", "env", "--output", "json", "--duration", "2h").expect(0).json
    assert keys["accessKeyId"].startswith("ASIA") and keys["secretAccessKey"] and keys["sessionToken"]
    assert keys["expiration"].endswith("Z")
    assert len(judge.requests("sts", "AssumeRole", label=judge.label)) == 1


def test_a_profile_and_its_source(project, role):
    aws = project.home / ".aws"
    aws.mkdir()
    (aws / "config").write_text(
        f"[profile deploy]\nrole_arn = {role}\nsource_profile = base\nexternal_id = told\nregion = {REGION}\n")
    (aws / "credentials").write_text("[base]\naws_access_key_id = test\naws_secret_access_key = test\n")
    project.write_env(AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None, AWS_REGION=None, AWS_PROFILE="deploy")
    assert "export AWS_SESSION_TOKEN=" in project.fgctl("assume-role").expect(0).out
    (aws / "config").write_text(f"[profile deploy]\nrole_arn = {role}\nregion = {REGION}\n")
    assert "has no source_profile" in project.fgctl("assume-role").expect(4).err


def test_a_command_gets_the_keys(project, role):
    shown = project.fgctl(
        "assume-role", role, "--", "sh", "-c", "env | grep ^AWS_; exit 7", env={"AWS_PROFILE": "other"}).expect(7).out
    keys = dict(line.split("=", 1) for line in shown.splitlines())
    assert keys["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert keys["AWS_REGION"] == REGION
    assert keys["AWS_ENDPOINT_URL"] == project.judge.url
    assert "AWS_PROFILE" not in keys


def test_codes_of_commands_that_do_not_run(project, role):
    project.fgctl("assume-role", role, "--", "no-such-program-here").expect(127)
    project.write("script", "echo no\n")
    project.fgctl("assume-role", role, "--", "./script").expect(126)
    project.fgctl("assume-role", role, "--", "sh", "-c", "kill -9 $$").expect(137)


def test_refusals_come_before_any_call(project, judge, role):
    mark = judge.mark()
    for words in ([], [role, "--duration", "13h"], [role.replace("role/", "user/")], ["envv"], [role, "--dry-run"]):
        code = 0 if "--dry-run" in words else 64
        project.fgctl("assume-role", *words).expect(code)
    assert judge.requests(since=mark) == []


def test_a_refused_role(project, judge, role):
    judge.inject("sts", "AssumeRole", status=403, code="AccessDenied", times=3)
    refused = project.fgctl("assume-role", role, "--", "true").expect(125)
    assert "AccessDenied" in refused.err
    assert shlex.split(refused.out) == []
