"""Version, help, wrong words, and which env file a command takes."""

import re

import pytest

COMMANDS = [
    "docker-build", "docker-push", "cf-create-vpc", "cf-create-stack", "cf-status", "ecs-run-task", "schedule-create",
    "schedule-list", "whoami"]


def test_version(project):
    result = project.fgctl("--version").expect(0)
    assert re.fullmatch(r"fgctl \d+\.\d+\.\d+\n", result.out)
    assert result.err == ""


def test_help_lists_all_commands_in_groups(project):
    result = project.fgctl("--help").expect(0)
    for word in COMMANDS + ["IMAGES", "STACKS", "TASKS", "SCHEDULES", "SETUP"]:
        assert word in result.out
    assert result.err == ""
    assert project.fgctl("help").expect(0).out == result.out


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(project, judge, command):
    mark = judge.mark()
    result = project.fgctl(command, "--help").expect(0)
    assert f"USAGE: fgctl {command}" in result.out
    assert "--env-file" in result.out
    assert result.err == ""
    assert project.fgctl("help", command).expect(0).out == result.out
    assert judge.requests(since=mark) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_unknown_flag(project, judge, command):
    mark = judge.mark()
    result = project.fgctl(command, "--no-such-flag").expect(64)
    error, hint = result.err.splitlines()
    assert error.startswith("fgctl: ")
    assert "--no-such-flag" in error
    assert hint.strip() == f"see 'fgctl {command} --help'"
    assert result.out == ""
    assert judge.requests(since=mark) == []


def test_unknown_command(project):
    result = project.fgctl("cf-creat-stack").expect(64)
    assert result.err.splitlines()[0].startswith("fgctl: ")
    assert "'cf-creat-stack' is no command of fgctl" in result.err
    assert "did you mean 'cf-create-stack'?" in result.err
    assert result.out == ""


def test_a_wrong_value_names_the_flag(project):
    assert "--output" in project.fgctl("whoami", "--output", "xml").expect(64).err
    assert "--count" in project.fgctl("ecs-run-task", "--count", "many").expect(64).err
    assert "--set takes KEY=VALUE" in project.fgctl("whoami", "--set", "STACK_NAME").expect(64).err


def test_errors_are_json_when_asked_for(project):
    for arguments in (("whoami", "--output=json", "--nope"), ("whoami", "--output", "json", "--nope")):
        result = project.fgctl(*arguments).expect(64)
        error = result.json["error"]
        assert (error["kind"], error["exitCode"]) == ("usage", 64)
        assert "--nope" in error["message"]
        assert error["message"] in result.err


# --- ENV ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def env_of(project):
    """The env file that whoami took, and its region."""
    for name, region in (("default", "us-east-1"), ("production", "eu-west-1"), ("staging", "eu-west-2")):
        project.write_env(name, AWS_REGION=region)

    def ask(*arguments, **options):
        report = project.fgctl("whoami", "--output=json", *arguments, **options).expect(0).json
        return report.get("envFile"), report["region"]
    return ask


def test_default_env_is_looked_for_upward(project, env_of):
    assert env_of() == ("env/default", "us-east-1")
    (project.folder / "src/deep").mkdir(parents=True)
    assert env_of(cwd="src/deep") == ("../../env/default", "us-east-1")


def test_the_walk_ends_at_git(project, judge):
    (project.folder / "inner/.git").mkdir(parents=True)
    mark = judge.mark()
    project.fgctl("whoami", cwd="inner").expect(64)
    result = project.fgctl("cf-status", cwd="inner").expect(64)
    assert "no env file was found" in result.err
    assert judge.requests(since=mark) == []


@pytest.mark.parametrize("word", ["production", "env/production", "./env/production"])
def test_env_by_word_and_by_flag(env_of, word):
    for arguments in ((word,), ("-e", word), ("--env-file", word)):
        path, region = env_of(*arguments)
        assert path.endswith("env/production")
        assert region == "eu-west-1"


def test_env_by_folder_and_absolute_path(project, env_of):
    assert env_of("env")[1] == "us-east-1"
    assert env_of("-e", "env/") == ("env/default", "us-east-1")
    path = str(project.folder / "env/staging")
    assert env_of(path) == (path, "eu-west-2")


def test_fgctl_env(project, env_of):
    assert env_of(env={"FGCTL_ENV": "staging"})[1] == "eu-west-2"
    assert env_of("production", env={"FGCTL_ENV": "staging"})[1] == "eu-west-1"
    assert env_of("-e", "production", env={"FGCTL_ENV": "staging"})[1] == "eu-west-1"
    assert env_of(env={"FGCTL_ENV": ""})[1] == "us-east-1"
    result = project.fgctl("whoami", env={"FGCTL_ENV": "nowhere"}).expect(64)
    assert "FGCTL_ENV 'nowhere'" in result.err


@pytest.mark.parametrize("arguments", [
    ("whoami", "producton"), ("whoami", "-e", "producton"), ("cf-create-vpc", "producton"),
    ("cf-create-stack", "producton", "0.1"), ("cf-create-stack", "producton"), ("ecs-run-task", "producton"),
    ("cf-status", "producton")])
def test_a_misspelt_env_never_acts_on_the_default_one(project, judge, env_of, arguments):
    mark = judge.mark()
    result = project.fgctl(*arguments).expect(64)
    assert "'producton'" in result.err
    assert "did you mean 'production'?" in result.err
    assert judge.requests(since=mark) == []


def test_env_given_twice(project, judge, env_of):
    mark = judge.mark()
    result = project.fgctl("whoami", "production", "-e", "staging").expect(64)
    assert "ENV is given twice" in result.err
    assert judge.requests(since=mark) == []


@pytest.mark.parametrize(("text", "said"), [
    ("A=1\nB=$(id)\n", "env/default:2:"), ("A=`id`\n", "env/default:1:"), ("A=1\n\nnonsense\n", "env/default:3:"),
    ("A='open\n", "env/default:1:")])
def test_a_bad_env_file_is_named_with_its_line(project, judge, text, said):
    project.write("env/default", text)
    mark = judge.mark()
    result = project.fgctl("whoami").expect(65)
    assert result.err.startswith(f"fgctl: {said}")
    assert "uid=" not in result.err
    assert judge.requests(since=mark) == []


def test_a_misspelt_key_is_warned_about(project):
    project.write_env(STACK_NAM="x")
    result = project.fgctl("whoami").expect(0)
    assert "warning: env/default:10: fgctl knows no key STACK_NAM; did you mean STACK_NAME?" in result.err
    assert "did you mean STACK_NAME" in project.fgctl("whoami", "--set", "STACK_NAM=x").expect(0).err


def test_missing_keys_are_named(project, judge):
    project.write_env(STACK_NAME=None, PARENT_STACK_NAME=None)
    mark = judge.mark()
    assert "PARENT_STACK_NAME is not set" in project.fgctl("cf-create-vpc").expect(64).err
    assert "STACK_NAME is not set" in project.fgctl("cf-create-stack", "0.1").expect(64).err
    assert "STACK_NAME is not set" in project.fgctl("ecs-run-task").expect(64).err
    assert judge.requests(since=mark) == []
