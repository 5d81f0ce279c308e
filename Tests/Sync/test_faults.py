"""An unreliable network, at seeded odds: the result is byte-identical or the error is clear, never silently wrong, and nothing
is deleted after an error."""

import os

import pytest
from sync_harness import (
    BUCKET, MIB, assert_folder_is_one_release, assert_pointer_names_whole_release, leftovers, random_tree, read_tree,
    write_tree)

# A run that fails says so and is repeated; each goes on where the last one ended.
REPEATS = 60
# Files, so that each kind of fault is met for certain: which exchange meets one depends on the order of those side by side.
MANY = 540
SEEDS = [1, 2]
SOAK_SEEDS = list(range(1, 21))
PLACE = f"s3://{BUCKET}/some/place/"
BASE = "some/place/"


def seeds():
    return SOAK_SEEDS if os.environ.get("FGCTL_SOAK") else SEEDS


def until_done(fgctl, *words, after_failure=lambda: None):
    """Repeats a command until it exits 0. Returns how often it failed, each time with a clear error."""
    for failures in range(REPEATS):
        run = fgctl.measured(*words)
        if run.code == 0:
            return failures
        assert run.code == 1, f"{run}\n{run.err}"
        assert run.err.strip(), f"{run}: no error was said"
        assert "Fatal error" not in run.err
        after_failure()
    raise AssertionError(f"{' '.join(map(str, words))} failed {REPEATS} times: {run.err}")


@pytest.fixture
def faulty(make_server):
    def make(seed, odds=0.05, *options):
        return make_server("--faults", seed, "--odds", odds, *options)

    return make


@pytest.fixture
def trees(tmp_path):
    """What is pushed, and where it is pulled to."""
    source, copy = tmp_path / "source", tmp_path / "copy"
    source.mkdir()
    copy.mkdir()
    return source, copy


def assert_met(server):
    met = server.statistics()["faults"]
    assert all(met[kind] for kind in ("slow-down", "reset-in-request", "reset-in-response", "flipped-request")), met


@pytest.mark.parametrize("seed", seeds())
def test_flat(faulty, make_fgctl, trees, seed):
    server = faulty(seed)
    fgctl = make_fgctl(server)
    source, copy = trees
    files = random_tree(seed, MANY, large=24 * MIB)
    write_tree(source, files)

    def nothing_wrong_is_stored():
        for name, content in server.tree(BASE).items():
            assert files[name] == content, name

    until_done(fgctl, "config-push", source, "--to", PLACE, "--flat", after_failure=nothing_wrong_is_stored)
    assert server.tree(BASE) == files

    def nothing_wrong_is_on_disk():
        for name, content in read_tree(copy).items():
            assert files.get(name) == content or ".fgctl" in name, name

    until_done(fgctl, "config-pull", copy, "--from", PLACE, "--flat", after_failure=nothing_wrong_is_on_disk)
    assert read_tree(copy) == files
    assert_met(server)


@pytest.mark.parametrize("seed", seeds())
def test_release(faulty, make_fgctl, trees, seed):
    server = faulty(seed)
    fgctl = make_fgctl(server)
    source, copy = trees
    versions = {}
    for number in range(3):
        versions[f"tree {number}"] = files = random_tree(seed * 100 + number, MANY // 3, large=18 * MIB if number == 1 else 0)
        for path in sorted(source.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        write_tree(source, files)

        def nothing_half_is_named():
            assert_pointer_names_whole_release(server, BASE)

        until_done(fgctl, "config-push", source, "--to", PLACE, after_failure=nothing_half_is_named)
        assert assert_pointer_names_whole_release(server, BASE)

        def nothing_half_is_there():
            assert_folder_is_one_release(copy, versions)

        until_done(fgctl, "config-pull", copy, "--from", PLACE, after_failure=nothing_half_is_there)
        assert assert_folder_is_one_release(copy, versions) == f"tree {number}"
    assert leftovers(copy) == []
    assert_met(server)


@pytest.mark.parametrize("seed", seeds())
def test_nothing_is_deleted_after_an_error(faulty, make_fgctl, trees, seed):
    """At odds that make most runs fail: what is only there stays as long as one file could not be moved."""
    server = faulty(seed, 0.22)
    fgctl = make_fgctl(server, AWS_MAX_ATTEMPTS="2")
    source, copy = trees
    files = random_tree(seed, 40)
    extra = {f"only there/{number}": b"kept" for number in range(5)}
    write_tree(source, files)
    for name, content in extra.items():
        server.put(BASE + name, content)

    def extras_are_there():
        there = server.tree(BASE)
        missing_files = [name for name in files if name not in there]
        missing_extras = [name for name in extra if name not in there]
        assert not missing_extras or not missing_files, f"deleted {missing_extras} while {missing_files} are missing"

    failures = until_done(
        fgctl, "config-push", source, "--to", PLACE, "--flat", "--delete", after_failure=extras_are_there)
    assert server.tree(BASE) == files

    write_tree(copy, extra)

    def local_extras_are_there():
        there = read_tree(copy)
        missing_files = [name for name in files if there.get(name) != files[name]]
        missing_extras = [name for name in extra if name not in there]
        assert not missing_extras or not missing_files, f"deleted {missing_extras} while {missing_files} are missing"

    failures += until_done(
        fgctl, "config-pull", copy, "--from", PLACE, "--flat", "--delete", after_failure=local_extras_are_there)
    assert read_tree(copy) == files
    assert failures > 0, "no run failed: the odds are too low to prove anything"


@pytest.mark.parametrize("kind", ["flipped-response", "truncated"])
@pytest.mark.parametrize("way", [["--flat"], []], ids=["flat", "release"])
def test_a_body_that_always_comes_wrong_is_never_accepted(make_server, make_fgctl, trees, server_binary, kind, way):
    source, copy = trees
    files = random_tree(5, 25)
    write_tree(source, files)
    server = make_server("--faults", 1, "--odds", 1, "--kinds", kind)
    fgctl = make_fgctl(server, AWS_MAX_ATTEMPTS="2")
    # Pushing reads no object's body, but for the pointer; so another way in: past the faults.
    clean = make_server()
    make_fgctl(clean)("config-push", source, "--to", PLACE, *way).expect(0)
    for key in clean.keys():
        server.put(key, clean.get(key))
    run = fgctl("config-pull", copy, "--from", PLACE, *way).expect(1)
    assert run.err.strip()
    assert assert_folder_is_one_release(copy, {"tree": files}) is None
    assert all(files.get(name) == content for name, content in read_tree(copy).items() if not name.startswith("."))
