"""docker-run and docker-promote, with a real engine and local AWS's registry."""

from __future__ import annotations

import os
import re
import subprocess

import parts
import pytest
from processes import wait_until
from recorder import DockerRecorder


@pytest.fixture
def recorder(project, tmp_path):
    return DockerRecorder(tmp_path, os.environ["PATH"])


@pytest.fixture
def built(project):
    project.fgctl("docker-build", "0.1").expect(0)
    return project


def test_runs_what_was_built(built, judge):
    mark = judge.mark()
    done = built.fgctl("docker-run", "env", "0.1").expect(0)
    assert done.out == f"hello from {built.stack}\n"
    assert judge.requests(since=mark) == []


def test_the_containers_code_and_variables(built):
    built.write("remote_env", "GREETING=from the file\nPATH_TO=x\n")
    done = built.fgctl(
        "docker-run", "0.1", "--remote-env-file", "remote_env", "--set-env", "MODE=full day",
        "--command", "sh -c 'echo $GREETING $MODE ${AWS_ACCESS_KEY_ID:-none}; exit 9'").expect(9)
    assert done.out == "from the file full day none\n"


def test_credentials_on_request_only(built, recorder):
    built.write_env(AWS_SECRET_ACCESS_KEY="hidden-word")
    done = built.fgctl(
        "docker-run", "0.1", "--with-credentials", "--command",
        "sh -c 'echo $AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY $AWS_REGION'", env=recorder.env).expect(0)
    assert done.out == "test hidden-word us-east-1\n"
    assert "hidden-word" not in done.err
    assert not [call for call in recorder.calls if "hidden-word" in call]


def test_an_image_that_only_ecr_has(built):
    built.fgctl("docker-push", "0.1").expect(0)
    names = [f"{built.registry}/{built.image}:0.1", f"{built.image}:0.1"]
    subprocess.run(["docker", "rmi", "--force", *names], capture_output=True, check=True, timeout=240)
    done = built.fgctl("docker-run", "0.1").expect(0)
    assert done.out == f"hello from {built.stack}\n"
    assert f"pull {names[0]}" in done.err


def test_ctrl_c_reaches_the_container(built, recorder):
    running = built.start("docker-run", "0.1", "--command", "sh -c 'echo up; sleep 600'", env=recorder.env)
    running.line("^up$", stream="out")
    running.interrupt()
    assert running.wait(30).code == 130
    name = recorder.called("run")[0].split("--name ")[1].split()[0]

    def left():
        return subprocess.run(
            ["docker", "ps", "-aq", "--filter", f"name={name}"], capture_output=True, text=True, timeout=240, check=True).stdout
    # Docker goes on to list what it is removing.
    wait_until("the container gone", lambda: left() == "")


def test_usage_and_missing_images(project, judge):
    mark = judge.mark()
    project.fgctl("docker-run").expect(64)
    project.fgctl("docker-run", "env").expect(64)
    project.fgctl("docker-run", "envv", "0.1").expect(64)
    assert judge.requests(since=mark) == []
    plan = project.fgctl("docker-run", "0.1", "--dry-run").expect(0).out
    assert plan.startswith("docker run --rm --init --name fgctl-run-")
    missing = project.fgctl("docker-run", "0.7").expect(125)
    assert "pull" in missing.err and "fgctl docker-build 0.7" in missing.err


# --- docker-promote -------------------------------------------------------------------------------------------------


def images_of(project, repository=None):
    """The digest behind each tag."""
    found = project.boto3("ecr").describe_images(repositoryName=repository or project.image)["imageDetails"]
    return {tag: image["imageDigest"] for image in found for tag in image.get("imageTags", [])}


def test_promotes_within_the_repository(project, judge):
    parts.put_image(project, "0.4")
    digest = images_of(project)["0.4"]
    plan = project.fgctl("docker-promote", "0.4", "1.0", "--dry-run").expect(0)
    assert len(plan.out.splitlines()) == 2
    assert set(images_of(project)) == {"0.4"}
    done = project.fgctl("docker-promote", "env", "0.4", "1.0", "--output", "json").expect(0).json
    assert done["digest"] == digest and done["promoted"] is True
    assert re.fullmatch(r"\d{8}T\d{6}Z", done["stamp"])
    assert images_of(project) == {"0.4": digest, "1.0": digest, done["stamp"]: digest}
    mark = judge.mark()
    again = project.fgctl("docker-promote", "0.4", "1.0").expect(0)
    assert again.out == f"{project.registry}/{project.image}:1.0@{digest}\n"
    assert judge.requests(since=mark, mutating=True) == []


def test_immutable_tags_are_explained(project, judge):
    ecr = project.boto3("ecr")
    ecr.create_repository(repositoryName=project.image, imageTagMutability="IMMUTABLE")
    parts.put_image(project, "0.4", "1.0")
    mark = judge.mark()
    refused = project.fgctl("docker-promote", "0.4", "1.0").expect(1)
    assert "immutable" in refused.err and "--to-repository" in refused.err
    assert judge.requests(since=mark, mutating=True) == []


def test_promotes_to_another_repository(built):
    built.fgctl("docker-push", "0.1").expect(0)
    other = f"{built.image}-prod"
    ecr = built.boto3("ecr")
    built.on_cleanup("delete other repository", lambda: ecr.delete_repository(repositoryName=other, force=True))
    done = built.fgctl("docker-promote", "0.1", "1.0", "--to-repository", other, "--output", "json").expect(0).json
    built.on_cleanup("remove copies", lambda: subprocess.run(
        ["docker", "rmi", *(f"{built.registry}/{other}:{tag}" for tag in ("1.0", done["stamp"]))],
        capture_output=True, check=True, timeout=240))
    assert images_of(built, other) == {"1.0": done["digest"], done["stamp"]: done["digest"]}
    assert images_of(built)["0.1"] == done["digest"]


def test_promote_refuses(project, judge):
    mark = judge.mark()
    for words in (["0.1"], ["0.1", "production"], ["envv", "0.1", "0.2"]):
        project.fgctl("docker-promote", *words).expect(64)
    assert judge.requests(since=mark) == []
    assert "ECR holds no image" in project.fgctl("docker-promote", "0.1", "0.2").expect(1).err
