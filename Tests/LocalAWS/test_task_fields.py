"""Members of a task (bin/lib/local_aws/overlay/task_fields.py)."""

from conftest import client


def test_a_running_task_has_no_stop_members_and_its_family_as_group(lab):
    arn = lab.run(lab.shell("exec sleep 600", stopTimeout=2))
    task = lab.status(arn, "RUNNING")
    assert {"stopCode", "stoppedReason", "stoppedAt", "startedBy"}.isdisjoint(task)
    assert "exitCode" not in task["containers"][0]
    assert task["group"] == f"family:{lab.name}-0"
    assert lab.ecs.list_tasks(cluster=lab.name)["taskArns"] == [arn]


def test_started_by_is_kept_and_found(lab):
    arn = lab.run(lab.shell("exec sleep 600", stopTimeout=2), startedBy="me")
    assert lab.status(arn, "RUNNING")["startedBy"] == "me"
    assert lab.ecs.list_tasks(cluster=lab.name, startedBy="me")["taskArns"] == [arn]
    assert lab.ecs.list_tasks(cluster=lab.name, startedBy="you")["taskArns"] == []


def test_times_have_milliseconds(lab):
    tasks = [lab.finish(lab.shell("exit 0")) for _ in range(2)]
    assert any(task[name].microsecond for task in tasks for name in ("createdAt", "startedAt", "stoppedAt"))


def test_the_digest_is_the_one_in_ecr(lab, image):
    name = image('CMD ["true"]')
    task = lab.finish(lab.define({"image": name}))
    repository = name.split("/", 1)[1].split(":")[0]
    pushed = client("ecr").describe_images(repositoryName=repository)["imageDetails"][0]["imageDigest"]
    assert task["containers"][0]["imageDigest"] == pushed
