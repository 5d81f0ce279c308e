"""kill -9 at random moments: the pointer always names a complete release, a folder is always one release, and the next run
goes on."""

import json
import os
import random
import signal
import time

import pytest
from sync_harness import (
    BUCKET, Fgctl, assert_folder_is_one_release, assert_pointer_names_whole_release, leftovers, random_tree,
    read_tree, write_tree)

PLACE = f"s3://{BUCKET}/killed/"
BASE = "killed/"
TREES = 3


@pytest.fixture
def kills(is_soak):
    return 200 if is_soak else 20


@pytest.fixture
def slow(make_server):
    """Each answer takes a moment, so that kills meet every step of a run."""
    return make_server("--latency", 3)


def killed_at(fgctl: Fgctl, moment: float, *words: str) -> bool:
    """Runs a command and kills it at that moment. Returns whether it was still running."""
    started = time.monotonic()
    process = fgctl.start(*words)
    time.sleep(max(0, moment - (time.monotonic() - started)))
    process.send_signal(signal.SIGKILL)
    run = fgctl.finish(process, started)
    assert run.code in (0, -signal.SIGKILL), run.err
    return run.code != 0


def typical(fgctl: Fgctl, *words: str) -> float:
    return fgctl(*words).expect(0).seconds


class Moments:
    """When to kill: at any moment of a run, up to just behind its end, however long runs take by now."""

    def __init__(self, source: random.Random, typical: float) -> None:
        self.source, self.longest = source, typical * 1.1
        self.span = self.longest
        self.met = self.tries = 0

    def next(self) -> float:
        return self.source.uniform(0, self.span)

    def count(self, was_running: bool) -> None:
        self.met += was_running
        self.tries += 1
        self.span = min(self.longest, self.span * 1.1) if was_running else self.span * 0.85


def test_kills(slow, make_fgctl, tmp_path, kills, capsys):
    fgctl, source = make_fgctl(slow), random.Random(11)
    versions, folders = {}, []
    for number in range(TREES):
        versions[str(number)] = random_tree(number, 60)
        folders.append(tmp_path / f"source-{number}")
        write_tree(folders[-1], versions[str(number)])
    copy = tmp_path / "copy"
    copy.mkdir()
    push = Moments(source, typical(fgctl, "config-push", folders[0], "--to", PLACE))
    pull = Moments(source, typical(fgctl, "config-pull", copy, "--from", PLACE))
    while push.met + pull.met < kills and push.tries < 2 * kills:
        folder = folders[(push.tries + 1) % TREES]
        # What earlier rounds have left of other releases is now and then gone, so that pushing has all to do.
        current = assert_pointer_names_whole_release(slow, BASE)
        if push.tries % 3 == 0:
            for key in slow.keys(f"{BASE}releases/"):
                if current not in key:
                    slow.delete(key)
        push.count(killed_at(fgctl, push.next(), "config-push", str(folder), "--to", PLACE))
        assert assert_pointer_names_whole_release(slow, BASE)
        fgctl("config-push", folder, "--to", PLACE).expect(0)
        pull.count(killed_at(fgctl, pull.next(), "config-pull", str(copy), "--from", PLACE))
        assert assert_folder_is_one_release(copy, versions)
    with capsys.disabled():
        print(f"\n{push.met} pushes (of {push.longest:.2f} s) and {pull.met} pulls (of {pull.longest:.2f} s) killed, "
              f"{push.tries} of each tried; load {os.getloadavg()[0]:.1f}")
    assert push.met + pull.met >= kills and min(push.met, pull.met) >= kills // 4
    fgctl("config-push", folders[1], "--to", PLACE).expect(0)
    fgctl("config-pull", copy, "--from", PLACE).expect(0)
    assert assert_folder_is_one_release(copy, versions) == "1"
    newest = json.loads(slow.get(f"{BASE}current.json"))["release"]
    assert os.readlink(copy / "current") == f".releases/{newest}"
    assert leftovers(copy) == []


def test_kills_of_flat_runs(slow, make_fgctl, tmp_path, kills):
    """No half file, neither in S3 nor on disk, and the next run ends the work."""
    fgctl, chance = make_fgctl(slow), random.Random(12)
    old, new = random_tree(1, 60), random_tree(2, 60)
    source, copy = tmp_path / "source", tmp_path / "copy"
    copy.mkdir()
    write_tree(source, old)
    push = Moments(chance, typical(fgctl, "config-push", source, "--to", PLACE, "--flat"))
    pull = Moments(chance, typical(fgctl, "config-pull", copy, "--from", PLACE, "--flat"))
    for number in range(kills):
        if number >= kills // 4 and push.met + pull.met >= kills // 8:
            break
        now, before = (new, old) if number % 2 == 0 else (old, new)
        write_tree(source, now)
        push.count(killed_at(fgctl, push.next(), "config-push", str(source), "--to", PLACE, "--flat"))
        for name, content in slow.tree(BASE).items():
            assert content in (old[name], new[name]), name
        fgctl("config-push", source, "--to", PLACE, "--flat").expect(0)
        assert slow.tree(BASE) == now
        pull.count(killed_at(fgctl, pull.next(), "config-pull", str(copy), "--from", PLACE, "--flat"))
        for name, content in read_tree(copy).items():
            assert name not in old or content in (old[name], new[name]), name
        fgctl("config-pull", copy, "--from", PLACE, "--flat").expect(0)
        assert read_tree(copy) == now, "something half is left beside the files"
    assert push.met + pull.met >= kills // 8
