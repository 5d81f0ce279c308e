"""A store can be read while something is stored, also in the middle of the reading (bin/lib/local_aws/overlay/snapshots.py)."""

import os
import subprocess

import pytest
from conftest import ROOT

# What a garbage collection lets happen at any allocation, here happens at each of them.
SCRIPT = """
import gc, sys
from ministack.core import responses
from local_aws.overlay import snapshots

if sys.argv[1:] == ["with"]:
    snapshots.apply()
for kind in (responses.AccountScopedDict, responses.AccountRegionScopedDict):
    store = kind()
    for number in range(10_000):
        store[f"key-{number}"] = {}
    gc.callbacks.append(lambda *_: store.__setitem__(f"late-{len(store._data)}", {}))
    gc.set_threshold(50)
    for read in (store.items, store.values, store.keys, lambda: list(store)):
        assert len(list(read())) >= 10_000
    gc.callbacks.clear()
"""


@pytest.mark.parametrize(("how", "failure"), [("with", ""), ("without", "dictionary changed size during iteration")])
def test_a_store_is_read_while_something_is_stored(how, failure):
    done = subprocess.run(
        [ROOT / ".build/venvs/local-aws/bin/python", "-c", SCRIPT, how], capture_output=True, text=True, timeout=240,
        env=os.environ | {"PYTHONPATH": str(ROOT / "bin/lib"), "PYTHONDONTWRITEBYTECODE": "1"})
    assert failure in done.stderr and (done.returncode == 0) == (how == "with"), done.stderr
