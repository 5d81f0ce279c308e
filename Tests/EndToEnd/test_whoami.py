"""whoami: account, identity, region, and which layer each came from."""

import pytest

NO_KEYS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}


@pytest.fixture
def key(project, judge):
    """Makes a pair of keys that the judge can verify, with names of its own."""
    def make(name):
        pair = {"AWS_ACCESS_KEY_ID": f"AKIA{name}{project.suffix}".upper(), "AWS_SECRET_ACCESS_KEY": f"secret-{name}"}
        judge.know(pair["AWS_ACCESS_KEY_ID"], pair["AWS_SECRET_ACCESS_KEY"])
        return pair
    return make


def profile_files(project, credentials="", config=""):
    folder = project.home / ".aws"
    folder.mkdir()
    (folder / "credentials").write_text(credentials)
    (folder / "config").write_text(config)


def section(name, pair):
    return f"[{name}]\n" + "".join(f"{key.lower()} = {value}\n" for key, value in pair.items())


def asked_with(judge, mark):
    [request] = judge.requests(since=mark)
    assert (request.service, request.operation) == ("sts", "GetCallerIdentity")
    return request


def test_text(project, judge):
    result = project.fgctl("whoami").expect(0)
    lines = dict(line.split(None, 1) for line in result.out.splitlines())
    assert lines["account"] == "000000000000"
    assert lines["identity"].startswith("arn:aws:")
    assert lines["region"] == "us-east-1  (env/default:4)"
    assert lines["credentials"] == "test  (env file env/default)"
    assert lines["endpoint"] == f"{judge.url}  (env/default:1)"
    assert result.err == ""


def test_json(project, judge):
    report = project.fgctl("whoami", "--output", "json").expect(0).json
    caller = project.boto3("sts").get_caller_identity()
    assert (report["account"], report["arn"], report["userID"]) == (caller["Account"], caller["Arn"], caller["UserId"])
    assert report["credentialsSource"] == "env file env/default"
    assert (report["region"], report["endpoint"], report["envFile"]) == ("us-east-1", judge.url, "env/default")
    assert "secret" not in str(report).lower()


def test_the_highest_layer_that_names_credentials_gives_all_of_them(project, judge, key):
    in_file, in_environment, in_set, in_default, in_dev = (key(n) for n in ("file", "env", "set", "default", "dev"))
    profile_files(
        project, section("default", in_default) + section("dev", in_dev),
        "[profile dev]\nregion = eu-west-1\n[default]\nregion = eu-north-1\n")
    token = {"AWS_SESSION_TOKEN": "of-the-environment"}

    def check(wanted, source, *arguments, **environment):
        mark = judge.mark()
        report = project.fgctl("whoami", "--output=json", *arguments, env=environment).expect(0).json
        request = asked_with(judge, mark)
        assert report["accessKeyID"] == request.access_key == wanted["AWS_ACCESS_KEY_ID"]
        assert source in report["credentialsSource"]
        return report, request

    # From the highest to the lowest.
    project.write_env(**in_file)
    report, _ = check(in_dev, "profile dev", "--profile", "dev", "--set", "AWS_ACCESS_KEY_ID=half", **in_environment)
    assert report["region"] == "us-east-1"  # the region is no part of the group
    sets = [word for name, value in in_set.items() for word in ("--set", f"{name}={value}")]
    check(in_set, "--set", *sets, **in_environment)
    _, request = check(in_file, "env file env/default", **in_environment, **token)
    assert request.header("X-Amz-Security-Token") is None
    project.write_env(**NO_KEYS, AWS_PROFILE="dev", AWS_REGION=None)
    report, _ = check(in_dev, "profile dev", **in_environment)
    assert report["region"] == "eu-west-1"
    assert "profile dev" in report["regionSource"]
    project.write_env(**NO_KEYS)
    check(in_environment, "environment", **in_environment)
    project.write_env(**NO_KEYS, AWS_REGION=None)
    report, _ = check(in_default, "profile default")
    assert report["region"] == "eu-north-1"


@pytest.mark.parametrize("half", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"])
def test_half_a_group_is_never_completed_from_below(project, judge, key, half):
    lower = key("low")
    project.write_env(**NO_KEYS | {half: "half-of-it"})
    mark = judge.mark()
    result = project.fgctl("whoami", env=lower).expect(4)
    assert "incomplete" in result.err
    assert "env file env/default" in result.err
    assert result.out == ""
    assert judge.requests(since=mark) == []


def test_no_credentials_lists_all_sources(project, judge):
    project.write_env(**NO_KEYS)
    mark = judge.mark()
    result = project.fgctl("whoami").expect(4)
    first, _ = result.err.split("\n", 1)
    for source in ("command line", "--set", "env file env/default", "environment", "profile files",
                   f"{project.home}/.aws/credentials", "container endpoint"):
        assert source in first
    assert judge.requests(since=mark) == []


def test_unknown_profile(project):
    result = project.fgctl("whoami", "--profile", "nobody").expect(4)
    assert "profile 'nobody' (--profile) is not in" in result.err


def test_malformed_profile_file(project):
    profile_files(project, "[default\n")
    project.write_env(**NO_KEYS)
    result = project.fgctl("whoami").expect(65)
    assert f"{project.home}/.aws/credentials:1:" in result.err


def test_refused_credentials(project, judge):
    judge.inject("sts", status=403, code="InvalidClientTokenId", message="The security token is invalid.")
    result = project.fgctl("whoami").expect(4)
    assert "InvalidClientTokenId" in result.err
    judge.inject("sts", status=403, code="ExpiredToken", message="The security token is expired.")
    error = project.fgctl("whoami", "--output", "json").expect(4).json["error"]
    assert (error["kind"], error["exitCode"]) == ("credentials", 4)


@pytest.mark.parametrize(("arguments", "environment", "origin"), [
    (("--region", "eu-west-3"), {}, "--region"),
    (("--set", "AWS_REGION=eu-west-3"), {}, "--set AWS_REGION"),
    (("--set", "AWS_DEFAULT_REGION=eu-west-3"), {}, "--set AWS_DEFAULT_REGION"),
])
def test_region_above_the_env_file(project, judge, arguments, environment, origin):
    mark = judge.mark()
    report = project.fgctl("whoami", "--output", "json", *arguments, env=environment).expect(0).json
    assert (report["region"], report["regionSource"]) == ("eu-west-3", origin)
    assert "/eu-west-3/sts/" in asked_with(judge, mark).header("Authorization")


def test_region_below_the_env_file(project):
    assert project.fgctl("whoami", "--output=json", env={"AWS_REGION": "eu-west-3"}).json["region"] == "us-east-1"
    project.write_env(AWS_REGION=None)
    report = project.fgctl("whoami", "--output=json", env={"AWS_REGION": "eu-west-3"}).expect(0).json
    assert (report["region"], report["regionSource"]) == ("eu-west-3", "environment AWS_REGION")


def test_no_region(project, judge):
    project.write_env(AWS_REGION=None)
    mark = judge.mark()
    result = project.fgctl("whoami").expect(64)
    assert "no AWS region is set" in result.err
    assert "--region" in result.err
    assert judge.requests(since=mark) == []


def test_nobody_at_the_endpoint(project):
    result = project.fgctl("whoami", "--endpoint-url", "http://127.0.0.1:1", env={"AWS_MAX_ATTEMPTS": "1"}).expect(1)
    assert "127.0.0.1:1" in result.err
    assert result.err.count("\n") <= 2


def test_trace_shows_no_secret(project, judge):
    judge.know("AKIATRACED", "very-secret-key", "very-secret-token")
    project.write_env(**NO_KEYS)
    result = project.fgctl("whoami", "--debug", env={
        "AWS_ACCESS_KEY_ID": "AKIATRACED", "AWS_SECRET_ACCESS_KEY": "very-secret-key",
        "AWS_SESSION_TOKEN": "very-secret-token"}).expect(0)
    assert "GetCallerIdentity" in result.err
    assert "very-secret" not in result.err + result.out


@pytest.mark.parametrize(("command", "code"), [
    (("cf-create-vpc",), 1), (("cf-create-stack", "0.1"), 1), (("ecs-run-task",), 125)])
def test_another_account_is_refused_before_any_change(job, judge, standing_stacks, command, code):
    job.write_env(
        AWS_ACCOUNT_ID="111111111111", STACK_NAME=standing_stacks.stack, PARENT_STACK_NAME=standing_stacks.parent_stack)
    mark = judge.mark()
    result = job.fgctl(*command).expect(code)
    assert "the credentials belong to account 000000000000, but AWS_ACCOUNT_ID is 111111111111" in result.err
    assert result.out == ""
    assert judge.requests(since=mark, mutating=True) == []


def test_account_id_must_be_one(project, judge):
    project.write_env(AWS_ACCOUNT_ID="12345")
    mark = judge.mark()
    result = project.fgctl("cf-create-vpc").expect(65)
    assert "env/default:10: AWS_ACCOUNT_ID '12345' is no account id" in result.err
    assert judge.requests(since=mark) == []
