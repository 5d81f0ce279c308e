"""ecs-run-task of a task whose main container waits for an init container that fills a shared volume."""

import json
import re
import shutil
import subprocess

import pytest
from parts import IMAGE, TEMPLATES, create

_MAIN = """        - Name: !Ref AWS::StackName
          Image: !Ref ImageUri
          Essential: true
"""
_WITH_INIT = """        - Name: config
          Image: {image}
          Essential: false
          Command: [sh, -c, {script}]
          Environment:
            - {{Name: STACK_NAME, Value: !Ref AWS::StackName}}
            - {{Name: S3_BUCKET, Value: !Ref BucketName}}
            - {{Name: AWS_REGION, Value: !Ref AWS::Region}}
          StartTimeout: 60
          MountPoints: [{{SourceVolume: config, ContainerPath: /config}}]
          LogConfiguration:
            LogDriver: awslogs
            Options:
              awslogs-group: !Ref LogGroup
              awslogs-region: !Ref AWS::Region
              awslogs-stream-prefix: ecs
""" + _MAIN + """          User: "65534"
          DependsOn: [{{ContainerName: config, Condition: SUCCESS}}]
          MountPoints: [{{SourceVolume: config, ContainerPath: /config, ReadOnly: true}}]
"""
_DEFINITION = """      Family: !Ref AWS::StackName
"""


@pytest.fixture
def with_init(job, standing_stacks):
    """Makes the project's task stack: fgctl's own template with an init container that runs this script."""
    job.write_env(STACK_NAME=job.stack, PARENT_STACK_NAME=standing_stacks.parent_stack)

    def make(script, image=IMAGE):
        template = (TEMPLATES / "task.yaml").read_text()
        for old, new in (
                (_MAIN, _WITH_INIT.format(image=image, script=json.dumps(script))),
                (_DEFINITION, _DEFINITION + "      Volumes: [{Name: config}]\n")):
            assert template.count(old) == 1
            template = template.replace(old, new)
        create(job, job.stack, template, ImageUri=IMAGE, BucketName=job.bucket)

    return make


def test_another_user_reads_what_the_init_container_wrote(job, with_init):
    with_init("sleep 1; echo from the release >/config/file; chmod 644 /config/file; echo pulled")
    script = 'sh -c "id -u; cat /config/file; echo x 2>/dev/null >/config/other || echo sealed"'
    result = job.fgctl("ecs-run-task", "--command", script).expect(0)
    lines = [line.partition(": ")[2] for line in result.out.splitlines()]
    assert sorted(lines) == ["65534", "from the release", "pulled", "sealed"]


def test_a_failed_init_container_is_the_cause(job, with_init):
    with_init("echo looking; echo release 12ab34cd is not there; exit 1")
    result = job.fgctl("ecs-run-task", "--command", "echo never").expect(125)
    cause = (f"container config, which {job.stack} waits for (SUCCESS), ended with 1: release 12ab34cd is not there")
    assert "failedToStart: " in result.err and cause in result.err
    assert result.err.count(cause) == 1
    assert "never" not in result.out


def test_a_failed_init_container_in_json(job, with_init):
    with_init("echo release 12ab34cd is not there; exit 1")
    result = job.fgctl("--output", "json", "ecs-run-task", "--command", "echo never").expect(125)
    report = json.loads(result.out)
    [task] = report["tasks"]
    assert (report["exitCode"], task["outcome"], task.get("exitCode")) == (125, "failedToStart", None)
    assert task["failedDependency"] == {
        "container": "config", "dependent": job.stack, "condition": "SUCCESS", "exitCode": 1, "timedOut": False,
        "lastLines": ["release 12ab34cd is not there"]}
    assert task["cause"].endswith("ended with 1: release 12ab34cd is not there")


# --- config of a release ---------------------------------------------------------------------------------------------


@pytest.fixture
def config(job):
    """The project with a bucket of its own and a folder of config."""
    if "config-pull" not in job.fgctl("--help").out:
        pytest.skip("this fgctl has no config-pull")
    s3 = job.boto3("s3")
    s3.create_bucket(Bucket=job.bucket)

    def empty():
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=job.bucket):
            for entry in page.get("Contents", []):
                s3.delete_object(Bucket=job.bucket, Key=entry["Key"])
        s3.delete_bucket(Bucket=job.bucket)

    job.on_cleanup("bucket", empty)
    job.write("config/dagster.yaml", "telemetry: {enabled: false}\n")
    job.write("config/sub/a b", "odd\n")
    return job


@pytest.fixture
def sidecar(job, fgctl_binary, tmp_path):
    """An image with the fgctl that is tested and what it loads, as bin/image makes one of the release binary."""
    folder = tmp_path / "sidecar"
    folder.mkdir()
    shutil.copy(fgctl_binary, folder / "fgctl")
    linked = subprocess.run(["ldd", str(fgctl_binary)], capture_output=True, text=True, check=True, timeout=240).stdout
    lines = ["FROM busybox:local", "COPY fgctl /usr/bin/fgctl"]
    for number, library in enumerate(dict.fromkeys(re.findall(r"(?:=> )?(/\S+) \(0x", linked))):
        shutil.copy(library, folder / str(number))
        lines.append(f"COPY {number} {library}")
    (folder / "Dockerfile").write_text("\n".join(lines) + "\n")
    name = f"{job.image}-sidecar:0.1"
    subprocess.run(["docker", "build", "-q", "-t", name, str(folder)], check=True, capture_output=True, timeout=240)
    yield name
    subprocess.run(["docker", "rmi", "-f", name], check=True, capture_output=True, timeout=240)


def test_a_release_is_there_before_the_main_container_starts(config, with_init, sidecar):
    # Where config lies in S3 goes by the stack's name, which with_init has set.
    release = config.fgctl("config-push", "--no-check", "--output", "json").expect(0).json["release"]
    with_init(f"exec fgctl config-pull /config --release {release} --timeout 60s", image=sidecar)
    result = config.fgctl(
        "ecs-run-task", "--command", 'sh -c "id -u; cat /config/current/dagster.yaml; cat \'/config/current/sub/a b\'"').expect(0)
    lines = [line.partition(": ")[2] for line in result.out.splitlines() if line.startswith(config.stack)]
    assert lines == ["65534", "telemetry: {enabled: false}", "odd"]


def test_a_missing_release_is_the_cause(config, with_init, sidecar):
    missing = "0" * 64
    config.fgctl("config-push", "--no-check").expect(0)
    with_init(f"exec fgctl config-pull /config --release {missing} --timeout 20s", image=sidecar)
    result = config.fgctl("--output", "json", "ecs-run-task", "--command", "echo never").expect(125)
    [task] = result.json["tasks"]
    assert task["failedDependency"]["container"] == "config"
    assert task["failedDependency"]["exitCode"] == 1
    assert missing[:8] in task["cause"], task
    assert "never" not in result.err
