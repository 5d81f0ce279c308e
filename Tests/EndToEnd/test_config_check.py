"""config-check: what is said of Dagster's files, where variables are looked for, and that AWS is asked only when it has to be."""

import json

import pytest
import schemas

WORKSPACE = "load_from:\n- grpc_server:\n    host: {env: CODE_HOST}\n    port: 4000\n    location_name: code\n"
INSTANCE = "storage: {postgres: {postgres_url: {env: DATABASE_URL}}}\n"


@pytest.fixture
def config(project):
    project.write("config/workspace.yaml", WORKSPACE)
    project.write("config/dagster.yaml", INSTANCE)
    return project


def register(project, *variables, container="webserver", secrets=()):
    ecs, family = project.boto3("ecs"), f"{project.stack}-{container}"
    arn = ecs.register_task_definition(family=family, containerDefinitions=[
        {"name": "config", "image": "busybox:local", "essential": False, "environment": [{"name": "CODE_HOST", "value": "x"}]},
        {"name": container, "image": "busybox:local",
         "environment": [{"name": name, "value": "x"} for name in variables],
         "secrets": [{"name": name, "valueFrom": f"arn:aws:ssm:us-east-1:000000000000:parameter/{name}"} for name in secrets]},
    ])["taskDefinition"]["taskDefinitionArn"]
    project.on_cleanup(family, lambda: ecs.deregister_task_definition(taskDefinition=arn))
    return family


def test_good_files(config, judge):
    result = config.fgctl("config-check").expect(0)
    assert result.out == ""
    assert "check config: dagster.yaml, workspace.yaml read, 0 errors, 0 warnings, 2 variables taken" in result.err
    assert judge.requests(label=judge.label) == []


def test_all_errors_are_listed_with_their_places(config, judge):
    config.write("config/workspace.yaml", "load_from:\n- grpc_server: {hots: u, port: '4000'}\n- python_fil: a.py\n")
    config.write("config/dagster.yaml", INSTANCE + "telemetry: {enabled: 1}\n")
    result = config.fgctl("config-check").expect(65)
    assert result.out.splitlines() == [
        "config/dagster.yaml:2:22: error: telemetry.enabled is a whole number, true or false is wanted",
        "config/workspace.yaml:2:16: warning: load_from[0].grpc_server has no host: Dagster looks for it on localhost "
        "(on Fargate each service is a host of its own; give its discovery name)",
        "config/workspace.yaml:2:17: error: load_from[0].grpc_server: unknown key hots (did you mean host?)",
        "config/workspace.yaml:2:32: error: load_from[0].grpc_server.port is text, a whole number or {env: NAME} is wanted",
        "config/workspace.yaml:3:3: error: load_from[1]: unknown key python_fil (did you mean python_file?)",
    ]
    assert "fgctl: check config: 4 errors, 1 warning" in result.err
    told = config.fgctl("config-check", "--output", "json").expect(65)
    schemas.check(told.json, "config-check")
    assert (told.json["errors"], told.json["warnings"], len(told.json["findings"])) == (4, 1, 5)
    assert told.json["findings"][0] == {
        "severity": "error", "file": "config/dagster.yaml", "line": 2, "column": 22,
        "message": "telemetry.enabled is a whole number, true or false is wanted"}
    assert judge.requests(label=judge.label) == []


def test_warnings_pass_unless_strict(config):
    config.write("config/workspace.yaml", "load_from:\n- python_file: jobs.py\n")
    result = config.fgctl("config-check").expect(0)
    assert "config/workspace.yaml:2:16: warning: load_from[0].python_file: there is no jobs.py" in result.out
    config.fgctl("config-check", "--strict").expect(65)
    config.write("config/jobs.py", "")
    config.fgctl("config-check", "--strict").expect(0)


def test_the_folder(config):
    config.write("other/deep/dagster.yaml", INSTANCE)
    config.write("other/.releases/dagster.yaml", "nonsense: 1\n")
    config.write("empty/readme.txt", "")
    assert "check other: deep/dagster.yaml read" in config.fgctl("config-check", "other").expect(0).err
    assert "check config/dagster.yaml: dagster.yaml read" in config.fgctl("config-check", "config/dagster.yaml").expect(0).err
    assert "other/deep/dagster.yaml read" in config.fgctl("config-check", ".").expect(0).err
    config.write_env(CONFIG_DIR="other")
    assert "check other: " in config.fgctl("config-check").expect(0).err
    # The key counts from the project's root, the word from the working directory.
    assert "check ..: " in config.fgctl("config-check", cwd="other/deep").expect(0).err
    refused = config.fgctl("config-check", "empty").expect(65)
    assert "check empty: there is neither a workspace.yaml nor a dagster.yaml" in refused.err
    assert "there is no such folder" in config.fgctl("config-check", "nosuch").expect(65).err


def test_variables_of_a_task_definition(config, judge):
    family = register(config, "CODE_HOST", secrets=["DATABASE_URL"])
    config.fgctl("config-check", "--task-definition", family).expect(0)
    lacking = register(config, "CODE_HOST", container="daemon")
    result = config.fgctl("config-check", "--task-definition", family, "--task-definition", lacking).expect(65)
    assert result.out.splitlines() == [
        f"config/dagster.yaml:1:42: error: variable DATABASE_URL is not set by task definition {lacking}:1, container daemon "
        "(where the image itself sets it, say --env DATABASE_URL)"]
    config.fgctl("config-check", "--task-definition", lacking, "--env", "DATABASE_URL").expect(0)
    config.fgctl("config-check", "--task-definition", lacking, "--container", "config").expect(65)
    assert "no container is named nobody" in config.fgctl(
        "config-check", "--task-definition", lacking, "--container", "nobody").expect(1).err
    assert "nosuch" in config.fgctl("config-check", "--task-definition", f"{config.stack}-nosuch").expect(1).err
    assert judge.requests(label=judge.label, mutating=True) == []


def test_variables_of_files(config):
    config.write("env/container", "# comment\nCODE_HOST=usercode\nDATABASE_URL\n")
    config.fgctl("config-check", "--env-names", "env/container").expect(0)
    config.write("env/container", "CODE_HOST=usercode\n")
    result = config.fgctl("config-check", "--env-names", "env/container", "--output", "json").expect(65)
    schemas.check(result.json, "config-check")
    assert result.json["environments"] == ["env/container"]
    assert [f["message"] for f in result.json["findings"]] == ["variable DATABASE_URL is not set by env/container"]
    config.fgctl("config-check", "--env-names", "nosuch").expect(65)
    config.fgctl("config-check", "--env", "A=b").expect(64)
    config.fgctl("config-check", "--container", "webserver").expect(64)


def test_variables_of_the_stack(job):
    job.write("config/dagster.yaml", INSTANCE)
    result = job.fgctl("config-check", "--stack").expect(65)
    assert f"variable DATABASE_URL is not set by task definition {job_family(job)}:" in result.out
    job.fgctl("config-check", "--stack", "--env", "DATABASE_URL").expect(0)


def job_family(job):
    return next(line.split("=", 1)[1] for line in (job.folder / "env/default").read_text().splitlines()
                if line.startswith("STACK_NAME="))


def test_secrets_are_not_shown(config):
    config.write("config/dagster.yaml", "storage: {postgres: {postgres_db: {username: u, hostname: h, db_name: d, password: 918273}}}\n")
    for options in ((), ("--output", "json"), ("--debug",)):
        result = config.fgctl("config-check", *options).expect(65)
        assert "918273" not in result.out + result.err
    assert json.loads(config.fgctl("config-check", "--output", "json").out)["errors"] == 1
