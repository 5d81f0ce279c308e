"""docker-build and docker-push, with a real engine and local AWS's registry."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess

import pytest
from recorder import DockerRecorder


@pytest.fixture
def recorder(project, tmp_path):
    return DockerRecorder(tmp_path, os.environ["PATH"])


def docker(*arguments):
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True, timeout=240).stdout


def inspect(reference):
    return json.loads(docker("image", "inspect", reference))[0]


def local_tags(project):
    names = docker("images", "--format", "{{.Repository}}:{{.Tag}}").split()
    return {name for name in names if project.image in name}


def reference(project, version):
    return f"{project.registry}/{project.image}:{version}"


def put_tags(project, *tags):
    """Images that are in ECR alone."""
    ecr = project.boto3("ecr")
    ecr.create_repository(repositoryName=project.image)
    for tag in tags:
        manifest = {"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
                    "config": {"digest": f"sha256:{tag.encode().hex():0>64}"}, "layers": []}
        ecr.put_image(repositoryName=project.image, imageManifest=json.dumps(manifest), imageTag=tag)


def change_image(project, text):
    file = project.folder / "Dockerfile"
    file.write_text(f"{file.read_text()}{text}\n")


# --- docker-build ---------------------------------------------------------------------------------------------------


def test_first_version_is_0_1(project, judge):
    mark = judge.mark()
    built = project.fgctl("docker-build").expect(0)
    assert built.out == f"{reference(project, '0.1')}\n"
    assert "FROM busybox:local" in built.err  # docker's own output
    assert f"built {reference(project, '0.1')} (sha256:" in built.err
    assert local_tags(project) == {reference(project, "0.1"), f"{project.image}:0.1"}
    assert judge.requests("ecr", since=mark)
    assert judge.requests(since=mark, mutating=True) == []


def test_next_version_follows_the_highest_in_ecr(project):
    put_tags(project, "0.2", "0.9", "latest", "0.10-rc1", "abcdef0")
    built = project.fgctl("docker-build", "--output", "json").expect(0).json
    assert (built["version"], built["image"]) == ("0.10", reference(project, "0.10"))
    assert built["platform"] == "linux/amd64"
    assert built["id"] == inspect(built["image"])["Id"]


@pytest.mark.parametrize("words", [["env", "0.3"], ["env/default", "0.3"], ["-e", "env", "0.3"], ["0.3"]])
def test_env_and_version_given(project, judge, words):
    mark = judge.mark()
    assert project.fgctl("docker-build", *words).expect(0).out == f"{reference(project, '0.3')}\n"
    assert judge.requests(since=mark) == []  # with VERSION there is nothing to ask AWS


def test_other_env_with_build_args_and_revision(project):
    project.write("docker/Image", f"FROM busybox:local\nARG COLOUR\nARG SIZE=1\nLABEL fgctl.test={project.suffix} "
                                  'colour="$COLOUR" size="$SIZE"\nCOPY here /here\n')
    project.write("docker/here", "x")
    project.write_env(
        "other", DOCKERFILE="docker/Image", DOCKER_CONTEXT="docker", BUILD_ARGS='''"'COLOUR=dark red' SIZE"''',
        GIT_REV="0123abc")
    result = project.fgctl("docker-build", "other", "0.4", env={"SIZE": "7"})
    labels = inspect(result.expect(0).out.strip())["Config"]["Labels"]
    assert (labels["colour"], labels["size"]) == ("dark red", "7")
    assert labels["org.opencontainers.image.revision"] == "0123abc"


@pytest.mark.parametrize("words, said", [
    (["evn", "0.3"], "'evn' is no ENV"), (["prod"], "'prod' is neither an ENV nor a VERSION"),
    (["env", "prod"], "'prod' is neither an ENV nor a VERSION"),
    (["0.3", "--image-version", "x"], "VERSION is given twice"), (["--image-version", "a b"], "'a b' can't be a tag"),
    (["env", "0.3", "0.4"], "unexpected argument '0.4'"),
])
def test_misspelt_words_never_act(project, judge, recorder, words, said):
    mark = judge.mark()
    refused = project.fgctl("docker-build", *words, env=recorder.env).expect(64)
    assert said in refused.err
    assert refused.out == ""
    assert judge.requests(since=mark) == [] and recorder.calls == []


def test_missing_files(project, judge, recorder):
    mark = judge.mark()
    (project.folder / "Dockerfile").unlink()
    refused = project.fgctl("docker-build", "0.1", env=recorder.env).expect(65)
    assert f"{project.folder}/Dockerfile: no such Dockerfile" in refused.err
    project.write_env(DOCKER_CONTEXT="nowhere")
    refused = project.fgctl("docker-build", env=recorder.env).expect(65)
    assert "nowhere: no such folder" in refused.err
    assert judge.requests(since=mark) == [] and recorder.calls == []


def test_failing_build(project, judge):
    mark = judge.mark()
    change_image(project, "RUN echo the cause; exit 3")
    failed = project.fgctl("docker-build", "0.1").expect(1)
    last = [line for line in failed.err.splitlines() if line.startswith("fgctl: ")]
    assert len(last) == 1
    assert re.search(rf"build {project.image}:0\.1: .*exit 3.*returned a non-zero code: 3", last[0])
    assert "the cause" in failed.err
    assert failed.out == ""
    assert local_tags(project) == set() and judge.requests(since=mark) == []


@pytest.mark.parametrize("platform, code, said", [
    ("windows/amd64", 65, r"env/default:\d+: PLATFORM 'windows/amd64' is no platform of Fargate"),
    ("linux/arm64", 1, r"arm64"),
])
def test_other_platforms(project, judge, platform, code, said):
    project.write_env(PLATFORM=platform)
    refused = project.fgctl("docker-build", "0.1").expect(code)
    assert re.search(said, refused.err)
    assert refused.out == ""
    if code == 1:  # amd64 engine: built, but refused as what it is, and so does the push
        assert "the image is for linux/amd64, but PLATFORM is linux/arm64" in refused.err
        mark = judge.mark()
        assert "PLATFORM is linux/arm64" in project.fgctl("docker-push", "0.1").expect(1).err
        assert judge.requests(since=mark, mutating=True) == []


@pytest.mark.parametrize("command", ["docker-build", "docker-push"])
def test_docker_missing_or_engine_silent(project, judge, tmp_path, command):
    mark = judge.mark()
    empty = tmp_path / "empty"
    empty.mkdir()
    missing = project.fgctl(command, "0.1", env={"PATH": str(empty)}).expect(127)
    assert "docker is not installed" in missing.err and "apt install docker.io" in missing.err
    silent = project.fgctl(command, "0.1", env={"DOCKER_HOST": f"unix://{tmp_path}/none.sock"}).expect(1)
    errors = [line for line in silent.err.splitlines() if line.startswith("fgctl: ")]
    assert len(errors) == 1 and "the docker engine does not answer" in errors[0] and "none.sock" in errors[0]
    assert judge.requests(since=mark, mutating=True) == []


def test_dry_build(project, judge, recorder):
    shown = project.fgctl("docker-build", "--dry-run", env=recorder.env).expect(0)
    assert shown.out.startswith("docker build --platform linux/amd64 -f ")
    assert f" -t {reference(project, '0.1')} " in shown.out and shown.out.endswith(f" {project.folder}\n")
    planned = project.fgctl("docker-build", "--dry-run", "--output", "json", env=recorder.env).expect(0).json
    assert planned == {"command": shown.out.strip(), "image": reference(project, "0.1")}
    assert recorder.called("build") == [] and local_tags(project) == set()
    assert judge.requests(label=judge.label, mutating=True) == []


# --- docker-push ----------------------------------------------------------------------------------------------------


@pytest.fixture
def built(project):
    project.fgctl("docker-build", "0.1").expect(0)
    return project


def test_push_creates_the_repository_and_keeps_the_password_to_itself(built, judge, recorder, tmp_path):
    project, password = built, "pass-word-of-this-test"
    token = base64.b64encode(f"AWS:{password}".encode()).decode()
    judge.inject("ecr", "GetAuthorizationToken", status=200, body=json.dumps({"authorizationData": [
        {"authorizationToken": token, "proxyEndpoint": f"http://{project.registry}", "expiresAt": 4102444800}]}))
    project.write_env(TAGS='"team=data,cost centre=7"')
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    pushed = project.fgctl("docker-push", "0.1", "--debug", env=recorder.env | {"TMPDIR": str(temporary)}).expect(0)

    ecr = project.boto3("ecr")
    [repository] = ecr.describe_repositories(repositoryNames=[project.image])["repositories"]
    assert repository["imageTagMutability"] == "IMMUTABLE"
    tags = {t["Key"]: t["Value"] for t in ecr.list_tags_for_resource(resourceArn=repository["repositoryArn"])["tags"]}
    assert tags.items() >= {"team": "data", "cost centre": "7", "fgctl:created-by": "docker-push"}.items()
    [image] = ecr.describe_images(repositoryName=project.image)["imageDetails"]
    assert image["imageTags"] == ["0.1"]
    assert pushed.out == f"{reference(project, '0.1')}@{image['imageDigest']}\n"
    assert f"{project.registry}/{project.image}@{image['imageDigest']}" in inspect(f"{project.image}:0.1")["RepoDigests"]
    assert "account 000000000000, region us-east-1" in pushed.err

    assert recorder.called("login") == [f"login --username AWS --password-stdin {project.registry}"]
    assert len(recorder.called("push")) == 1
    for text in (recorder.text, pushed.out, pushed.err):
        assert password not in text and token not in text
    assert not (project.home / ".docker").exists() and list(temporary.iterdir()) == []


def test_push_again_and_another_image_of_the_version(built, judge, recorder):
    project = built
    first = project.fgctl("docker-push", "--output", "json").expect(0).json
    assert (first["pushed"], first["repositoryCreated"], first["version"]) == (True, True, "0.1")
    mark = judge.mark()
    again = project.fgctl("docker-push", "0.1", env=recorder.env).expect(0)
    assert "is already pushed" in again.err
    assert again.out == f"{first['image']}@{first['digest']}\n"
    told = project.fgctl("docker-push", "0.1", "--output", "json", env=recorder.env).expect(0).json
    assert told == first | {"pushed": False, "repositoryCreated": False}

    change_image(project, "ENV OTHER=1")
    project.fgctl("docker-build", "0.1").expect(0)
    refused = project.fgctl("docker-push", "0.1", env=recorder.env).expect(1)
    assert "holds another image of this version" in refused.err and "fgctl docker-build 0.2" in refused.err
    assert recorder.called("push", "login", "tag") == []
    assert judge.requests(since=mark, mutating=True) == []

    # The version that was named works.
    assert project.fgctl("docker-build").expect(0).out.strip() == reference(project, "0.2")
    assert project.fgctl("docker-push").expect(0).out.startswith(f"{reference(project, '0.2')}@sha256:")


def test_highest_local_version_is_pushed(built):
    project = built
    for tag in ("0.2", "0.10", "latest", "0.9"):
        docker("tag", f"{project.image}:0.1", reference(project, tag))
    planned = project.fgctl("docker-push", "--dry-run").expect(0)
    assert planned.out.splitlines()[-1] == f"push {reference(project, '0.10')}"
    assert project.fgctl("docker-push").expect(0).out.startswith(f"{reference(project, '0.10')}@")


def test_image_that_was_never_built(project, judge, recorder):
    for words in (["0.1"], []):
        refused = project.fgctl("docker-push", *words, env=recorder.env).expect(1)
        assert "docker has no image" in refused.err and "fgctl docker-build" in refused.err
    assert recorder.called("push", "login", "tag") == []
    assert judge.requests(label=judge.label, mutating=True) == []


def test_dry_push(built, judge, recorder):
    project = built
    shown = project.fgctl("docker-push", "0.1", "--dry-run", env=recorder.env).expect(0)
    assert shown.out.splitlines() == ["create the repository, with immutable tags", f"push {reference(project, '0.1')}"]
    assert recorder.called("push", "login", "tag") == []
    assert judge.requests(label=judge.label, mutating=True) == []


@pytest.mark.parametrize("operation, code, exit_code", [
    ("DescribeRepositories", "AccessDeniedException", 1), ("CreateRepository", "AccessDeniedException", 1),
    ("GetAuthorizationToken", "AccessDeniedException", 1), ("DescribeRepositories", "ExpiredTokenException", 4),
    ("GetAuthorizationToken", "ExpiredTokenException", 4), ("CreateRepository", "UnrecognizedClientException", 4),
])
def test_refused_by_ecr(built, judge, recorder, operation, code, exit_code):
    project = built
    judge.inject("ecr", operation, status=400, code=code, message="because of the test")
    refused = project.fgctl("docker-push", "0.1", env=recorder.env).expect(exit_code)
    [said] = [line for line in refused.err.splitlines() if line.startswith("fgctl: ")]
    assert operation in said and code in said and "because of the test" in said
    assert recorder.called("push", "login") == []


def test_throttled_and_reset_requests_are_tried_again(built, judge):
    judge.inject("ecr", "DescribeRepositories", status=400, code="ThrottlingException")
    judge.inject("ecr", "GetAuthorizationToken", reset=True)
    built.fgctl("docker-push", "0.1").expect(0)


def test_repository_that_somebody_makes_meanwhile(built, judge):
    """CreateRepository was carried out, its answer lost: the second try finds the repository there."""
    judge.inject("ecr", "CreateRepository", reset=True, after=True)
    built.fgctl("docker-push", "0.1").expect(0)
    assert len(judge.requests("ecr", "CreateRepository", label=judge.label)) == 2


def test_movable_tags_move(built):
    project = built
    project.boto3("ecr").create_repository(repositoryName=project.image)
    first = project.fgctl("docker-push", "0.1", "--output", "json").expect(0).json
    change_image(project, "ENV OTHER=1")
    project.fgctl("docker-build", "0.1").expect(0)
    second = project.fgctl("docker-push", "0.1", "--output", "json").expect(0).json
    assert second["digest"] != first["digest"] and second["repositoryCreated"] is False
    [image] = project.boto3("ecr").describe_images(
        repositoryName=project.image, imageIds=[{"imageTag": "0.1"}])["imageDetails"]
    assert image["imageDigest"] == second["digest"]


def test_registry_of_another_account(built, judge):
    mark = judge.mark()
    built.write_env(REGISTRY_URL="123456789012.dkr.ecr.us-east-1.amazonaws.com")
    refused = built.fgctl("docker-push", "0.1").expect(65)
    assert re.search(r"env/default:\d+: REGISTRY_URL.* belongs to account 123456789012", refused.err)
    built.write_env(AWS_ACCOUNT_ID="123456789012")
    assert "AWS_ACCOUNT_ID is 123456789012" in built.fgctl("docker-push", "0.1").expect(1).err
    assert judge.requests(since=mark, mutating=True) == []


def test_docker_refuses_or_the_image_did_not_arrive(built, recorder):
    project = built
    recorder.instead("push", "echo 'The push refers to repository'; echo 'denied: not yours' >&2; exit 1")
    refused = project.fgctl("docker-push", "0.1", env=recorder.env).expect(1)
    [said] = [line for line in refused.err.splitlines() if line.startswith("fgctl: ")]
    assert f"push {project.image}:0.1" in said and "denied: not yours" in said
    recorder.instead("push", "exit 0")
    lost = project.fgctl("docker-push", "0.1", env=recorder.env).expect(1)
    assert "docker reported success, but ECR has no version 0.1" in lost.err
    recorder.instead("login", "cat >/dev/null; echo 'Error response from daemon: login failed' >&2; exit 1")
    failed = project.fgctl("docker-push", "0.1", env=recorder.env).expect(1)
    assert f"log in to {project.registry}" in failed.err and "login failed" in failed.err


# --- Ctrl-C ---------------------------------------------------------------------------------------------------------


def test_build_is_shown_as_it_goes_and_can_be_interrupted(project):
    change_image(project, "RUN echo early; sleep 100")
    running = project.start("docker-build", "0.1")
    running.line("^early$")
    running.interrupt()
    assert running.wait(30).code == 130
    assert local_tags(project) == set()


def test_interrupted_push_leaves_no_login_behind(built, recorder, tmp_path):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    recorder.instead("push", "echo pushing; sleep 100; exit 1")
    running = built.start("docker-push", "0.1", env=recorder.env | {"TMPDIR": str(temporary)})
    running.line("^pushing$")
    [folder] = temporary.iterdir()
    assert folder.stat().st_mode & 0o077 == 0
    running.interrupt()
    assert running.wait(30).code == 130
    assert list(temporary.iterdir()) == []
