"""The overlay stops the start when the emulator is another than it expects (bin/lib/local_aws/overlay/patching.py)."""

import importlib.util
import types

import pytest
from conftest import ROOT


def _load(name: str):
    spec = importlib.util.spec_from_file_location(name, ROOT / "bin/lib/local_aws/overlay" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


patching = _load("patching")


@pytest.fixture
def emulator():
    module = types.ModuleType("emulator")
    module.run = lambda data: data
    module._ACTION_MAP = {"Run": module.run, "Other": len}
    module._RESOURCE_HANDLERS = {"AWS::Thing": {"create": module.run}}
    return module


def test_a_function_is_replaced_wherever_it_is_kept(emulator):
    patching.wrap(emulator, "run", "data", lambda original: lambda data: original(data) + 1)
    patching.wrap(emulator, "run", "data", lambda original: lambda data: original(data) * 10)
    for function in (emulator.run, emulator._ACTION_MAP["Run"], emulator._RESOURCE_HANDLERS["AWS::Thing"]["create"]):
        assert function(1) == 20
    assert emulator._ACTION_MAP["Other"] is len


@pytest.mark.parametrize("name,parameters", [("walk", "data"), ("run", "data context"), ("run", "request")])
def test_another_function_than_expected_is_an_error(emulator, name, parameters):
    with pytest.raises(patching.OverlayError):
        patching.wrap(emulator, name, parameters, lambda original: original)


def test_a_missing_name_is_an_error(emulator):
    patching.require(emulator, "run")
    with pytest.raises(patching.OverlayError, match="walk"):
        patching.require(emulator, "run", "walk")


def test_the_pinned_version_is_the_one_that_the_overlay_is_written_for():
    pins = (ROOT / "bin/lib/requirements-local-aws.txt").read_text().splitlines()
    assert f"ministack=={patching.VERSION}" in pins
