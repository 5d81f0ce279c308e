"""Many files, large files, odd names: moved there and back within the bound on memory."""

import os
import random
import subprocess

import pytest
from sync_harness import BUCKET, MIB, random_tree, read_tree, write_tree

PLACE = f"s3://{BUCKET}/sizes/"
GIB = 1 << 30
WAYS = pytest.mark.parametrize("way", [["--flat"], []], ids=["flat", "release"])


def there_and_back(fgctl, source, copy, way):
    fgctl.measured("config-push", source, "--to", PLACE, *way).expect(0)
    fgctl.measured("config-pull", copy, "--from", PLACE, *way).expect(0)
    return copy if way else copy / "current"


@pytest.fixture
def copy(tmp_path):
    folder = tmp_path / "copy"
    folder.mkdir()
    return folder


@WAYS
def test_unusual_names(fgctl, tmp_path, copy, way):
    files = random_tree(3, 60)
    write_tree(tmp_path / "source", files)
    assert read_tree(there_and_back(fgctl, tmp_path / "source", copy, way)) == files


@WAYS
def test_ten_thousand_files(fgctl, server, tmp_path, copy, way):
    source = random.Random(4)
    files = {f"part-{number // 100:03}/file-{number:05}": source.randbytes(4096) for number in range(10_000)}
    write_tree(tmp_path / "source", files)
    assert read_tree(there_and_back(fgctl, tmp_path / "source", copy, way)) == files
    before = server.statistics()["requests"]
    fgctl.measured("config-push", tmp_path / "source", "--to", PLACE, *way).expect(0)
    fgctl.measured("config-pull", copy, "--from", PLACE, *way).expect(0)
    after = server.statistics()["requests"]
    assert after["PutObject"] == before["PutObject"], "nothing had changed"
    assert after["GetObject"] - before["GetObject"] < 10, "nothing had changed"


@WAYS
def test_a_file_of_a_gibibyte(fgctl, tmp_path, copy, way):
    large = tmp_path / "source" / "large.bin"
    large.parent.mkdir()
    source = random.Random(5)
    block = source.randbytes(MIB)
    with open(large, "wb") as file:
        for number in range(GIB // MIB):
            # Every block is another one, at the cost of one.
            file.write(number.to_bytes(8, "big") + block[8:])
    found = there_and_back(fgctl, large.parent, copy, way) / "large.bin"
    assert os.path.getsize(found) == GIB
    assert subprocess.run(["cmp", large, found], timeout=600).returncode == 0
