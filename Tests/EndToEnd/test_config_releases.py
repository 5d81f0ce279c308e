"""Releases of config: pushed, pulled, compared, rolled back; odd names, interrupted and lost writes, damaged objects."""

import fcntl
import json
import os
import stat
import threading

import pytest
import releasing
from releasing import ODD, files, pull, push, root


@pytest.fixture
def config(project):
    """A project with a bucket of its own and a folder of config."""
    return releasing.prepare(project)


def test_there_and_back(config):
    base = root(config)
    os.symlink("../empty", base / "config/sub/link")
    os.chmod(base / "config/-dash", 0o750)
    release = push(config).out.strip()
    assert pull(config).out.strip() == release
    assert files(base / "pulled/current") == files(base / "config")
    assert os.readlink(base / "pulled/current") == f".releases/{release}"
    assert os.readlink(base / "pulled/current/sub/link") == "../empty"
    assert stat.S_IMODE(os.stat(base / "pulled/current/-dash").st_mode) == 0o750
    assert "nothing to do" in push(config).err and "nothing to do" in pull(config).err


def test_nothing_is_written_twice(config, judge):
    push(config)
    mark = judge.mark()
    push(config)
    assert judge.requests(since=mark, mutating=True) == []


def test_a_change_a_comparison_and_a_rollback(config):
    first = push(config).out.strip()
    pull(config)
    config.write("config/empty", "x")
    told = config.fgctl("config-diff", "--from", config.place).expect(2)
    assert told.out.splitlines() == ["~ empty  0 B -> 1 B"]
    # As many bytes, a link that leads elsewhere, another mode: each is told as what it is.
    dash = root(config) / "config/-dash"
    dash.write_text("_DASH\n")
    os.chmod(root(config) / "config/q?&=#;", 0o755)
    config.write("config/empty", "")
    differs = config.fgctl("config-diff", "--from", config.place).expect(2)
    assert differs.out.splitlines() == ["~ -dash  content differs (6 B)", "~ q?&=#;  mode 0644 -> 0755"]
    told = config.fgctl("config-diff", "--from", config.place, "--output", "json").expect(2).json["differences"]
    assert (told[1]["localMode"], told[1]["remoteMode"]) == ("0755", "0644")
    dash.write_text("-dash\n")
    os.chmod(root(config) / "config/q?&=#;", 0o644)
    config.write("config/empty", "x")
    second = push(config).out.strip()
    assert pull(config).out.strip() == second != first
    listed = config.fgctl("config-list", "--from", config.place, "--output", "json").expect(0).json
    assert (listed["current"], listed["previous"], len(listed["releases"])) == (second, first, 2)
    config.fgctl("config-rollback", "--to", config.place).expect(0)
    assert pull(config).out.strip() == first
    assert (root(config) / "pulled/current/empty").read_bytes() == b""
    assert pull(config, "--release", second[:10]).out.strip() == second


def test_what_is_missing_is_named(config):
    told = pull(config, code=1)
    assert f"s3://{config.bucket}/c/current.json does not exist" in told.err
    assert "c/current.json does not exist" in pull(config, "--timeout", "5s", code=3).err
    push(config)
    assert f"{'0' * 64}/manifest.json does not exist" in pull(config, "--release", "0" * 64, "--timeout", "60s", code=1).err
    assert not (root(config) / "pulled/current").exists()


def test_altered_objects_are_refused_and_current_stays(config):
    first = push(config).out.strip()
    pull(config)
    config.write("config/-dash", "other")
    second = push(config).out.strip()
    key = f"c/releases/{second}/files/-dash"
    config.s3.put_object(Bucket=config.bucket, Key=key, Body=b"0ther")
    assert "checksum" in pull(config, code=1).err
    assert os.readlink(root(config) / "pulled/current") == f".releases/{first}"
    manifest = f"c/releases/{second}/manifest.json"
    config.s3.put_object(Bucket=config.bucket, Key=manifest, Body=b'{"version":1}')
    assert "corrupt" in pull(config, code=1).err
    # The others are listed all the same.
    listed = config.fgctl("config-list", "--from", config.place).expect(0).out
    assert "corrupt: push its config again" in listed
    entries = config.fgctl("config-list", "--from", config.place, "--output", "json").expect(0).json["releases"]
    assert [entry.get("isCorrupt") for entry in entries].count(True) == 1
    assert pull(config, "--release", first).out.strip() == first


def test_an_altered_file_here_is_put_right(config):
    push(config)
    pull(config)
    damaged = root(config) / "pulled/current/-dash"
    damaged.write_text("someone wrote here")
    assert "put right" in pull(config).err
    assert damaged.read_text() == "-dash\n"


def test_a_lost_race_overwrites_nothing(config, judge):
    push(config)
    first = config.s3.get_object(Bucket=config.bucket, Key="c/current.json")["Body"].read()
    config.write("config/empty", "mine")
    gate, mark = threading.Event(), judge.mark()
    judge.inject("s3", "PutObject", hold=gate)
    running = config.start("config-push", "--to", config.place)
    judge.wait_for("s3", "PutObject", since=mark)
    # Between the read of the pointer and its write somebody else writes the same release with another time.
    theirs = json.dumps({**json.loads(first), "updatedBy": "somebody"}).encode()
    config.s3.put_object(Bucket=config.bucket, Key="c/current.json", Body=theirs)
    gate.set()
    ended = running.wait()
    assert ended.code == 5 and "changed meanwhile by somebody" in ended.err and "nothing was overwritten" in ended.err
    assert config.s3.get_object(Bucket=config.bucket, Key="c/current.json")["Body"].read() == theirs


def test_two_pulls_at_once(config):
    release = push(config).out.strip()
    both = [config.start("config-pull", "pulled", "--from", config.place) for _ in range(2)]
    assert [running.wait().code for running in both] == [0, 0]
    assert os.readlink(root(config) / "pulled/current") == f".releases/{release}"


def test_a_pull_that_does_not_end_is_named(config):
    first = push(config).out.strip()
    pull(config)
    with open(root(config) / "pulled/.releases/.lock", "r+") as lock:
        number, host = lock.read().split()
        assert int(number) > 1 and host == os.uname().nodename
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        lock.truncate()
        lock.write(f"4711 {os.uname().nodename}\n")
        lock.flush()
        refused = pull(config, "--timeout", "5s", code=3)
    assert f"waiting: process 4711 is pulling into {root(config)}/pulled" in refused.err
    assert "not done after 5s: process 4711 is pulling into" in refused.err and "raise --timeout" in refused.err
    assert pull(config).out.strip() == first


def test_what_a_killed_pull_left_of_a_manifest_goes(config):
    push(config)
    pull(config)
    orphan = root(config) / f"pulled/.releases/.{'ab' * 32}.json"
    orphan.write_text("{}")
    pull(config)
    assert not orphan.exists()


@pytest.mark.parametrize("words", [
    "config-pull . --interval 5s", "config-pull . --touch x", "config-pull . --watch --signal HUP",
    "config-pull . --watch --process x", "config-pull . --signal HUP --process x", "config-pull . --flat --max-delete 1",
    "config-push --flat --max-delete 1", "config-push --delete", "config-push --flat --keep 3", "config-pull . --flat --timeout 1s",
    "config-pull . --flat --release 01234567", "config-pull . --watch --release 01234567", "config-pull . --include x",
    "config-diff --flat --release 01234567", "config-pull . --flat --watch", "config-pull . --watch --interval 0s"])
def test_options_that_want_others_are_refused(config, judge, words):
    """None of them is taken and left without effect."""
    mark = judge.mark()
    config.fgctl(*words.split()).expect(64)
    assert judge.requests(since=mark) == []


def test_a_watcher_swaps_and_ends_cleanly(config):
    push(config)
    running = config.start("config-pull", "pulled", "--from", config.place, "--watch", "--interval", "1s", "--touch", "touched")
    running.line(r"looking every 1s")
    config.write("config/empty", "new")
    second = push(config).out.strip()
    running.line(f"release {second[:12]} .*swapped")
    assert (root(config) / "pulled/current/empty").read_text() == "new"
    running.interrupt()
    assert running.wait(30).code == 130
    assert (root(config) / "touched").exists()


def test_bad_yaml_is_not_pushed(config, judge):
    config.write("config/workspace.yaml", "load_from: [{python_fil: a.py}]\n")
    mark = judge.mark()
    assert "nothing was pushed" in push(config, code=65).err
    assert judge.requests(since=mark, mutating=True) == []
    push(config, "--no-check")


def test_a_push_puts_a_damaged_release_right(config, judge):
    release = push(config).out.strip()
    keys = [f"c/releases/{release}/files/{name}" for name in ("empty", "q?&=#;")]
    config.s3.put_object(Bucket=config.bucket, Key=keys[0], Body=b"altered")
    config.s3.delete_object(Bucket=config.bucket, Key=keys[1])
    # The one that is met first is named.
    refused = pull(config, code=1)
    assert "config-push" in refused.err and not (root(config) / "pulled/current").exists()
    mark = judge.mark()
    mended = push(config)
    assert mended.out.strip() == release and "put right" in mended.err
    assert len([r for r in judge.requests("s3", "PutObject", since=mark)]) == 3, "two files and the manifest"
    pull(config)
    assert files(root(config) / "pulled/current") == files(root(config) / "config")


def test_a_flat_sync_keeps_its_hands_off_releases(config, judge):
    push(config)
    mark = judge.mark()
    for words in (["config-push", "--flat", "--delete", "--to", config.place], ["config-pull", "flat", "--flat", "--from", config.place]):
        refused = config.fgctl(*words).expect(64)
        assert "releases lie there" in refused.err and config.place in refused.err
    # Nor where they lie deeper, or around.
    release = push(config, "--dry-run").out.strip()
    for place in (f"s3://{config.bucket}", f"{config.place}/releases", f"{config.place}/releases/{release}/files"):
        refused = config.fgctl("config-push", "--flat", "--delete", "--to", place).expect(64)
        assert "releases lie there" in refused.err
    assert judge.requests(since=mark, mutating=True) == [] and not (root(config) / "flat").exists()
    pull(config)


def test_a_folder_of_releases_is_no_flat_tree(config):
    push(config)
    pull(config)
    config.write("tree/a", "a")
    flat = ("--flat", "--to", f"s3://{config.bucket}/flat")
    config.fgctl("config-push", "tree", *flat).expect(0)
    refused = config.fgctl("config-pull", "pulled", "--flat", "--delete", "--from", flat[2]).expect(64)
    assert "releases lie there" in refused.err and (root(config) / "pulled/current").is_symlink()
    config.fgctl("config-push", "pulled", *flat, "--delete").expect(0)
    keys = {entry["Key"] for entry in config.s3.list_objects_v2(Bucket=config.bucket, Prefix="flat/")["Contents"]}
    assert keys == {f"flat/{name}" for name in [*ODD, "empty"]}


def test_what_lies_beside_a_pulled_release_is_said(config):
    push(config)
    assert "warning" not in pull(config).err
    config.write("pulled/mine.txt", "mine")
    for command in (("config-push", "pulled", "--to"), ("config-diff", "pulled", "--from")):
        told = config.fgctl(*command, config.place).expect(0)
        assert "warning: pulled: a release was pulled into it" in told.err and "mine.txt beside it" in told.err


def test_a_tree_that_is_empty_is_told(config):
    told = config.fgctl("config-pull", "flat", "--flat", "--from", f"s3://{config.bucket}/nothing").expect(0)
    assert f"warning: s3://{config.bucket}/nothing/: nothing lies there" in told.err


def test_a_dry_run_shows_what_too_many_deletions_would_be(config, judge):
    to = ["--flat", "--to", f"s3://{config.bucket}/flat"]
    config.fgctl("config-push", *to).expect(0)
    for name in ("empty", "-dash"):
        (root(config) / "config" / name).unlink()
    mark = judge.mark()
    config.write("config/a b+%.txt", "other")
    changed = config.fgctl("config-push", *to, "--dry-run").expect(0)
    assert changed.out.splitlines() == ["~ a b+%.txt  5 B (size)"]
    config.write("config/a b+%.txt", "a b+%.txt\n")
    shown = config.fgctl("config-push", *to, "--delete", "--max-delete", "1", "--dry-run").expect(1)
    assert [line for line in shown.out.splitlines() if line.startswith("- ")] == ["- -dash  6 B (extra)", "- empty  0 B (extra)"]
    assert "2 files would change, would be refused: 2 deletions, --max-delete 1" in shown.err
    assert "nothing would be done, since 2 files would be deleted, more than 1" in shown.err
    plan = config.fgctl("config-push", *to, "--delete", "--max-delete", "1", "--dry-run", "--output", "json").expect(1).json
    assert plan["refused"] == {"deletions": 2, "maxDelete": 1} and len(plan["changes"]) == 2
    assert "more than 1" in config.fgctl("config-push", *to, "--delete", "--max-delete", "1").expect(1).err
    assert judge.requests(since=mark, mutating=True) == []
    config.fgctl("config-push", *to, "--delete", "--max-delete", "2", "--dry-run").expect(0)


def test_the_env_folder_is_no_config(config, judge):
    refused = config.fgctl("config-push", "env").expect(65)
    assert "the env file" in refused.err and "config-push -e env" in refused.err
    assert judge.requests(label=judge.label, mutating=True) == []


def test_a_pointer_that_cannot_be_read_is_no_dead_end(config):
    release = push(config).out.strip()
    config.s3.put_object(Bucket=config.bucket, Key="c/current.json", Body=b"{}")
    assert "config-rollback RELEASE" in pull(config, code=1).err
    listed = config.fgctl("config-list", "--from", config.place).expect(0)
    assert "no pointer to a release" in listed.err and release[:12] in listed.out
    config.s3.delete_object(Bucket=config.bucket, Key="c/current.json")
    config.fgctl("config-rollback", release[:12], "--to", config.place).expect(0)
    assert pull(config).out.strip() == release


def test_a_file_to_touch_needs_its_folder(config):
    push(config)
    assert "there is no folder" in pull(config, "--watch", "--touch", "nowhere/changed", code=64).err


def test_large_files_go_up_in_parts_and_are_copied_inside_s3(config, judge):
    """Parts, a refused part, a copy from the release before, deletions of any name: each against the judge."""
    base, large = root(config), os.urandom((17 << 20) + 1)
    (base / "config/large.bin").write_bytes(large)
    judge.inject("s3", "UploadPart", status=403, code="AccessDenied")
    refused = push(config, code=1)
    assert "AccessDenied" in refused.err
    assert "Uploads" not in config.s3.list_multipart_uploads(Bucket=config.bucket)
    push(config)
    config.write("config/sub/more", "more")
    mark = judge.mark()
    second = push(config, "--output", "json").json
    assert second["copiedFiles"] == 1 and second["copiedBytes"] == len(large)
    assert [r.operation for r in judge.requests(since=mark) if r.operation in ("CopyObject", "UploadPart")] == ["CopyObject"]
    pull(config)
    assert files(base / "pulled/current") == files(base / "config")


def test_flat_deletes_whatever_a_key_is_made_of(config, judge):
    base, flat = root(config), ("--flat", "--to", f"s3://{config.bucket}/flat")
    names = ["gone", "bell\x07", "kept"]
    for name in names:
        config.write(f"tree/{name}", name)
    config.fgctl("config-push", "tree", *flat).expect(0)
    for name in names[:2]:
        (base / "tree" / name).unlink()
    mark = judge.mark()
    report = config.fgctl("config-push", "tree", *flat, "--delete", "--output", "json").expect(0).json
    assert report["deleted"] == 2
    assert {r.operation for r in judge.requests(since=mark, mutating=True)} == {"DeleteObject", "DeleteObjects"}
    left = config.s3.list_objects_v2(Bucket=config.bucket, Prefix="flat/").get("Contents", [])
    assert [entry["Key"] for entry in left] == ["flat/kept"]
