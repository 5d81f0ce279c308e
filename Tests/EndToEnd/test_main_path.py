"""The main job as README tells it, from a Dockerfile to a schedule, and what the AWS CLI then sees."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import harness

AWS = Path(sys.executable).parent / "aws"


def aws(project, *arguments):
    """The AWS CLI at local AWS, past the judge."""
    environment = project.environment | {
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": harness.REGION,
        "AWS_ENDPOINT_URL": project.local_aws, "AWS_PAGER": ""}
    done = subprocess.run(
        [str(AWS), *arguments, "--output", "json"], env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, f"aws {' '.join(arguments)}: {done.stderr}"
    return json.loads(done.stdout)


def test_from_dockerfile_to_schedule(project, judge):
    stack = project.stack
    image = f"{project.registry}/{project.image}:0.1"
    project.write("job.sh", 'echo "hello from the job"\necho "triggered at: $TASK_TRIGGERED_AT"\n')
    project.write("Dockerfile", f'FROM busybox:local\nLABEL fgctl.test={project.suffix}\nCOPY job.sh /job/job.sh\n'
                                'CMD ["sh", "/job/job.sh"]\n')

    # Before the image is in ECR a stack for it is refused, and nothing is sent.
    refused = project.fgctl("cf-create-stack", "env", "0.1").expect(1)
    assert f"find image {project.image}:0.1" in refused.err and "fgctl docker-build" in refused.err
    assert judge.requests(label=judge.label, mutating=True) == []

    assert project.fgctl("docker-build", "env", "0.1").expect(0).out == f"{image}\n"
    assert project.fgctl("docker-push", "env", "0.1").expect(0).out.startswith(f"{image}@sha256:")
    assert "SubnetIds = " in project.fgctl("cf-create-vpc", "env").expect(0).out
    made = project.fgctl("cf-create-stack", "env", "0.1").expect(0)
    assert f"stack {stack} created" in made.err and f"ImageUri = {image}" in made.out

    ran = project.fgctl("ecs-run-task", "env").expect(0)
    lines = ran.out.splitlines()
    assert lines[0] == "hello from the job"
    assert re.fullmatch(r"triggered at: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*", lines[1])
    other = project.fgctl("ecs-run-task", "--command", 'sh -c "echo hi; exit 7"').expect(7)
    assert other.out == "hi\n"

    assert "cron(0 0 * * ? *)" in project.fgctl("schedule-create", "env", "0 0 * * ? *").expect(0).out

    # Each line again: told that it is so, nothing changes.
    mark = judge.mark()
    assert "already pushed" in project.fgctl("docker-push", "env", "0.1").expect(0).err
    assert "already as asked" in project.fgctl("cf-create-vpc", "env").expect(0).err
    assert "already as asked" in project.fgctl("cf-create-stack", "env", "0.1").expect(0).err
    assert "unchanged" in project.fgctl("schedule-create", "0 0 * * ? *").expect(0).err
    assert judge.requests(since=mark, mutating=True) == []
    status = project.fgctl("cf-status", "--output", "json").expect(0).json
    assert {s["name"]: s["status"] for s in status["stacks"]} == {
        stack: "CREATE_COMPLETE", project.parent_stack: "CREATE_COMPLETE"}

    seen_by_aws_cli(project, image)


def seen_by_aws_cli(project, image):
    stack = project.stack
    [found] = aws(project, "cloudformation", "describe-stacks", "--stack-name", stack)["Stacks"]
    assert found["StackStatus"] == "CREATE_COMPLETE"
    assert {t["Key"]: t["Value"] for t in found["Tags"]}.items() >= {
        "fgctl:stack": stack, "fgctl:env": "default"}.items()
    definition = aws(project, "ecs", "describe-task-definition", "--task-definition", stack)["taskDefinition"]
    assert [(c["name"], c["image"]) for c in definition["containerDefinitions"]] == [(stack, image)]
    schedule = aws(project, "scheduler", "get-schedule", "--name", stack, "--group-name", stack)
    assert (schedule["ScheduleExpression"], schedule["GroupName"]) == ("cron(0 0 * * ? *)", stack)
    events = aws(project, "logs", "filter-log-events", "--log-group-name", f"/ecs/{stack}")["events"]
    messages = [event["message"] for event in events]
    assert {"hello from the job", "hi"} <= set(messages)
    images = aws(project, "ecr", "describe-images", "--repository-name", project.image)["imageDetails"]
    assert [i["imageTags"] for i in images] == [["0.1"]]
