"""Config at its edges: what a dry run counts, files for folders, pulls at once, progress of a large file, old releases that go."""

import fcntl
import os
import threading

import parts
import pytest
import releasing
import terminal
from releasing import files, pull, push, root


@pytest.fixture
def config(project):
    """A project with a bucket of its own and a folder of config."""
    return releasing.prepare(project)


def test_a_dry_run_counts_what_a_pull_downloads(config):
    os.symlink("../empty", root(config) / "config/sub/link")
    release = push(config).out.strip()
    counted = ("downloadedFiles", "downloadedBytes", "reusedFiles", "repairedFiles", "isSwapped")

    def both():
        before = files(root(config) / "pulled")
        told = pull(config, "--dry-run", "--output", "json").json
        assert files(root(config) / "pulled") == before
        assert {name: told[name] for name in counted} == {
            name: value for name, value in pull(config, "--output", "json").json.items() if name in counted}
        return told
    # The link is none of the downloads.
    assert both()["downloadedFiles"] == len(releasing.ODD) + 1
    tree = root(config) / "pulled/.releases" / release
    (tree / "-dash").write_text("_DASH\n")
    (tree / "empty").unlink()
    (tree / "sub/link").unlink()
    told = pull(config, "--dry-run").err
    assert "2 would be downloaded (6 B), 3 would be put right" in told
    assert both()["repairedFiles"] == 3
    assert both()["downloadedFiles"] == 0


def test_a_file_is_no_folder(config, judge):
    config.write("plain", "x")
    for command in (("config-push", "plain", "--to"), ("config-diff", "plain", "--from"), ("config-push", "plain", "--flat", "--to")):
        refused = config.fgctl(*command, config.place).expect(65)
        assert "plain: is a file, not a folder" in refused.err
    assert "plain: is a file, not a folder" in config.fgctl("update-webserver", "env", "plain").expect(65).err
    assert "no such folder" in config.fgctl("config-push", "nowhere", "--to", config.place).expect(65).err
    place = root(config)
    for words in ([], ["--flat"], ["--dry-run"], ["--watch"]):
        assert f"pull into {place}/plain: is a file, not a folder" in pull(config, *words, folder="plain", code=1).err
        inside = pull(config, *words, folder="plain/a/b", code=1).err
        assert f"pull into {place}/plain/a/b: {place}/plain is a file, not a folder" in inside and "readOnly" not in inside
    assert judge.requests(label=judge.label) == []


def test_numbers_below_their_bounds(config, judge):
    for words, wanted in ((["--keep", "-1"], "--keep -1: at least the current release stays: give 1 or more"),
                          (["--flat", "--delete", "--max-delete", "-2"], "--max-delete -2: give 0 or more")):
        assert wanted in push(config, *words, code=64).err
    assert judge.requests("s3", label=judge.label) == []


def test_two_flat_pulls_take_turns(config):
    flat = ("--flat", "--to", f"s3://{config.bucket}/flat")
    config.fgctl("config-push", *flat).expect(0)
    (root(config) / "tree").mkdir()
    folder = os.open(root(config) / "tree", os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    running = config.start("config-pull", "tree", "--flat", "--from", flat[2])
    running.line(r"waiting: another process is pulling into .*/tree")
    assert list((root(config) / "tree").iterdir()) == []
    os.close(folder)
    assert running.wait(30).code == 0
    assert files(root(config) / "tree") == files(root(config) / "config")


def test_a_large_file_is_seen_to_go(config, judge):
    (root(config) / "config/large.bin").write_bytes(os.urandom((17 << 20) + 1))
    gate = threading.Event()
    # No part is taken before the line is seen; then they go again.
    judge.inject("s3", "UploadPart", times=3, hold=gate)
    with terminal.fgctl(config, "config-push", "--to", config.place) as shown:
        shown.expect(" 17.0 MiB of 17.0 MiB")
        gate.set()
        shown.expect("push config: release")
    pull(config)
    assert files(root(config) / "pulled/current") == files(root(config) / "config")


def test_env_files_inside_are_said(config):
    secret = "STACK_NAME=inner\nAWS_SECRET_ACCESS_KEY=abc\n"
    config.write("config/sub/env/default", secret)
    config.write("config/sub/env/plain", "STACK_NAME=inner\nAWS_REGION=us-east-1\nDATABASE_SECRET_ARN=arn:aws:x\n")
    config.write("config/sub/env/notes", "no password=here")
    for words in ([], ["--flat", "--to", f"s3://{config.bucket}/flat"]):
        told = push(config, *words, "--dry-run").err
        [line] = [line for line in told.splitlines() if line.startswith("warning")]
        assert line == ("warning: sub/env/default is pushed too, an env file with secrets: "
                        "--exclude 'sub/env/default' leaves it out")
    assert "warning" not in push(config, "--exclude", "sub/env/default").err
    config.write("config/env/other", secret)
    assert "warning: env/other and 1 more like it are pushed too" in push(config).err


def test_a_list_has_the_newest_first(config):
    pushed = []
    for number in range(4):
        config.write("config/empty", str(number))
        pushed.append(push(config).out.strip())
    shown = config.fgctl("config-list", "--from", config.place).expect(0).out.splitlines()
    assert [line[2:14] for line in shown] == [release[:12] for release in reversed(pushed)]
    assert shown[0].startswith("* ") and all(len(line.split()[-6]) == 20 for line in shown), shown


PINS = """
Parameters:
  ConfigRelease: {Type: String}
Resources:
  Definition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: !Ref AWS::StackName
      RequiresCompatibilities: [FARGATE]
      NetworkMode: awsvpc
      Cpu: "256"
      Memory: "512"
      ContainerDefinitions:
        - Name: web
          Image: registry.example/web:1
          Environment: [{Name: CONFIG_RELEASE, Value: !Ref ConfigRelease}]
"""


def test_old_releases_go_and_those_in_use_stay(config, judge):
    """Six releases, all but the last one hours old; one is the stack's, one its task definition's of before."""
    config.write_env(S3_BUCKET=config.bucket)
    prefix = f"{config.stack}/config/releases/"
    releases = []
    for number in range(6):
        config.write("config/empty", str(number))
        releases.append(config.fgctl("config-push", "--quiet").expect(0).out.strip())
        # Times in S3 can't be set: what HEAD says of the manifest is put in.
        judge.inject(
            "s3", "HeadObject", times=1000, status=200, headers={"Last-Modified": f"Thu, 01 Jan 2026 0{number}:00:00 GMT"},
            where=lambda head, _, release=releases[-1]: f"{release}/manifest.json" in head.start[1])

    def there():
        pages = config.s3.get_paginator("list_objects_v2").paginate(Bucket=config.bucket, Prefix=prefix)
        keys = [entry["Key"] for page in pages for entry in page["Contents"]]
        return [release for release in releases if any(release in key for key in keys)]

    formation = config.boto3("cloudformation")
    parts.create(config, config.stack, PINS, ConfigRelease=releases[0])
    formation.update_stack(
        StackName=config.stack, TemplateBody=PINS,
        Parameters=[{"ParameterKey": "ConfigRelease", "ParameterValue": releases[2]}])
    parts.wait_until("the update", lambda: parts.status_of(config) == "UPDATE_COMPLETE", 60)

    mark = judge.mark()
    planned = config.fgctl("config-push", "--keep", "2", "--dry-run", "--output", "json").expect(0).json
    assert (planned["pruned"], planned["pinned"]) == ([releases[1], releases[3]], [releases[0], releases[2]])
    assert judge.requests(since=mark, mutating=True) == [] and there() == releases
    done = config.fgctl("config-push", "--keep", "2").expect(0)
    assert "2 old releases deleted; 2 old ones kept, since tasks start with them" in done.err
    assert there() == [releases[0], releases[2], releases[4], releases[5]]
    # Each that is left is whole.
    for release in (releases[0], releases[5]):
        assert config.fgctl("config-pull", f"pulled-{release[:8]}", "--release", release).expect(0).out.strip() == release
    # Without the stack nothing holds them.
    formation.delete_stack(StackName=config.stack)
    parts.wait_until("the deletion", lambda: parts.stack_of(config) is None, 60)
    config.fgctl("config-push", "--keep", "1").expect(0)
    assert there() == [releases[4], releases[5]], "the current one and the one before"
