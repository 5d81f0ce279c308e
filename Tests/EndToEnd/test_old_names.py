"""The names of fgctl's predecessors: as links to the program, and as its first word."""

from __future__ import annotations

import os

import parts
import pytest
from harness import ROOT

CRON = "0 0 * * ? *"


@pytest.fixture
def link(tmp_path, fgctl_binary):
    """Makes a link of an old name to the program."""

    def make(name):
        path = tmp_path / name
        path.symlink_to(fgctl_binary)
        return path

    return make


@pytest.fixture
def old_env(job):
    """An env file as scripts of old named it, a file in the working directory."""
    (job.folder / "fg_env").write_text(
        "".join(f"export {line}\n" for line in (job.folder / "env/default").read_text().splitlines()))
    return job


@pytest.mark.parametrize("words", [
    ["build", "env", "0.1"], ["env", "build", "0.1"], ["build", "0.1", "env"], ["0.1", "build", "env"]])
def test_docker_task_builds_in_every_order(project, link, words):
    built = project.fgctl(*words, binary=link("docker_task")).expect(0)
    assert built.out == f"{project.registry}/{project.image}:0.1\n"


@pytest.mark.parametrize("name, words", [
    ("docker_task", ["env", "push", "0.1"]), ("docker-task.sh", ["push", "0.1", "env"])])
def test_docker_task_pushes(project, link, name, words):
    project.fgctl("docker-build", "0.1").expect(0)
    project.fgctl(*words, binary=link(name)).expect(0)
    tags = [image["imageTag"] for image in project.boto3("ecr").list_images(repositoryName=project.image)["imageIds"]]
    assert tags == ["0.1"]


def test_docker_task_without_a_verb(project, judge, link):
    mark = judge.mark()
    refused = project.fgctl("env", "0.1", binary=link("docker_task")).expect(64)
    assert "'build' nor 'push'" in refused.err
    assert judge.requests(since=mark) == []


@pytest.mark.parametrize("words", [["fg_env", "0.1"], ["0.1", "fg_env"]])
def test_cf_create_stack_in_both_orders(project, judge, link, words):
    parts.put_image(project, "0.1")
    (project.folder / "fg_env").write_text((project.folder / "env/default").read_text())
    plan = project.fgctl(*words, "--dry-run", binary=link("cf_create_stack")).expect(0)
    assert plan.out == project.fgctl("cf-create-stack", "fg_env", "0.1", "--dry-run").expect(0).out
    assert judge.requests(label=judge.label, mutating=True) == []


def test_ecs_run_task_with_a_remote_env_file(old_env, link):
    old_env.write("remote_env", "GREETING=old words\n")
    done = old_env.fgctl("fg_env", "remote_env", "--command", "sh -c 'echo $GREETING'", binary=link("ecs_run_task"))
    assert done.expect(0).out == "old words\n"


def all_rules(events):
    """Those of other tests too, however many."""
    return [rule for page in events.get_paginator("list_rules").paginate() for rule in page["Rules"]]


@pytest.mark.parametrize("words", [["fg_env", "{0}", CRON], ["{0}", CRON, "fg_env"], ["rule", "{0}", CRON, "fg_env"]])
def test_schedules_are_rules(old_env, link, words):
    target = f"n{old_env.suffix}"
    events = old_env.boto3("events")
    made = old_env.fgctl(*(w.format(target) for w in words), binary=link("events_schedule_create")).expect(0)
    assert ("'rule' is not used" in made.err) == (len(words) == 4)
    rules = [rule["Name"] for rule in all_rules(events) if rule["Name"].endswith(target)]
    assert len(rules) == 1
    old_env.fgctl(target, "fg_env", binary=link("events_schedule_remove")).expect(0)
    assert [rule for rule in all_rules(events) if rule["Name"].endswith(target)] == []


def test_old_names_are_commands_too(project, judge):
    built = project.fgctl("docker_task", "build", "0.1", "env").expect(0)
    assert built.out == f"{project.registry}/{project.image}:0.1\n"
    refused = project.fgctl("cf_create_stack", "envv", "0.1").expect(64)
    assert "'envv' is no ENV" in refused.err
    assert "cf_create_stack" not in project.fgctl("--help").expect(0).out


def test_every_link_is_a_name_that_is_known(project, link):
    names = [file.name for file in (ROOT / "bin").iterdir() if file.is_symlink() and os.readlink(file) == "fgctl"]
    assert {"docker_task", "cf_create_vpn", "cf_create_stack", "cf_create_task", "ecs_run_task"} <= set(names)
    for name in names:
        result = project.fgctl("--help", binary=link(name))
        # A command that is still to come is named by its new name.
        assert "USAGE: fgctl" in result.out or "is no command of fgctl" in result.err, name
        assert name not in result.err
