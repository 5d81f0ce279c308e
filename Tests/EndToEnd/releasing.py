"""A project with a folder of config and a bucket to push it to, and the words that tests of releases type."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness import Project
    from processes import Result

ODD = ["a b+%.txt", "new\nline", "ü/é.txt", "sub/deep/100%", "-dash", "q?&=#;"]


def prepare(project: Project) -> Project:
    """A bucket of the project's own, `project.place` in it, and a folder of config."""
    s3 = project.boto3("s3")
    bucket = f"{project.stack}-config".lower()
    s3.create_bucket(Bucket=bucket)

    def empty() -> None:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for entry in page.get("Contents", []):
                s3.delete_object(Bucket=bucket, Key=entry["Key"])
        s3.delete_bucket(Bucket=bucket)
    project.on_cleanup(bucket, empty)
    project.s3, project.place, project.bucket = s3, f"s3://{bucket}/c", bucket
    for name in ODD:
        project.write(f"config/{name}", name + "\n")
    project.write("config/empty", "")
    return project


def root(project: Project) -> Path:
    return project.folder


def push(project: Project, *words: str, code: int = 0) -> Result:
    return project.fgctl("config-push", "--to", project.place, *words).expect(code)


def pull(project: Project, *words: str, folder: str = "pulled", code: int = 0) -> Result:
    return project.fgctl("config-pull", folder, "--from", project.place, *words).expect(code)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
