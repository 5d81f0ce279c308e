"""Many pulls against many pushes: whoever reads a folder sees one whole release, and nobody fails but those who lose the race
for the pointer, and say so."""

import json
import multiprocessing
import os
import threading
import time
from collections import Counter

from sync_harness import BUCKET, assert_folder_is_one_release, assert_pointer_names_whole_release, leftovers, write_tree

PLACE = f"s3://{BUCKET}/race/"
BASE = "race/"
VERSIONS = 8
FOLDERS = 4
FILES = ["first", "second.yaml", "a/one.sql", "a/two.sql", "b/ü x", "b/c/d/e", "empty-ish", "last"]
LOST = 5


def version(number):
    """Trees whose every file names its version; three quarters of the names are the same in all."""
    names = FILES + [f"only in {number}"]
    return {name: f"{number}\n".encode() * (1 + 97 * index) for index, name in enumerate(names)}


def watch(folders, looks_so_far, stopping, results):
    """Reads what `current` leads to, again and again, each time through one open folder."""
    versions = {tuple(sorted(version(number))): number for number in range(VERSIONS)}
    seen, looks = Counter(), 0
    while not stopping.is_set():
        for folder in folders:
            problem = look(folder, versions, seen)
            looks += 1
            looks_so_far.value = looks
            if problem:
                results.put({"problem": problem, "looks": looks})
                return
    results.put({"problem": None, "looks": looks, "seen": len(seen)})


def look(folder, versions, seen):
    """What is wrong with the folder at this moment; `None` for one whole release."""
    current = f"{folder}/current"
    target = None
    try:
        target = os.readlink(current)
        root = os.open(current, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        # Between the link and what it leads to, another one may have become current and this one gone.
        if not seen.get(folder) or (target and os.readlink(current) != target):
            return None
        return f"{current} is gone"

    def is_current():
        """Whether it still leads to the folder that is open, not to another one, be it of the same release made anew."""
        return os.path.samestat(os.stat(current), os.fstat(root))

    try:
        found = {}
        for name in walk(root, ""):
            file = os.open(name, os.O_RDONLY, dir_fd=root)
            with os.fdopen(file, "rb") as opened:
                found[name] = opened.read()
    except OSError as error:
        # Only a release that is no longer the current one may be taken away under a reader.
        return f"{current}: {error}" if is_current() else None
    else:
        number = versions.get(tuple(sorted(found)))
        if (number is None or found != version(number)) and is_current():
            return f"{current} is a mixture: { {name: content[:2] for name, content in found.items()} }"
    finally:
        os.close(root)
    if number is None or found != version(number):
        return None
    seen[folder] += 1
    seen[target] += 1
    return None


def walk(root, below):
    folder = os.open(below or ".", os.O_RDONLY | os.O_DIRECTORY, dir_fd=root)
    try:
        for entry in sorted(os.listdir(folder)):
            name = f"{below}/{entry}" if below else entry
            info = os.stat(entry, dir_fd=folder, follow_symlinks=False)
            if (info.st_mode & 0o170000) == 0o040000:
                yield from walk(root, name)
            else:
                yield name
    finally:
        os.close(folder)


class Pace:
    """Starts something so often a second, in threads, until it is told that this was enough, and collects what came of it."""

    def __init__(self, rate, workers, is_enough, work):
        self.lock = threading.Lock()
        self.due = 0.0
        self.step, self.is_enough, self.work = 1 / rate, is_enough, work
        self.runs, self.number, self.problems = [], 0, []
        self.threads = [threading.Thread(target=self.loop, args=(index,)) for index in range(workers)]

    def start(self):
        self.due = time.monotonic()
        for thread in self.threads:
            thread.start()

    def loop(self, index):
        while True:
            with self.lock:
                due, number = max(self.due, time.monotonic() - 1), self.number
                self.due, self.number = due + self.step, number + 1
            if self.is_enough() or self.problems:
                return
            time.sleep(max(0, due - time.monotonic()))
            try:
                self.runs.append(self.work(index, number))
            except Exception as error:
                self.problems.append(error)

    def join(self):
        for thread in self.threads:
            thread.join()
        if self.problems:
            raise self.problems[0]


def test_pulls_against_pushes(server, make_fgctl, tmp_path, is_soak, capsys):
    seconds = 60 if is_soak else 8
    sources = [tmp_path / f"source-{number}" for number in range(VERSIONS)]
    for number, source in enumerate(sources):
        write_tree(source, version(number))
    folders = [tmp_path / f"folder-{number}" for number in range(FOLDERS)]
    for folder in folders:
        folder.mkdir()
    fgctl = make_fgctl(server)
    fgctl("config-push", sources[0], "--to", PLACE).expect(0)

    context = multiprocessing.get_context("spawn")
    stopping, results, looks = context.Event(), context.Queue(), context.Value("Q", 0)
    reader = context.Process(target=watch, args=(list(map(str, folders)), looks, stopping, results))
    reader.start()
    began = time.monotonic()
    wanted = {"pulls": seconds * (40 if is_soak else 2), "pushes": seconds * (4 if is_soak else 1), "looks": seconds * 10}

    def is_enough():
        done = time.monotonic() - began
        if is_soak or done < seconds:
            return done >= seconds
        # A busy machine takes longer for as many; the last limit is against hanging.
        return done > 600 or not reader.is_alive() or (
            len(pushes.runs) >= wanted["pushes"] and len(pulls.runs) >= wanted["pulls"] and looks.value > wanted["looks"])

    pushes = Pace(5, 3, is_enough, lambda index, number: fgctl(
        "config-push", sources[number % VERSIONS], "--to", PLACE, name=f"push-{index}").expect(0, LOST))
    pulls = Pace(50, 6, is_enough, lambda index, number: fgctl(
        "config-pull", folders[number % FOLDERS], "--from", PLACE, name=f"pull-{index}").expect(0))
    try:
        pushes.start()
        pulls.start()
        pushes.join()
        pulls.join()
    finally:
        stopping.set()
        verdict = results.get(timeout=300)
        reader.join(300)
    took = time.monotonic() - began
    lost = [run for run in pushes.runs if run.code == LOST]
    with capsys.disabled():
        print(f"\n{len(pulls.runs) / took:.1f} pulls/s against {len(pushes.runs) / took:.1f} pushes/s for {took:.0f} s, "
              f"{len(lost)} lost the race; {verdict['looks']} looks; load {os.getloadavg()[0]:.1f}")
    assert verdict["problem"] is None
    assert verdict["looks"] > wanted["looks"]
    assert verdict["seen"] > FOLDERS, "the readers saw no change"
    for run in lost:
        assert "current.json" in run.err or "pointer" in run.err or "another" in run.err, run.err
    assert len(pulls.runs) >= wanted["pulls"]
    assert len(pushes.runs) >= wanted["pushes"]
    assert_pointer_names_whole_release(server, BASE)
    versions = {str(number): version(number) for number in range(VERSIONS)}
    newest = json.loads(server.get(f"{BASE}current.json"))["release"]
    for folder in folders:
        fgctl("config-pull", folder, "--from", PLACE).expect(0)
        assert assert_folder_is_one_release(folder, versions)
        assert os.readlink(folder / "current") == f".releases/{newest}"
        assert leftovers(folder) == []


def test_of_two_that_push_at_once_one_wins_or_both_in_turn(make_server, make_fgctl, tmp_path):
    """A slow network, so that the two are under way together: never does the loser overwrite silently."""
    server = make_server("--latency", 20)
    fgctl = make_fgctl(server)
    sources = [tmp_path / f"source-{number}" for number in range(4)]
    for number, source in enumerate(sources):
        write_tree(source, version(number))
    fgctl("config-push", sources[0], "--to", PLACE).expect(0)
    started = time.monotonic()
    processes = [fgctl.start("config-push", source, "--to", PLACE, name=f"push-{number}")
                 for number, source in enumerate(sources[1:])]
    runs = [fgctl.finish(process, started, f"push-{number}") for number, process in enumerate(processes)]
    codes = sorted(run.expect(0, LOST).code for run in runs)
    assert codes[0] == 0, "somebody wins"
    for run in runs:
        assert run.code == 0 or run.err.strip()
    assert assert_pointer_names_whole_release(server, BASE)
