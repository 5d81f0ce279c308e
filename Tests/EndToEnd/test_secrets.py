"""No secret in any output: markers in every source, every command with --debug, in text and JSON, well and failing.

What a command prints on purpose is left out by name: `assume-role` without a command prints the keys that it is asked for.
"""

from __future__ import annotations

import base64
import json
import urllib.parse

import composing
import parts
import pytest
import schemas
from secrets_search import Markers
from test_credentials import ROLE, SOURCES, User
from test_credentials import services, user  # noqa: F401  (fixtures)

ARN = "arn:aws:ecs:eu-west-1:111122223333:task/x/0123456789abcdef0123456789abcdef"
# The words that a command needs to come to its first call, at least.
WORDS = {
    "assume-role": [f"{ROLE}/other", "--", "true"],
    "cf-create-deploy-role": ["--principal", "111122223333"], "cf-create-stack": ["0.1"], "cf-render": ["0.1"],
    "cf-update-stack": ["0.1"], "compose-build": ["0.1"], "compose-push": ["0.1"], "config-pull": ["pulled"], "docker-build": ["0.1"], "docker-promote": ["0.1", "0.2"], "docker-push": ["0.1"],
    "docker-run": ["0.1"], "ecs-stop-task": [ARN], "ecs-wait-task": [ARN], "schedule-create": ["0 0 * * ? *"],
    "schedule-next": ["0 0 * * ? *"], "service-rollback": ["web"],
    "update-service": ["web"],
}
# Ends each command soon: nobody answers as docker, and refusals are not tried again.
PROJECT = {"STACK_NAME": "x", "PARENT_STACK_NAME": "y", "IMAGE_NAME": "img", "S3_BUCKET": "bkt"}
# Where the AWS CLI and fgctl keep keys for each other, as docs/credentials.md says.
KEPT = (".aws/", "token", "vend")


def markers_of(home: User) -> Markers:
    """What `credential_services` and `test_credentials` hand out begins with these words."""
    markers = Markers()
    for word in ("marker-env-secret", "marker-shared-secret", "marker-process-secret", "marker-config-secret",
                 "marker-base-secret", "marker-web-identity-token", "marker-sso-access-token", "marker-sso-secret",
                 "marker-sso-session", "marker-login-secret", "marker-login-session", "marker-login-refresh",
                 "marker-login-id", "marker-login-new-secret", "marker-login-new-session", "marker-login-new-refresh",
                 "marker-imds-token", "marker-secret-", "marker-token-"):
        markers.know(word, word)
    return markers


# --- the search itself ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrap", [
    str, urllib.parse.quote, urllib.parse.quote_plus, lambda s: urllib.parse.quote(s, safe=""), json.dumps,
    lambda s: s.encode().hex(), lambda s: s[:20], lambda s: s[-18:],
    *(lambda s, n=n: base64.b64encode(b"x" * n + s.encode() + b"tail").decode() for n in range(6)),
    *(lambda s, n=n: base64.urlsafe_b64encode(b"x" * n + s.encode()).decode() for n in range(3))])
def test_the_search_finds_a_marker_in_any_form(wrap, tmp_path):
    markers = Markers()
    secret = markers.make("one")
    markers.make("other")
    assert markers.found_in(f"before {wrap(secret)} after") == ["one"]
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/file").write_text(wrap(secret))
    assert markers.found_under(tmp_path) == ["one in deep/file"]
    assert markers.found_under(tmp_path, leaving_out=("deep/",)) == []
    assert markers.found_in("mk0011223344556677/+&0011223344556677 ****") == []


def test_the_search_notices_what_is_printed_on_purpose(user, fgctl_binary):  # noqa: F811
    """The documented exception would fail this test's sisters, were it not left out."""
    home = user("role")
    done = home.run(fgctl_binary, "assume-role", f"{ROLE}/other")
    assert done.returncode == 0, done.stderr
    assert set(markers_of(home).found_in(done.stdout)) == {"marker-secret-", "marker-token-"}
    assert markers_of(home).found_in(done.stderr) == []
    assert any("marker-secret-" in one for one in markers_of(home).found_under(home.home))


# --- credentials ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("refuses", [False, True])
@pytest.mark.parametrize("source", [*SOURCES, "env file"])
def test_no_credential_in_the_output_of_any_command(user, fgctl_binary, services, source, refuses):  # noqa: F811
    """Under `refuses` every service quotes all that it was told in its error."""
    home = user(*([] if source == "env file" else [source]))
    services.refuses = refuses
    keys = dict(PROJECT)
    if source == "env file":
        keys |= {"AWS_ACCESS_KEY_ID": "AKFILE", "AWS_SECRET_ACCESS_KEY": "marker-env-secret",
                 "AWS_SESSION_TOKEN": "marker-token-file"}
    (home.home / ".git").mkdir()
    (home.home / "env").mkdir()
    (home.home / "env/default").write_text("".join(f"{key}={value}\n" for key, value in keys.items()))
    (home.home / "Dockerfile").write_text("FROM scratch\n")
    markers, traced = markers_of(home), 0
    for index, command in enumerate(sorted(schemas.commands())):
        for output in ("text", "json") if index % 2 == refuses else ("json", "text"):
            first, *rest = [command, *WORDS.get(command, [])]
            done = home.run(
                fgctl_binary, first, "--debug", "--yes", "--output", output, *rest, DOCKER_HOST="tcp://127.0.0.1:1",
                AWS_MAX_ATTEMPTS="1")
            assert done.returncode != 64, done.stderr
            assert markers.found_in(done.stdout + done.stderr) == [], f"{command} {output}"
            traced += "debug: " in done.stderr
    # Where nobody gives credentials, nothing is sent that could be traced.
    assert traced > 40 or (refuses and source in ("container", "instance")), "the trace is searched too"
    left = (*KEPT, "env/") if source == "env file" else KEPT
    assert markers.found_under(home.home, leaving_out=left) == []


# --- the user's own secrets -----------------------------------------------------------------------------------------

class Searched:
    """Types commands with --debug, in both outputs, and searches all that they show and write."""

    def __init__(self, project, markers):
        self.project, self.markers, self.seen = project, markers, set()

    def look(self, words, result):
        text = result.out + result.err
        assert self.markers.found_in(text) == [], f"{words}\n{text}"
        return result

    def __call__(self, *words, codes=(0,), both=True):
        """Each with --dry-run first; the result of the last."""
        result = None
        for flags in ([["--dry-run", "--output", "json"], ["--dry-run"]] if both else []) + [["--output", "json"], []][:1 + both]:
            result = self.project.fgctl(words[0], "--debug", "--yes", *flags, *words[1:])
            if "--dry-run" not in flags:
                assert result.code in codes, result
            self.look(words, result)
        self.seen.add(words[0])
        return result


@pytest.fixture
def markers():
    return Markers()


def test_no_secret_of_the_user_in_any_output(project, judge, markers):
    """Env file, remote env file, overrides, NoEcho parameters, docker's login: through the life of a project."""
    secret_key = markers.make("secret access key")
    judge.know("AKMARKER", secret_key)
    project.write_env(
        AWS_ACCESS_KEY_ID="AKMARKER", AWS_SECRET_ACCESS_KEY=f"'{secret_key}'",
        DB_PASSWORD=f"'{markers.make('env file')}'", API_TOKEN=f"'{markers.make('env file token')}'")
    project.write("remote.env", f"DB_PASSWORD='{markers.make('remote env file')}'\nPLAIN=shown\n")
    template = parts.TEMPLATES.joinpath("task.yaml").read_text().replace(
        "Parameters:\n", "Parameters:\n  DatabasePassword: {Type: String, NoEcho: true}\n", 1)
    project.write("task.yaml", template)
    noecho = f"DatabasePassword={markers.make('NoEcho parameter')}"
    set_env = ("--set-env", f"DB_PASSWORD={markers.make('override')}")
    override = (*set_env, "--remote-env-file", "remote.env")
    run, stack = Searched(project, markers), project.stack
    token = project.boto3("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    markers.know("docker login", token)

    run("whoami")
    run("doctor")
    run("doctor", "--offline")
    run("docker-build", "0.1")
    run("docker-run", "0.1", "--command", "true", *override)
    run("docker-push", "0.1")
    run("docker-promote", "0.1", "1.0")
    composing.start(project)
    composing.make_repositories(project)
    run("compose-build")
    run("compose-push")
    run("cf-create-vpc")
    run("cf-update-vpc")
    project.write("config/plain.txt", "plain\n")
    project.write("config/workspace.yaml", "load_from: []\n")
    for words in (["config-check"], ["config-push"], ["config-list"], ["config-pull", "pulled"], ["config-diff"]):
        run(*words)
    run("config-rollback", codes=(1,))
    run("cf-render", "0.1", "--template", "task.yaml", "--parameter", noecho)
    run("cf-create-stack", "0.1", "--template", "task.yaml", "--parameter", noecho, codes=(0, 1))
    assert parts.status_of(project) == "CREATE_COMPLETE"
    run("cf-create-stack", "1.0", "--template", "task.yaml", "--parameter", noecho, codes=(1,))
    run("schedule-create", "0 0 * * ? *", *set_env)
    run("schedule-create", "old", "rate(1 day)", "--engine", "rule", *set_env)
    other = f"DatabasePassword={markers.make('second NoEcho parameter')}"
    run("cf-update-stack", "1.0", "--template", "task.yaml", "--parameter", other)
    for command in ("cf-status", "cf-events", "cf-diagnose", "schedule-list", "schedule-disable", "schedule-enable"):
        run(command)
    arn = run("ecs-run-task", "--no-wait", "--command", "sh -c 'trap exit TERM; sleep 600 & wait'", *override, both=False).json["taskArns"][0]
    run("ecs-run-task", "--run-id", "one", "--command", "sh -c 'exit 7'", *override, codes=(7,))
    run("ecs-list-tasks")
    run("ecs-stop-task", arn)
    run("ecs-wait-task", arn, codes=(0, 1, 137, 143))
    run("ecs-logs", "--since", "1h", codes=(0, 1))
    run("schedule-run", "--no-wait")
    run("schedule-next", "0 0 * * ? *")
    run("schedule-remove", "old", "--engine", "rule", codes=(0, 1))
    run("schedule-remove", codes=(0, 1))
    for command in ("update-usercode", "update-webserver", "update-daemon"):
        run(command, codes=(1, 65))
    run("update-service", "none", codes=(1,))
    run("service-status")
    run("service-rollback", "none", codes=(1,))
    run("assume-role", f"arn:aws:iam::000000000000:role/{stack}-none", "--", "true", codes=(0, 1, 125))
    delete = project.boto3("cloudformation").delete_stack
    project.on_cleanup("deploy role", lambda: delete(StackName=f"fgctl-deploy-{stack}"))
    # AWS calls external ids no secrets.
    run("cf-create-deploy-role", "--principal", "000000000000", "--external-id", "nightly-7f3a")
    run("cf-delete-stack")
    run("cf-delete-vpc")
    assert run.seen == schemas.commands()
    # What was written down: run records, reports, docker's configuration. The sources themselves are the user's.
    assert markers.found_under(project.home) == []
    assert markers.found_under(project.folder, leaving_out=("env/", "remote.env")) == []


def test_no_secret_in_failures(project, judge, markers):
    """Wrong input that holds secrets, and services that quote what they were sent."""
    password = markers.make("password")
    project.write("task.yaml", parts.TEMPLATES.joinpath("task.yaml").read_text().replace(
        "Parameters:\n", "Parameters:\n  DatabasePassword: {Type: String, NoEcho: true, AllowedPattern: '^[a-z]*$'}\n", 1))
    project.write("broken.env", f"DB_PASSWORD='{password}\n")
    run = Searched(project, markers)
    parts.put_image(project, "0.1")
    create = ("cf-create-stack", "0.1", "--template", "task.yaml", "--parameter", f"DatabasePassword={password}")
    run(*create, codes=(64, 65))
    run("ecs-run-task", "--remote-env-file", "broken.env", "--command", "true", codes=(64, 65, 125))
    run("docker-run", "0.1", "--remote-env-file", "broken.env", codes=(64, 65, 125))
    secret_key = markers.make("secret access key")
    project.write_env(AWS_SECRET_ACCESS_KEY=f"'{secret_key}")
    for command in sorted(schemas.commands()):
        if command != "schedule-next":
            run(command, *WORDS.get(command, []), codes=(64, 65))
