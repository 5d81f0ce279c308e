"""ecs-run-task of a task whose main container waits for an init container that fills a shared volume."""

import json

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
        create(job, job.stack, template, ImageUri=IMAGE)

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
