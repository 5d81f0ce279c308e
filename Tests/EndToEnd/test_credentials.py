"""Where credentials come from: the same winner as botocore, one cache with the AWS CLI, and no secret in any output."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from credential_services import LOGIN_KEY, SSO_TOKEN, WEB_TOKEN, CredentialServices, later

AWS = Path(sys.prefix, "bin", "aws")
BOTOCORE = """
import botocore.session
found = botocore.session.Session().get_credentials()
print(found.get_frozen_credentials().access_key if found else "none")
"""
ROLE = "arn:aws:iam::111122223333:role"
ME = "arn:aws:iam::111122223333:user/me"

# In the order in which they count: what the profile says in the config file, in the credentials file, the environment.
SOURCES = {
    "keys": ([], [], {"AWS_ACCESS_KEY_ID": "AKENV", "AWS_SECRET_ACCESS_KEY": "marker-env-secret"}),
    "role": ([f"role_arn = {ROLE}/app", "source_profile = base"], [], {}),
    "web": ([f"role_arn = {ROLE}/web", "web_identity_token_file = {home}/token"], [], {}),
    "sso": (["sso_session = corp", "sso_account_id = 111122223333", "sso_role_name = dev"], [], {}),
    "shared": ([], ["aws_access_key_id = AKSHARED", "aws_secret_access_key = marker-shared-secret"], {}),
    "login": ([f"login_session = {ME}"], [], {}),
    "process": (["credential_process = {home}/vend 'a b'"], [], {}),
    "config": (["aws_access_key_id = AKCONFIG", "aws_secret_access_key = marker-config-secret"], [], {}),
    "container": ([], [], {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{url}/container"}),
    "instance": ([], [], {}),
}
KEYS = dict(zip(SOURCES, (
    "AKENV", "ASIAappBYAKBASE", "ASIAwebWEB", "ASIASSO", "AKSHARED", "ASIALOGIN", "AKPROCESS", "AKCONFIG",
    "AKCONTAINER", "AKINSTANCE"), strict=True))


class User:
    """A home folder and an environment in which these sources are, all in one profile."""

    def __init__(self, home: Path, services: CredentialServices, sources: tuple[str, ...], profile="default") -> None:
        self.home, self.services = home, services
        (home / ".aws/sso/cache").mkdir(parents=True)
        (home / "token").write_text(WEB_TOKEN)
        (home / "vend").write_text(
            "#!/bin/sh\necho 'made marker-process-secret' >&2\n"
            'echo \'{"Version": 1, "AccessKeyId": "AKPROCESS", "SecretAccessKey": "marker-process-secret"}\'\n')
        (home / "vend").chmod(0o755)
        fill = {"home": home, "url": services.url}
        section = profile if profile == "default" else f"profile {profile}"
        own = dict(line.format(**fill).split(" = ", 1) for name in sources for line in SOURCES[name][0])
        lines = [f"[{section}]", *(f"{key} = {value}" for key, value in own.items()),
                 "[sso-session corp]", "sso_start_url = https://corp.awsapps.com/start", "sso_region = eu-north-1"]
        self.config = home / ".aws/config"
        self.config.write_text("\n".join(lines) + "\n")
        keys = ["[base]", "aws_access_key_id = AKBASE", "aws_secret_access_key = marker-base-secret"]
        own = [line for name in sources for line in SOURCES[name][1]]
        keys += [f"[{profile}]", *own] if own else []
        (home / ".aws/credentials").write_text("\n".join(keys) + "\n")
        self.sso_token(60 * 24)
        self.login_token(-1)
        services.has_instance_role = "instance" in sources
        self.environment = {
            "HOME": str(home), "PATH": os.environ["PATH"], "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL": services.url, "AWS_EC2_METADATA_SERVICE_ENDPOINT": services.url}
        for name in sources:
            self.environment |= {key: value.format(**fill) for key, value in SOURCES[name][2].items()}
        if profile != "default":
            self.environment["AWS_PROFILE"] = profile

    def sso_token(self, minutes: float) -> None:
        name = hashlib.sha1(b"corp").hexdigest()
        (self.home / f".aws/sso/cache/{name}.json").write_text(json.dumps({
            "startUrl": "https://corp.awsapps.com/start", "region": "eu-north-1", "accessToken": SSO_TOKEN,
            "expiresAt": later(minutes)}))

    @property
    def login_file(self) -> Path:
        return self.home / f".aws/login/cache/{hashlib.sha256(ME.encode()).hexdigest()}.json"

    def login_token(self, minutes: float) -> None:
        self.login_file.parent.mkdir(parents=True, exist_ok=True)
        self.login_file.write_text(json.dumps({
            "accessToken": {
                "accessKeyId": "ASIALOGINOLD", "secretAccessKey": "marker-login-secret",
                "sessionToken": "marker-login-session", "accountId": "111122223333", "expiresAt": later(minutes)},
            "tokenType": "aws_sigv4", "refreshToken": "marker-login-refresh", "idToken": "marker-login-id",
            "clientId": "arn:aws:signin:::devtools/same-device", "dpopKey": LOGIN_KEY}))

    def run(self, *command: object, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(word) for word in command], env=self.environment | environment, cwd=self.home, text=True,
            capture_output=True, timeout=240, check=False, stdin=subprocess.DEVNULL)

    def cached(self) -> list[Path]:
        return sorted((self.home / ".aws/cli/cache").glob("*"))


@pytest.fixture
def services():
    with CredentialServices() as services:
        yield services


@pytest.fixture
def user(tmp_path, services):
    made = itertools.count()

    def make(*sources, profile="default"):
        return User(tmp_path / f"home{next(made)}", services, sources, profile)
    return make


def same_winner(user, fgctl_binary, expected, *sources, **options):
    """Each has a home of its own, since keys that one keeps are found by the other."""
    ours = user(*sources, **options).run(fgctl_binary, "whoami", "--output", "json")
    assert ours.returncode == 0, ours.stderr
    theirs = user(*sources, **options).run(sys.executable, "-c", BOTOCORE)
    assert theirs.returncode == 0, theirs.stderr
    assert json.loads(ours.stdout)["accessKeyID"] == theirs.stdout.strip() == expected


@pytest.mark.parametrize("source", SOURCES)
def test_each_alone(user, fgctl_binary, source):
    same_winner(user, fgctl_binary, KEYS[source], source)


@pytest.mark.parametrize("pair", list(itertools.combinations(SOURCES, 2)), ids="+".join)
def test_of_two_botocores_winner(user, fgctl_binary, pair):
    expected = "web" if pair == ("role", "web") else pair[0]
    same_winner(user, fgctl_binary, KEYS[expected], *pair)


def test_of_all_botocores_winner_in_a_named_profile(user, fgctl_binary):
    names = list(SOURCES)
    for start in range(len(names)):
        rest = [name for name in names[start:] if name != "web" or "role" not in names[start:]]
        if rest[0] not in ("container", "instance"):
            same_winner(user, fgctl_binary, KEYS[rest[0]], *rest, profile="work")


def test_a_web_identity_of_the_environment(user, fgctl_binary, services):
    for binary in ((fgctl_binary, "whoami"), (sys.executable, "-c", BOTOCORE)):
        home = user("shared", "sso")
        done = home.run(*binary, AWS_ROLE_ARN=f"{ROLE}/pod", AWS_WEB_IDENTITY_TOKEN_FILE=str(home.home / "token"))
        assert "ASIApodWEB" in done.stdout, done.stderr
    assert services.count("AssumeRoleWithWebIdentity") == 2


ROLES = {
    "plain": [f"role_arn = {ROLE}/app", "source_profile = base"],
    "full": [f"role_arn = {ROLE}/app", "source_profile = base", "external_id = tést", "role_session_name = me",
             "duration_seconds = 7200"],
    "chain": [f"role_arn = {ROLE}/two", "source_profile = one", "[profile one]", f"role_arn = {ROLE}/one",
              "source_profile = base"],
    "web": [f"role_arn = {ROLE}/web", "web_identity_token_file = {home}/token"],
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("first", ["fgctl", "aws"])
def test_one_cache_with_the_aws_cli(user, fgctl_binary, services, role, first):
    home = user()
    home.config.write_text("[default]\n" + "\n".join(ROLES[role]).format(home=home.home) + "\n")
    programs = [(fgctl_binary, "whoami"), (AWS, "sts", "get-caller-identity")]
    seen = []
    for program in programs if first == "fgctl" else programs[::-1]:
        done = home.run(*program)
        assert done.returncode == 0, done.stderr
        calls = [call for call in services.calls if call.startswith("AssumeRole")]
        caller = done.stdout.split("user/")[1].split()[0].strip('",')
        seen.append((calls, [path.name for path in home.cached()], caller))
    # The second one assumed nothing, made no file, and is the same caller.
    assert seen[0] == seen[1]
    if first == "fgctl":
        assert {path.stat().st_mode & 0o777 for path in home.cached()} == {0o600}
        assert (home.home / ".aws/cli").stat().st_mode & 0o777 == 0o700


def test_keys_of_identity_center_are_kept(user, fgctl_binary, services):
    home = user("sso")
    for _ in range(2):
        assert home.run(fgctl_binary, "whoami").returncode == 0
    assert services.count("GET /federation/credentials") == 1


def test_an_expired_sso_token_names_the_login_command(user, fgctl_binary):
    home = user("sso", profile="work")
    home.sso_token(-1)
    done = home.run(fgctl_binary, "whoami")
    assert done.returncode == 4
    assert "aws sso login --profile work" in done.stderr


def test_a_login_is_renewed_for_both(user, fgctl_binary, services):
    for first in (fgctl_binary, "whoami"), (sys.executable, "-c", BOTOCORE):
        home = user("login")
        assert "ASIALOGIN" in home.run(*first).stdout
        # Whoever comes next finds keys that last.
        for program in (fgctl_binary, "whoami"), (sys.executable, "-c", BOTOCORE):
            assert "ASIALOGIN" in home.run(*program).stdout
        kept = json.loads(home.login_file.read_text())
        assert kept["refreshToken"] == "marker-login-new-refresh"
        assert kept["dpopKey"] == LOGIN_KEY
    assert services.count("POST /v1/token") == 2


def test_a_login_that_is_over_names_the_login_command(user, fgctl_binary, services):
    home = user("login", profile="work")
    services.refuses = True
    done = home.run(fgctl_binary, "whoami")
    assert done.returncode == 4
    assert "aws login --profile work" in done.stderr


def test_a_folder_that_can_not_be_written_stops_nothing(user, fgctl_binary):
    home = user("role")
    (home.home / ".aws/cli").write_text("not a folder")
    done = home.run(fgctl_binary, "whoami")
    assert (done.returncode, done.stderr) == (0, "")
    assert "keep credentials for later" in home.run(fgctl_binary, "whoami", "--debug").stderr


def at_a_terminal(home, *command, answer):
    """Runs a command with a terminal as its standard input and error, and answers its question."""
    person, terminal = pty.openpty()
    running = subprocess.Popen(
        [str(word) for word in command], env=home.environment, cwd=home.home, stdin=terminal, stderr=terminal,
        stdout=subprocess.PIPE, text=True)
    os.close(terminal)
    said = ""
    try:
        while "MFA code" not in said:
            said += os.read(person, 1024).decode()
        os.write(person, f"{answer}\n".encode())
        out, _ = running.communicate(timeout=240)
    finally:
        running.kill()
        os.close(person)
    return running.returncode, out, said


def test_an_mfa_code_is_asked_for_at_a_terminal(user, fgctl_binary, services):
    home = user("role")
    with home.config.open("a") as config:
        config.write(f"[profile mfa]\nmfa_serial = {ROLE}-mfa/me\n" + "\n".join(ROLES["plain"]) + "\n")
    home.environment["AWS_PROFILE"] = "mfa"
    refused = home.run(fgctl_binary, "whoami")
    assert refused.returncode == 4
    assert "there is no terminal to ask at" in refused.stderr
    code, out, said = at_a_terminal(home, fgctl_binary, "assume-role", "--output", "json", answer="123456")
    assert (code, f"Enter MFA code for {ROLE}-mfa/me: " in said) == (0, True)
    assert json.loads(out)["accessKeyId"] == "ASIAappBYAKBASE"
    code, out, _ = at_a_terminal(home, fgctl_binary, "whoami", "--output", "json", answer="123456")
    assert (code, json.loads(out)["accessKeyID"]) == (0, "ASIAappBYAKBASE")
    # The keys are kept: the next run, and the AWS CLI, need no code.
    assert home.run(fgctl_binary, "whoami").returncode == 0
    assert home.run(AWS, "sts", "get-caller-identity").returncode == 0
    assert services.count("AssumeRole") == 2


def test_assume_role_follows_a_chain(user, fgctl_binary):
    home = user()
    home.config.write_text("[default]\n" + "\n".join(ROLES["chain"]) + "\n")
    done = home.run(fgctl_binary, "assume-role", "--output", "json")
    assert json.loads(done.stdout)["accessKeyId"] == "ASIAtwoBYASIAoneBYAKBASE"
    home.config.write_text(f"[default]\nrole_arn = {ROLE}/app\ncredential_source = EcsContainer\n")
    home.environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"{home.services.url}/container"
    done = home.run(fgctl_binary, "assume-role", "--", "printenv", "AWS_ACCESS_KEY_ID")
    assert (done.returncode, done.stdout) == (0, "ASIAappBYAKCONTAINER\n")


@pytest.mark.parametrize("refuses", [False, True])
@pytest.mark.parametrize("source", SOURCES)
def test_no_secret_in_any_output(user, fgctl_binary, services, source, refuses):
    """Under `refuses` every service quotes all that it was told in its error."""
    home = user(source)
    services.refuses = refuses
    shown = ""
    for words in (["whoami", "--debug"], ["whoami", "--debug", "--output", "json"],
                  ["assume-role", f"{ROLE}/other", "--debug", "--", "true"], ["assume-role", "--debug", "--", "true"],
                  ["cf-status", "--set", "STACK_NAME=x", "--debug"]):
        done = home.run(fgctl_binary, *words)
        shown += done.stdout + done.stderr
    assert "marker-" not in shown
    assert "debug: " in shown or source in ("container", "instance")
