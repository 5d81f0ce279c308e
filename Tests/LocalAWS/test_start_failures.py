"""Tasks that can't start (bin/lib/local_aws/overlay/start_failures.py)."""

from platform import machine

from conftest import REGISTRY


def _failed(task) -> str:
    assert task["stopCode"] == "TaskFailedToStart"
    assert "exitCode" not in task["containers"][0]
    assert task["containers"][0]["reason"] == task["stoppedReason"]
    return task["stoppedReason"]


def test_an_image_that_is_nowhere(lab):
    reason = _failed(lab.finish(lab.define({"image": f"{REGISTRY}/{lab.name}-nothing:1"})))
    assert reason.startswith(f"CannotPullContainerError: failed to resolve ref {REGISTRY}/{lab.name}-nothing:1")


def test_an_image_that_was_built_but_never_pushed(lab, image):
    name = image('CMD ["true"]', push=False)
    reason = _failed(lab.finish(lab.define({"image": name})))
    assert reason.startswith("CannotPullContainerError")


def test_a_command_that_is_not_in_the_image(lab):
    reason = _failed(lab.finish(lab.define({"command": ["no-such-program"]})))
    assert reason.startswith("CannotStartContainerError")
    assert "no-such-program" in reason


def test_the_cause_is_the_first_failure(lab, image):
    """A definition with a platform, as fgctl's template has it: the start is not tried a second time under a taken name."""
    name = image('CMD ["true"]')
    platform = {"cpuArchitecture": "ARM64" if machine() == "aarch64" else "X86_64", "operatingSystemFamily": "LINUX"}
    task = lab.finish(lab.define({"image": name, "command": ["no-such-program"]}, runtimePlatform=platform))
    assert "no-such-program" in _failed(task)
    assert "already in use" not in task["stoppedReason"]


def test_an_image_that_was_pushed_runs(lab, image):
    name = image('CMD ["echo", "pushed"]')
    assert lab.output(lab.define({"image": name})) == ["pushed"]
