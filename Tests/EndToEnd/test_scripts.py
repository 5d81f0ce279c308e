"""The scripts in bin/ that people and other scripts call."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import harness
import parts
import pytest

BIN = harness.ROOT / "bin"


def run(*command, timeout=240, cwd=harness.ROOT, **environment):
    return subprocess.run(
        [str(c) for c in command], capture_output=True, text=True, timeout=timeout, cwd=cwd,
        env=os.environ | environment, stdin=subprocess.DEVNULL)


# --- bin/fgctl ------------------------------------------------------------------------------------------------------


@pytest.fixture
def checkout(tmp_path):
    """A checkout with bin/fgctl, a source, and a bin/build that counts; the program is busybox, which goes by its name."""
    root = tmp_path / "check out"
    (root / "bin").mkdir(parents=True)
    (root / "Sources").mkdir()
    (root / "Sources/Main.swift").touch()
    (root / "Package.swift").touch()
    shutil.copy(BIN / "fgctl", root / "bin/fgctl")
    build = root / "bin/build"
    build.write_text("#!/bin/sh\ncd \"$(dirname \"$0\")/..\"\nmkdir -p .build/release\n"
                     "cp /bin/busybox .build/release/fgctl\necho built >>built\necho building >&2\n")
    build.chmod(0o755)
    return root


def builds(checkout):
    file = checkout / "built"
    return file.read_text().count("built") if file.exists() else 0


def test_fgctl_keeps_the_name_it_was_called_by(checkout, tmp_path):
    for name in ("echo", "basename"):
        (checkout / "bin" / name).symlink_to("fgctl")
        (tmp_path / name).symlink_to(checkout / "bin" / name)
        for link in (checkout / "bin" / name, tmp_path / name):
            done = run(link, "a/b c", cwd="/")
            assert (done.returncode, done.stdout) == (0, "a/b c\n" if name == "echo" else "b c\n"), done.stderr


def test_fgctl_builds_when_a_source_is_newer(checkout):
    link = checkout / "bin" / "echo"
    link.symlink_to("fgctl")
    for _ in range(2):
        assert run(link, "hi").stdout == "hi\n"
    assert builds(checkout) == 1
    (checkout / "Sources/New.swift").touch()
    newer = (checkout / ".build/release/fgctl").stat().st_mtime + 5
    os.utime(checkout / "Sources/New.swift", (newer, newer))
    assert run(link, "hi").stdout == "hi\n"
    assert builds(checkout) == 2


def test_fgctl_tells_when_the_build_fails(checkout):
    (checkout / "bin/build").write_text("#!/bin/sh\necho no compiler >&2\nexit 3\n")
    done = run(checkout / "bin/fgctl", "echo", "hi")
    assert (done.returncode, done.stdout) == (3, "")
    assert "no compiler" in done.stderr


# --- templates, local AWS -------------------------------------------------------------------------------------------


def test_embedded_templates(tmp_path):
    assert run(BIN / "embed-templates", "--check").returncode == 0
    copy = tmp_path / "copy"
    (copy / "bin").mkdir(parents=True)
    shutil.copy(BIN / "embed-templates", copy / "bin")
    shutil.copytree(harness.ROOT / "templates", copy / "templates")
    (copy / "Sources/Templates").mkdir(parents=True)
    stale = run(copy / "bin/embed-templates", "--check", cwd=copy)
    assert stale.returncode == 1 and "Embedded.swift is stale: run bin/embed-templates" in stale.stderr
    assert run(copy / "bin/embed-templates", cwd=copy).returncode == 0
    assert run(copy / "bin/embed-templates", "--check", cwd=copy).returncode == 0
    written, own = (root / "Sources/Templates/Embedded.swift" for root in (copy, harness.ROOT))
    assert written.read_bytes() == own.read_bytes()
    with (copy / "templates/task.yaml").open("a") as template:
        template.write("# changed\n")
    assert run(copy / "bin/embed-templates", "--check", cwd=copy).returncode == 1


def test_local_aws_is_up_and_stays_up(local_aws):
    """`up` on what is up changes nothing: the same processes go on."""
    before = run(BIN / "local-aws", "status", timeout=240)
    if before.returncode != 0 and "not started from here" in before.stdout:
        pytest.skip("local AWS was started by another checkout")
    assert before.returncode == 0, before.stdout + before.stderr
    assert "of an older state" not in before.stdout
    up = run(BIN / "local-aws", "up", timeout=240)
    assert up.returncode == 0 and "is already up" in up.stdout, up.stdout + up.stderr
    assert run(BIN / "local-aws", "status").stdout == before.stdout
    assert run(BIN / "local-aws", "up", "--quiet", timeout=240).stdout == ""
    wrong = run(BIN / "local-aws", "restart")
    assert wrong.returncode == 64 and "usage: bin/local-aws" in wrong.stderr


@pytest.mark.parametrize("script", ["build", "image", "fgctl", "quickstart", "setup", "check", "test", "bench", "permissions", "smoke-aws"])
def test_scripts_are_executable(script):
    assert os.access(BIN / script, os.X_OK)
    first = (BIN / script).read_text().splitlines()[0]
    assert re.fullmatch(r"#!/usr/bin/env (bash|python3)", first)


# --- bin/image ------------------------------------------------------------------------------------------------------


IMAGE = r"(fgctl:\d+\.\d+\.\d+\S*) (\d+) MB\n"


def image_ids():
    return set(run("docker", "images", "--quiet", "--filter", "reference=fgctl").stdout.split())


@pytest.fixture
def runtime_image():
    """The runtime image, made anew from the release build; gone again when there was none before."""
    if not (harness.ROOT / ".build/release/fgctl").exists():
        pytest.skip("there is no release build: run bin/build")
    with parts.alone_with_the_fgctl_image():
        before = image_ids()
        made = run(BIN / "image", timeout=600)
        assert made.returncode == 0, made.stdout + made.stderr
        name, size = re.fullmatch(IMAGE, made.stdout).groups()
        assert 0 < int(size) <= 80
        yield name
        if not before:
            assert run("docker", "image", "rm", "-f", name, "fgctl:latest").returncode == 0


def in_image(image, *command, **environment):
    variables = [word for name, value in environment.items() for word in ("-e", f"{name}={value}")]
    return run("docker", "run", "--rm", "--network", "none", *variables, image, *command)


def test_runtime_image(runtime_image, project):
    version = in_image(runtime_image, "fgctl", "--version")
    assert version.stdout == runtime_image.replace(":", " ") + "\n", version.stderr
    assert in_image(runtime_image, "sh", "-c", "exit 7").returncode == 7
    assert "docker-build" in in_image(runtime_image).stdout  # help, without a command
    assert int(in_image(runtime_image, "grep", "-c", "BEGIN CERTIFICATE", "/etc/ssl/certs/ca-certificates.crt").stdout) > 50
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "eu-west-1", "STACK_NAME": "s"}
    # Zones are known by name, and the failure is the network's, not a missing library's or certificate's.
    wrong = in_image(runtime_image, "fgctl", "schedule-create", "0 0 * * ? *", "--timezone", "Europe/Brelin", **keys)
    assert wrong.returncode == 65 and "Europe/Brelin" in wrong.stderr
    zone = in_image(
        runtime_image, "fgctl", "schedule-create", "0 0 * * ? *", "--timezone", "Europe/Berlin", "--endpoint-url",
        "https://127.0.0.1:1", **keys)
    assert zone.returncode == 1 and "127.0.0.1:1" in zone.stderr and "connect" in zone.stderr

    whoami_in_a_task(runtime_image, project)


def whoami_in_a_task(runtime_image, project):
    """In a container on ECS fgctl finds the task role's credentials by the relative URI."""
    repository = f"{project.registry}/{project.image}:0.1"
    project.write("Dockerfile", f"FROM {runtime_image}\nLABEL fgctl.test={project.suffix}\n")
    assert project.fgctl("docker-build", "0.1").expect(0).out == f"{repository}\n"
    project.fgctl("docker-push", "0.1").expect(0)
    project.write_env(SUBNETS="subnet-0a", SECURITY_GROUPS="sg-0a", S3_BUCKET=None)
    made = project.fgctl("cf-create-stack", "0.1").expect(0)
    role = re.search(r"^TaskRoleArn = \S+:role/(\S+)$", made.out, re.M)[1]
    ran = project.fgctl("ecs-run-task", "--command", "fgctl whoami --output json").expect(0).json
    assert f":assumed-role/{role}/" in ran["arn"]
    assert ran["credentialsSource"].startswith("container") or "169.254.170.2" in ran["credentialsSource"]
    assert ran["region"] == harness.REGION and "envFile" not in ran
