"""What holds for the output of every command: errors as text and JSON, quiet, tracing without secrets, pipes."""

from __future__ import annotations

import os
import pty
import re
import signal
import socket
import subprocess
import urllib.parse

import pytest

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLE//token+of+this+test=="


# --- errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words, code, kind, said", [
    (["whoami", "nowhere"], 64, "usage", "'nowhere'"),
    (["whoami", "-e", "nowhere"], 64, "usage", "nowhere"),
    (["whoami", "--set", "STACK"], 64, "usage", "--set"),
    (["whoami", "--outptu", "json"], 64, "usage", "--outptu"),
    (["schedule-create", "0 0 * * *"], 65, "badInput", "six fields"),
    (["cf-create-stack", "prod"], 64, "usage", "'prod' is neither an ENV nor a VERSION"),
    (["docker-push", "9.9"], 1, "failed", "docker has no image"),
    (["cf-delete-everything"], 64, "usage", "'cf-delete-everything' is no command"),
    (["who-ami"], 64, "usage", "'who-ami' is no command"),
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


def test_nearest_command_is_suggested(project):
    assert "did you mean 'docker-push'?" in project.fgctl("docker-pusch", "0.1").expect(64).err
    assert "fgctl --help" in project.fgctl("frobnicate").expect(64).err
    assert "Takes a container" in project.fgctl().expect(0).out


def test_no_credentials(project):
    project.write_env(AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
    refused = project.fgctl("whoami", "--output", "json", env={"AWS_EC2_METADATA_DISABLED": "true"}).expect(4)
    assert refused.json["error"]["kind"] == "credentials"


def test_endpoint_that_does_not_answer(project):
    refused = project.fgctl("whoami", "--endpoint-url", "http://127.0.0.1:1").expect(1)
    line, hint = refused.err.splitlines()
    assert "127.0.0.1:1" in line and "connect" in line
    assert hint.strip() == "the endpoint comes from --endpoint-url; is it up, and the network?"
    assert line.count("127.0.0.1") == 1 and line.endswith("cannot connect: connection refused")
    line, hint = project.fgctl("cf-status", "--endpoint-url", "http://127.0.0.1:1").expect(1).err.splitlines()
    assert hint.strip().startswith("'fgctl whoami' shows which endpoint is used")


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
    judge.inject("sts", "GetCallerIdentity", status=403, code="SignatureDoesNotMatch", message="no")
    refused = project.fgctl("whoami", "--debug", "--output", "json").expect(4)
    shown = traced.out + traced.err + refused.out + refused.err
    for secret in (SECRET, TOKEN, "ministack-auth-token"):
        for form in (secret, urllib.parse.quote(secret, safe="")):
            assert form not in shown
    assert "Signature=" not in shown
    assert "debug:" not in project.fgctl("whoami").expect(0).err


@pytest.mark.parametrize("environment, words", [({"NO_COLOR": "1"}, []), ({"CI": "1"}, []), ({}, ["--no-color"])])
def test_no_control_characters_on_a_terminal(project, environment, words):
    for command in (["cf-status"], ["whoami"], ["schedule-create", "x"], ["docker-push", "9.9"]):
        shown = on_a_terminal(project, [*command, *words], {"TERM": "xterm-256color"} | environment)
        assert shown and not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", shown)


def on_a_terminal(project, words, environment):
    """What a person sees, standard output and error together."""
    ours, its = pty.openpty()
    with subprocess.Popen(
        [str(project.binary), *words], stdin=its, stdout=its, stderr=its, cwd=project.folder, start_new_session=True,
        env=project.environment | environment,
    ) as process:
        os.close(its)
        shown = bytearray()
        try:
            while piece := os.read(ours, 4096):
                shown += piece
        except OSError:  # a terminal says so when the last process let go of it
            pass
        finally:
            os.close(ours)
        process.wait(240)
    return shown.decode()


def test_a_signal_that_comes_with_the_first_request(project):
    """However early it comes, once there is anything to be interrupted it is taken as an interruption."""
    for _ in range(30):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            silent.settimeout(240)
            running = project.start("whoami", "--endpoint-url", f"http://127.0.0.1:{silent.getsockname()[1]}")
            connection, _ = silent.accept()
            with connection:
                running.signal(signal.SIGINT)
                assert running.wait().code == 130


def test_reader_that_goes_away(project):
    """A broken pipe ends fgctl silently, as it ends any program of a pipeline."""
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [str(project.binary), "cf-status"], stdout=write, stderr=subprocess.PIPE, text=True, timeout=240,
            cwd=project.folder, env=project.environment, stdin=subprocess.DEVNULL, restore_signals=True)
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (-signal.SIGPIPE, "")


def test_head(project):
    """The first line is there, whether fgctl has written all before `head` goes or not."""
    first = project.fgctl("cf-status").expect(0).out.splitlines()[0]
    shell = f"set -o pipefail; '{project.binary}' cf-status | head -1"
    done = subprocess.run(
        ["bash", "-c", shell], capture_output=True, text=True, timeout=240, cwd=project.folder, env=project.environment)
    assert (done.stdout, done.stderr) == (f"{first}\n", "")
    assert done.returncode in (0, 128 + signal.SIGPIPE)
