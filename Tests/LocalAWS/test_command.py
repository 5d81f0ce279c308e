"""bin/local-aws itself. Only what leaves a running local AWS as it is."""

import json
import subprocess
import urllib.request

import pytest
from conftest import ROOT


def _local_aws(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "bin/local-aws", *arguments], capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL)


@pytest.fixture(scope="module", autouse=True)
def of_this_checkout():
    if not (ROOT / ".build/local-aws/emulator.json").exists():
        pytest.skip("local AWS was started from another checkout")


def test_up_when_it_is_up_says_so_and_restarts_nothing():
    record = (ROOT / ".build/local-aws/emulator.json").read_text()
    for _ in range(2):
        done = _local_aws("up")
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("local AWS is already up\n")
    assert (ROOT / ".build/local-aws/emulator.json").read_text() == record


def test_up_does_not_hold_the_callers_output_open():
    # A pipeline ends only when every holder of its write end is gone.
    done = subprocess.run(
        ["bash", "-c", "bin/local-aws up | cat"], cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0
    assert "local AWS is already up" in done.stdout


def test_status_lists_the_parts_and_exits_0():
    done = _local_aws("status")
    assert done.returncode == 0
    for part in ("docker engine", "emulator", "forward-api", "forward-credentials"):
        assert any(line.startswith(part) and " up " in line for line in done.stdout.splitlines()), done.stdout
    assert _local_aws("status", "--quiet").stdout == ""


def test_nothing_listens_on_every_interface():
    listeners = subprocess.run(["ss", "-Hltn", "sport = :4566"], capture_output=True, text=True, check=True).stdout
    addresses = {line.split()[3] for line in listeners.splitlines()}
    assert "127.0.0.1:4566" in addresses
    assert not any(address.startswith(("0.0.0.0:", "*:", "[::]:")) for address in addresses)


def test_the_forwarders_lead_to_the_emulator():
    records = list((ROOT / ".build/local-aws").glob("forward-*.json"))
    assert len(records) == 2
    for record in records:
        target = json.loads(record.read_text())["fingerprint"]
        with urllib.request.urlopen(f"http://{target}/_ministack/health", timeout=60) as answer:
            assert answer.status == 200


def test_an_unknown_word_is_a_usage_error():
    assert _local_aws("sideways").returncode == 64
