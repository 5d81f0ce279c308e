"""A project of two services in a compose file, in git, with repositories as a stack would own them."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from leftovers import HarnessError

if TYPE_CHECKING:
    from harness import Project

SERVICES = ("webserver", "daemon")
# A FROM of its own for each service: they are different images.
DOCKERFILE = "FROM busybox:local\nARG REV=none\nLABEL fgctl.test={suffix} service={name} revision=$REV\nCMD {command}\n"
SERVICE = """  {name}:
    build:
      context: {name}
      args:
        REV: $GIT_REV
    image: ${{REGISTRY_URL}}/${{IMAGE_NAME}}/{name}:${{GIT_REV}}
"""


def compose_file(*more: str, names: tuple[str, ...] = SERVICES) -> str:
    return "services:\n" + "".join(SERVICE.format(name=name) for name in names) + "".join(more)


def write_dockerfile(project: Project, name: str, command: str = "echo done") -> None:
    """An image of its own, which runs a line of the shell."""
    project.write(f"{name}/Dockerfile", DOCKERFILE.format(
        suffix=project.suffix, name=name, command=json.dumps(["sh", "-c", command])))


def git(project: Project, *words: str) -> str:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main"]
    done = subprocess.run(
        ["git", *identity, *words], cwd=project.folder, capture_output=True, text=True, timeout=240,
        env={**project.environment, "GIT_CONFIG_NOSYSTEM": "1"})
    if done.returncode != 0:
        raise HarnessError(f"git {' '.join(words)}: {done.stderr}")
    return done.stdout.strip()


def commit(project: Project, message: str = "change") -> str:
    """Commits all there is; the revision in twelve digits."""
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", message)
    return git(project, "rev-parse", "--short=12", "HEAD")


def repository(project: Project, name: str) -> str:
    return f"{project.image}/{name}"


def make_repositories(project: Project, *names: str) -> None:
    """What the stack of a release owns."""
    ecr = project.boto3("ecr")
    for name in names or SERVICES:
        ecr.create_repository(repositoryName=repository(project, name), imageTagMutability="IMMUTABLE")
        project.on_cleanup(f"repository {name}", lambda name=name: ecr.delete_repository(
            repositoryName=repository(project, name), force=True))


def remove_images(project: Project) -> None:
    """The images that docker has under the project's name."""
    listed = subprocess.run(
        ["docker", "images", "--format", "{{.Repository}}:{{.Tag}}"], capture_output=True, text=True, timeout=240).stdout
    # Those that lost their tag bear the test's label.
    mine = [name for name in listed.split() if f"/{project.image}/" in name and not name.endswith(":<none>")]
    if mine:
        subprocess.run(["docker", "rmi", "--force", *mine], capture_output=True, timeout=240, check=True)


def start(project: Project, names: tuple[str, ...] = SERVICES, command: str = "echo done") -> str:
    """Writes the project and commits it; the revision."""
    project.write("compose.yaml", compose_file("  db:\n    image: nobody/has-this:1\n", names=names))
    for name in names:
        write_dockerfile(project, name, command)
    project.on_cleanup("compose's images", lambda: remove_images(project))
    # Settings are no source.
    project.write(".gitignore", "env/\n")
    git(project, "init", "--quiet")
    return commit(project, "start")


def digests(project: Project, name: str) -> dict[str, str]:
    """The digest behind each tag in ECR."""
    found = project.boto3("ecr").describe_images(repositoryName=repository(project, name))["imageDetails"]
    return {tag: image["imageDigest"] for image in found for tag in image.get("imageTags", [])}
