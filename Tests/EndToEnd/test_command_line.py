"""What holds for every command: help, errors as text and JSON, quiet, tracing without secrets, pipes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import urllib.parse

import pytest

COMMANDS = ("docker-build", "docker-push", "cf-create-vpc", "cf-create-stack", "cf-status", "ecs-run-task",
            "schedule-create", "schedule-list", "whoami")
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLE//token+of+this+test=="


# --- help -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_help(project, judge, command):
    for words in ([command, "--help"], [command, "-h"], ["help", command]):
        told = project.fgctl(*words).expect(0)
        assert re.search(rf"fgctl {command}( \[|$)", told.out, re.M), told
        assert "--env-file" in told.out and told.err == ""
    assert judge.requests(label=judge.label) == []


def test_help_lists_every_command(project):
    listed = project.fgctl("--help").expect(0).out
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", listed, re.M), command
    assert project.fgctl("--version").expect(0).out == project.fgctl("--version", cwd="/").expect(0).out
    assert re.fullmatch(r"fgctl \d+\.\d+\.\d+\S*\n", project.fgctl("--version").out)


# --- errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words, code, kind, said", [
    (["whoami", "nowhere"], 64, "usage", "'nowhere'"),
    (["whoami", "-e", "nowhere"], 64, "usage", "nowhere"),
    (["whoami", "--set", "STACK"], 64, "usage", "--set"),
    (["whoami", "--outptu", "json"], 64, "usage", "--outptu"),
    (["schedule-create", "0 0 * * *"], 65, "badInput", "six fields"),
    (["cf-create-stack", "prod"], 64, "usage", "'prod' is neither an ENV nor a VERSION"),
    (["docker-push", "9.9"], 1, "failed", "docker has no image"),
    (["cf-delete-everything"], 64, "usage", "cf-delete-everything"),
    (["ecs-run-task", "--count", "0"], 64, "usage", "count"),
    (["ecs-run-task"], 125, "failed", "does not exist"),
])
def test_errors_as_json(project, words, code, kind, said):
    refused = project.fgctl(*words, "--output", "json").expect(code)
    error = refused.json["error"]
    assert set(refused.json) == {"error"} and set(error) <= {"kind", "message", "hint", "exitCode"}
    assert (error["kind"], error["exitCode"]) == (kind, code)
    assert said in error["message"] and "\n" not in error["message"]
    assert f"fgctl: {error['message']}" in refused.err.splitlines()
    text = project.fgctl(*words).expect(code)
    assert text.out == "" and f"fgctl: {error['message']}" in text.err.splitlines()


def test_no_credentials(project):
    project.write_env(AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
    refused = project.fgctl("whoami", "--output", "json", env={"AWS_EC2_METADATA_DISABLED": "true"}).expect(4)
    assert refused.json["error"]["kind"] == "credentials"


def test_env_file_faults_name_file_and_line(project, judge):
    file = project.write_env()
    lines = len(file.read_text().splitlines())
    for line, said in (("STACK_NAME=$(hostname)", r"\$\("), ("NO VALUE", "NO VALUE"), ("A='open", "")):
        file.write_text("".join(f"{text}\n" for text in [*file.read_text().splitlines()[:lines], line]))
        refused = project.fgctl("whoami").expect(65)
        assert re.search(rf"^fgctl: \S*env/default:{lines + 1}.*{said}", refused.err), refused
    assert judge.requests(label=judge.label) == []


def test_misspelt_key_is_warned_about(project):
    project.write_env(SUBNTES="subnet-1")
    warned = project.fgctl("whoami").expect(0)
    [line] = [line for line in warned.err.splitlines() if line.startswith("warning: ")]
    assert "SUBNTES" in line and "SUBNETS" in line and re.search(r"env/default:\d+", line)


def test_endpoint_that_does_not_answer(project):
    refused = project.fgctl("whoami", "--endpoint-url", "http://127.0.0.1:1").expect(1)
    [line] = refused.err.splitlines()
    assert "127.0.0.1:1" in line and "connect" in line


# --- output ---------------------------------------------------------------------------------------------------------


def test_quiet(project):
    spoken = project.fgctl("docker-build", "0.1").expect(0)
    quiet = project.fgctl("docker-build", "0.1", "--quiet").expect(0)
    assert quiet.out == spoken.out and spoken.err != "" and quiet.err == ""
    pushed = project.fgctl("docker-push", "-q").expect(0)
    assert pushed.err == "" and len(pushed.out.splitlines()) == 1
    assert project.fgctl("docker-push", "9.9", "-q").expect(1).err.startswith("fgctl: ")


def test_debug_shows_the_wire_and_no_secret(project, judge):
    judge.know("AKIDEXAMPLE", SECRET, TOKEN)
    project.write_env(AWS_ACCESS_KEY_ID="AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY=SECRET, AWS_SESSION_TOKEN=TOKEN)
    project.fgctl("docker-build", "0.1").expect(0)
    traced = project.fgctl("docker-push", "0.1", "--debug").expect(0)
    assert re.search(r"^debug: .*ECR.* DescribeRepositories attempt 1: POST http://127\.0\.0\.1:\d+\S* -> ", traced.err, re.M)
    assert re.search(r"^debug: .*GetAuthorizationToken", traced.err, re.M)
    judge.inject("sts", "GetCallerIdentity", status=403, code="SignatureDoesNotMatch", message=f"not {SECRET}"[:6])
    refused = project.fgctl("whoami", "--debug", "--output", "json").expect(4)
    shown = traced.out + traced.err + refused.out + refused.err
    for secret in (SECRET, TOKEN, "ministack-auth-token"):
        for form in (secret, urllib.parse.quote(secret, safe="")):
            assert form not in shown
    assert "Signature=" not in shown
    assert "debug:" not in project.fgctl("whoami").expect(0).err


@pytest.mark.parametrize("environment, words", [({"NO_COLOR": "1"}, []), ({"CI": "1"}, []), ({}, ["--no-color"])])
def test_no_colours_and_no_control_characters(project, environment, words):
    for command in (["cf-status"], ["whoami"], ["schedule-create", "x"]):
        told = project.fgctl(*command, *words, env=environment)
        assert not re.search(r"[\x00-\x08\x0b-\x1f]", told.out + told.err)


def test_reader_that_goes_away(project):
    """A broken pipe ends fgctl silently, as it ends any program of a pipeline."""
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [str(project.binary), "cf-status"], stdout=write, stderr=subprocess.PIPE, text=True, timeout=60,
            cwd=project.folder, env=project.environment, stdin=subprocess.DEVNULL, restore_signals=True)
    finally:
        os.close(write)
    assert done.returncode in (0, -13), done
    assert "fgctl:" not in done.stderr and "Fatal" not in done.stderr


def test_head(project):
    shell = f"set -o pipefail; '{project.binary}' cf-status | head -1"
    done = subprocess.run(
        ["bash", "-c", shell], capture_output=True, text=True, timeout=60, cwd=project.folder, env=project.environment)
    assert done.stdout.splitlines() == [f"{project.parent_stack}  NOT_CREATED"] or done.stdout.count("\n") == 1
    assert done.returncode in (0, 141) and "Fatal" not in done.stderr


def test_settings_from_a_folder_below(project):
    (project.folder / "a/b").mkdir(parents=True)
    above = project.fgctl("whoami", "--output", "json").expect(0).json
    below = project.fgctl("whoami", "--output", "json", cwd="a/b").expect(0).json
    assert below == above
    assert json.dumps(above).count("AWS_") and above["envFile"].endswith("env/default")
