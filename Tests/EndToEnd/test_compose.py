"""compose-build and compose-push, with a real engine, docker-compose and local AWS's registry."""

from __future__ import annotations

import json
import os
import re
import subprocess

import composing
import parts
import pytest
from composing import SERVICES
from recorder import DockerRecorder


@pytest.fixture
def recorder(project, tmp_path):
    return DockerRecorder(tmp_path, os.environ["PATH"])


@pytest.fixture
def release(project):
    """A committed compose project and its revision."""
    project.revision = composing.start(project)
    return project


def reference(project, name, version=None):
    return f"{project.registry}/{project.image}/{name}:{version or project.revision}"


def inspect(reference):
    done = subprocess.run(["docker", "image", "inspect", reference], capture_output=True, text=True, timeout=240)
    return json.loads(done.stdout)[0] if done.returncode == 0 else None


def said(result):
    [line] = [line for line in result.err.splitlines() if line.startswith("fgctl: ")]
    return line


# --- compose-build --------------------------------------------------------------------------------------------------


def test_builds_the_revision(release, judge):
    mark = judge.mark()
    built = release.fgctl("compose-build").expect(0)
    assert built.out.splitlines() == [reference(release, name) for name in sorted(SERVICES)]
    for name in SERVICES:
        labels = inspect(reference(release, name))["Config"]["Labels"]
        assert (labels["service"], labels["revision"]) == (name, release.revision)
    assert (release.folder / "gitrev-docker").read_text() == f"{release.revision}\n"
    assert "FROM busybox:local" in built.err
    assert judge.requests(since=mark, mutating=True) == []
    # The file is no change of the source.
    told = release.fgctl("compose-build", "env", "--output", "json").expect(0).json
    assert told["version"] == release.revision
    assert [(one["services"], one["image"], one["platform"]) for one in told["images"]] == [
        ([name], reference(release, name), "linux/amd64") for name in sorted(SERVICES)]
    assert told["images"][0]["id"] == inspect(reference(release, "daemon"))["Id"]


def test_dirty_tree(release, recorder):
    release.write("webserver/new.py", "x = 1\n")
    for command in ("compose-build", "compose-push"):
        refused = release.fgctl(command, env=recorder.env).expect(1)
        assert f"changes that revision {release.revision} does not hold: webserver/new.py" in said(refused)
        assert f"fgctl {command} --allow-dirty" in refused.err
    assert recorder.called("push", "login", "build") == [] and not (release.folder / "gitrev-docker").exists()
    built = release.fgctl("compose-build", "--allow-dirty").expect(0)
    assert built.out.splitlines()[0] == reference(release, "daemon", f"{release.revision}-dirty")
    composing.make_repositories(release)
    pushed = release.fgctl("compose-push", "--allow-dirty").expect(0)
    assert pushed.out.startswith(reference(release, "daemon", f"{release.revision}-dirty@sha256:"[:-8]))
    # A version that is named asks git nothing.
    assert release.fgctl("compose-build", "0.1").expect(0).out.splitlines()[0] == reference(release, "daemon", "0.1")
    assert release.fgctl("compose-push", "env", f"{release.revision}-dirty").expect(0).out == pushed.out


@pytest.mark.parametrize("key, image, why", [
    ("tag", "${REGISTRY_URL}/${IMAGE_NAME}/x:1.0", "has the tag '1.0', not the version"),
    ("latest", "${REGISTRY_URL}/${IMAGE_NAME}/x:latest", "has the tag 'latest'"),
    ("none", "${REGISTRY_URL}/${IMAGE_NAME}/x", "has no tag"),
    ("registry", "ghcr.io/${IMAGE_NAME}/x:${GIT_REV}", "goes to registry ghcr.io, not to "),
    ("hub", "nbmdagster/x:${GIT_REV}", "goes to Docker Hub, not to "),
    ("prefix", "${REGISTRY_URL}/nbmdagster/x:${GIT_REV}", "is not under IMAGE_NAME"),
])
def test_another_home_is_refused(release, judge, recorder, key, image, why):
    release.write("compose.yaml", composing.compose_file(
        f"  extra:\n    # the image\n    build: daemon\n    image: {image}\n"))
    mark = judge.mark()
    for command in ("compose-build", "compose-push"):
        refused = release.fgctl(command, "0.1", env=recorder.env).expect(65)
        assert f"{release.folder}/compose.yaml:17: service extra: image '" in said(refused)
        assert why in said(refused) and "image: ${REGISTRY_URL}/${IMAGE_NAME}/extra:${GIT_REV}" in refused.err
    assert recorder.called("push", "login", "build") == []
    assert judge.requests(since=mark, mutating=True) == []


def test_bad_compose_files(release, recorder):
    refused = release.fgctl("compose-build", "--file", "nowhere.yaml", "0.1").expect(65)
    assert f"{release.folder}/nowhere.yaml: no such compose file" in said(refused)
    release.write("bad.yaml", "services:\n  web:\n    build: .\n    nonsense: [1\n")
    assert "bad.yaml: compose can't read it: " in said(release.fgctl("compose-build", "-f", "bad.yaml", "0.1").expect(65))
    release.write("only.yaml", "services:\n  db:\n    image: postgres:15\n")
    assert "no service has 'build:'" in said(release.fgctl("compose-build", "-f", "only.yaml", "0.1").expect(65))
    (release.folder / "compose.yaml").unlink()
    assert "holds no compose file (compose.yaml, " in said(release.fgctl("compose-build", "0.1").expect(65))
    assert "VERSION 'latest' is refused" in said(release.fgctl("compose-build", "latest").expect(64))
    assert "'prod' is neither an ENV nor a VERSION" in said(release.fgctl("compose-build", "prod").expect(64))
    assert recorder.calls == []


def test_failing_build_names_the_service(release):
    release.write("webserver/Dockerfile", f"FROM busybox:local\nLABEL fgctl.test={release.suffix}\nRUN echo the cause; exit 3\n")
    failed = release.fgctl("compose-build", "0.1").expect(1)
    assert re.search(r"build \S+ 0\.1: service webserver: .*returned a non-zero code: 3", said(failed))
    assert "the cause" in failed.err and failed.out == ""


def test_other_place_env_file_and_variables(release):
    """The env file's own variables reach the compose file, its credentials don't."""
    release.write_env(COLOUR="dark", S3_BUCKET=None)
    release.write("etc/deploy/docker-compose.yml", """services:
  webserver:
    build:
      context: ../../webserver
      args:
        REV: "$COLOUR-$STACK_NAME-${AWS_SECRET_ACCESS_KEY:-none}"
    image: $REGISTRY_URL/$IMAGE_NAME/webserver:$GIT_REV
""")
    built = release.fgctl("compose-build", "env", "0.7", "-f", "etc/deploy/docker-compose.yml").expect(0)
    assert built.out.strip() == reference(release, "webserver", "0.7")
    labels = inspect(reference(release, "webserver", "0.7"))["Config"]["Labels"]
    assert labels["revision"] == f"dark-{release.stack}-none"
    # GIT_REV of the env file stands for the tree's.
    release.write_env(GIT_REV="c0ffee1")
    dry = release.fgctl("compose-build", "--dry-run", "--output", "json").expect(0).json
    assert dry["version"] == "c0ffee1" and dry["command"].startswith("GIT_REV=c0ffee1 REGISTRY_URL=")


def test_other_platform(release):
    release.write_env(PLATFORM="linux/arm64")
    refused = release.fgctl("compose-build", "0.1").expect(1)
    assert "the image is for linux/amd64, but PLATFORM is linux/arm64" in said(refused)


def test_without_compose_docker_or_git(project, judge, tmp_path):
    """Version 2 comes first, version 1 second; without both it says what to install."""
    composing.start(project)
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("docker", "git"):
        (folder / name).symlink_to(subprocess.run(["which", name], capture_output=True, text=True, check=True).stdout.strip())
    missing = project.fgctl("compose-build", env={"PATH": str(folder)}).expect(127)
    assert "neither 'docker compose' nor 'docker-compose'" in said(missing) and "apt install docker-compose" in missing.err
    (folder / "docker").unlink()
    assert "docker is not installed" in said(project.fgctl("compose-build", "0.1", env={"PATH": str(folder)}).expect(127))
    (folder / "git").unlink()
    asked = project.fgctl("compose-build", env={"PATH": str(folder)}).expect(127)
    assert "name a VERSION, or set GIT_REV" in asked.err


def test_version_two_gets_the_same_words(release, tmp_path):
    """A stand-in for docker's plugin, which Debian has not: its arguments and variables, and JSON for an answer."""
    folder = tmp_path / "plugin"
    folder.mkdir()
    real = subprocess.run(["which", "docker"], capture_output=True, text=True, check=True).stdout.strip()
    config = {"services": {"webserver": {"build": {"context": "."}, "image": reference(release, "webserver")}}}
    script = folder / "docker"
    script.write_text(f"""#!/bin/sh
[ "$1" = compose ] || exec {real} "$@"
shift
echo "$*|$GIT_REV|$REGISTRY_URL|$IMAGE_NAME|$STACK_NAME|$DOCKER_DEFAULT_PLATFORM" >>{folder}/log
case "$*" in
    version*) echo 2.29.1 ;;
    *config) echo '{json.dumps(config)}' ;;
    *build) {real} build --quiet -t {reference(release, "webserver")} {release.folder}/webserver ;;
esac
""")
    script.chmod(0o755)
    built = release.fgctl("compose-build", env={"PATH": f"{folder}:{os.environ['PATH']}"}).expect(0)
    assert built.out.strip() == reference(release, "webserver")
    file, values = f"-f {release.folder}/compose.yaml", "|".join(
        [release.revision, release.registry, release.image, release.stack, "linux/amd64"])
    calls = (folder / "log").read_text().splitlines()
    assert calls[0].startswith("version --short|")
    assert calls[1:] == [f"{file} config|{values}", f"{file} build|{values}"]


# --- compose-push ---------------------------------------------------------------------------------------------------


def test_pushes_with_one_login(release, judge, recorder, tmp_path):
    composing.make_repositories(release)
    release.fgctl("compose-build").expect(0)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    shown = release.fgctl("compose-push", "--dry-run", env=recorder.env).expect(0)
    assert shown.out.splitlines() == [f"push {reference(release, name)}" for name in sorted(SERVICES)]
    assert recorder.called("push", "login") == []
    pushed = release.fgctl("compose-push", env=recorder.env | {"TMPDIR": str(temporary)}).expect(0)
    assert pushed.out.splitlines() == [
        f"{reference(release, name)}@{composing.digests(release, name)[release.revision]}" for name in sorted(SERVICES)]
    assert "account 000000000000, region us-east-1" in pushed.err
    assert len(recorder.called("login")) == 1 and len(recorder.called("push")) == 2
    assert not (release.home / ".docker").exists() and list(temporary.iterdir()) == []
    assert judge.requests("ecr", "CreateRepository", label=judge.label) == []

    mark = judge.mark()
    again = release.fgctl("compose-push", "--output", "json").expect(0).json
    assert [(one["pushed"], one["services"]) for one in again["images"]] == [(False, ["daemon"]), (False, ["webserver"])]
    assert judge.requests("ecr", "GetAuthorizationToken", since=mark) == []


def test_what_was_built_counts_though_its_file_was_committed(release):
    """Build, commit with the revision's file, push: the release's order."""
    composing.make_repositories(release)
    release.fgctl("compose-build").expect(0)
    assert composing.commit(release, "release") != release.revision
    assert release.fgctl("compose-push").expect(0).out.startswith(reference(release, "daemon"))
    # A change of the source does not go out as what was built before it.
    release.write("webserver/new.py", "x = 1\n")
    now = composing.commit(release)
    refused = release.fgctl("compose-push").expect(1)
    assert f"gitrev-docker says that {release.revision} was built last" in said(refused)
    assert f"'fgctl compose-push {release.revision}'" in refused.err
    release.fgctl("compose-push", release.revision).expect(0)
    release.fgctl("compose-build").expect(0)
    assert release.fgctl("compose-push").expect(0).out.startswith(reference(release, "daemon", now))


def test_repositories_belong_to_the_stack(release, judge, recorder):
    composing.make_repositories(release, "daemon")
    release.fgctl("compose-build").expect(0)
    mark = judge.mark()
    refused = release.fgctl("compose-push", env=recorder.env).expect(1)
    assert f"ECR has no repository {release.image}/webserver" in said(refused) and "fgctl cf-create-stack" in refused.err
    assert recorder.called("push", "login") == [] and judge.requests(since=mark, mutating=True) == []


def test_another_image_of_the_version(release, recorder):
    composing.make_repositories(release)
    release.fgctl("compose-build").expect(0)
    release.fgctl("compose-push").expect(0)
    composing.write_dockerfile(release, "webserver", "echo other")
    release.fgctl("compose-build", release.revision).expect(0)
    refused = release.fgctl("compose-push", release.revision, env=recorder.env).expect(1)
    assert "holds another image of this version" in said(refused) and "fgctl compose-build" in refused.err
    assert recorder.called("push", "login") == []
    never = release.fgctl("compose-push", "0.9", env=recorder.env).expect(1)
    assert "docker has no image" in said(never) and "fgctl compose-build 0.9" in never.err


@pytest.fixture
def fgctl_image(fgctl_binary):
    """The version of fgctl, of which docker has an image: the real one, else a stand-in."""
    version = subprocess.run([fgctl_binary, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
    with parts.alone_with_the_fgctl_image():
        is_there = inspect(f"fgctl:{version}") is not None
        if not is_there:
            subprocess.run(["docker", "tag", "busybox:local", f"fgctl:{version}"], check=True, timeout=240)
        yield version
        if not is_there:
            subprocess.run(["docker", "rmi", f"fgctl:{version}"], capture_output=True, check=True, timeout=240)


def test_fgctl_goes_along(release, recorder, fgctl_image):
    version = fgctl_image
    composing.make_repositories(release, *SERVICES, "fgctl")
    release.fgctl("compose-build").expect(0)
    told = release.fgctl("compose-push").expect(0)
    assert f"note: {reference(release, 'fgctl', version)}" in told.err and "--with-fgctl'" in told.err
    release.write_env(FGCTL_IMAGE="registry.example.com/fgctl:1")
    assert "note: " not in release.fgctl("compose-push").expect(0).err
    pushed = release.fgctl("compose-push", "--with-fgctl", "--output", "json").expect(0).json
    assert pushed["fgctl"]["image"] == reference(release, "fgctl", version) and pushed["fgctl"]["pushed"] is True
    assert composing.digests(release, "fgctl") == {version: pushed["fgctl"]["digest"]}
    again = release.fgctl("compose-push", "--with-fgctl", "--output", "json").expect(0).json
    assert again["fgctl"] == pushed["fgctl"] | {"pushed": False}


def test_refused_by_ecr(release, judge, recorder):
    composing.make_repositories(release)
    release.fgctl("compose-build").expect(0)
    judge.inject("ecr", "GetAuthorizationToken", status=400, code="ExpiredTokenException", message="because of the test")
    refused = release.fgctl("compose-push", env=recorder.env).expect(4)
    assert "because of the test" in said(refused) and recorder.called("push") == []
