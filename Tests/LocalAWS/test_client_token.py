"""RunTask under a client token (bin/lib/local_aws/overlay/client_token.py, tokens.py)."""

import importlib.util
import sys
import threading
import uuid

import pytest
from botocore.exceptions import ClientError
from conftest import ROOT, Lab, client


def _tokens():
    path = ROOT / "bin/lib/local_aws/overlay/tokens.py"
    spec = importlib.util.spec_from_file_location("tokens", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["tokens"] = module
    spec.loader.exec_module(module)
    return module


tokens = _tokens()


class TestWindow:
    """The memory alone, under a clock of the test's."""

    def setup_method(self):
        self.now = 1_000_000.0
        self.stopped = None
        self.runs = 0
        self.memory = tokens.ClientTokens(lambda ids: self.stopped, lambda: self.now)

    def ask(self, request=None, ids=("task",)):
        def run():
            self.runs += 1
            return f"answer {self.runs}", list(ids)

        return self.memory.answer("token", request or {"count": 1}, run)

    def test_24_hours_while_the_task_runs(self):
        assert self.ask() == "answer 1"
        self.now += 24 * 3600 - 1
        assert self.ask() == "answer 1"
        self.now += 1
        assert self.ask() == "answer 2"

    def test_one_hour_after_the_task_stopped(self):
        self.ask()
        self.stopped = self.now + 60
        self.now = self.stopped + 3599
        assert self.ask() == "answer 1"
        self.now += 1
        assert self.ask() == "answer 2"

    def test_24_hours_though_the_task_stopped_late(self):
        self.ask()
        self.now += 24 * 3600
        self.stopped = self.now - 60
        assert self.ask() == "answer 2"

    def test_other_parameters_conflict_only_within_the_window(self):
        self.ask()
        with pytest.raises(tokens.TokenConflict) as conflict:
            self.ask({"count": 2})
        assert conflict.value.resource_ids == ["task"]
        self.now += 24 * 3600
        assert self.ask({"count": 2}) == "answer 2"

    def test_a_failed_request_is_not_remembered(self):
        self.ask(ids=())
        assert self.ask({"count": 2}) == "answer 2"

    @pytest.mark.parametrize("token,valid", [
        ("a" * 64, True), ("a" * 65, False), ("", False), ("with space", False), ("ü", False), ("!~", True)])
    def test_what_a_token_may_be(self, token, valid):
        assert tokens.is_valid(token) is valid


def test_same_token_and_parameters_give_the_same_task(lab):
    request = lab.request(lab.shell("exit 0"), clientToken=uuid.uuid4().hex, count=2)
    first = lab.ecs.run_task(**request)
    second = lab.ecs.run_task(**request)
    arns = sorted(task["taskArn"] for task in first["tasks"])
    assert len(arns) == 2
    assert sorted(task["taskArn"] for task in second["tasks"]) == arns
    for arn in arns:
        lab.status(arn, "STOPPED")
    assert sorted(task["taskArn"] for task in lab.ecs.run_task(**request)["tasks"]) == arns
    listed = lab.ecs.list_tasks(cluster=lab.name, desiredStatus="STOPPED")["taskArns"]
    assert sorted(listed) == arns


def test_changed_parameters_conflict_and_name_the_task(lab):
    definition = lab.shell("exit 0")
    token = uuid.uuid4().hex
    arn = lab.run(definition, clientToken=token)
    overrides = {"containerOverrides": [{"name": "c0", "environment": [{"name": "DAY", "value": "2"}]}]}
    with pytest.raises(ClientError) as refused:
        lab.run(definition, clientToken=token, overrides=overrides)
    assert refused.value.response["Error"]["Code"] == "ConflictException"
    assert refused.value.response["resourceIds"] == [arn]
    lab.status(arn, "STOPPED")


def test_another_token_and_another_cluster_start_another_task(lab):
    definition = lab.shell("exit 0")
    token = uuid.uuid4().hex
    arns = {lab.run(definition, clientToken=token), lab.run(definition, clientToken=token + "x")}
    other = Lab()
    try:
        arn = other.run(definition, clientToken=token)
        other.status(arn, "STOPPED")
        arns.add(arn)
    finally:
        other.remove()
    assert len(arns) == 3


def test_requests_at_the_same_time_start_one_task(lab):
    request = lab.request(lab.shell("exit 0"), clientToken=uuid.uuid4().hex)
    arns = []
    # boto3's default session makes clients for one thread at a time.
    clients = [client("ecs") for _ in range(4)]
    threads = [
        threading.Thread(target=lambda own: arns.append(own.run_task(**request)["tasks"][0]["taskArn"]), args=(own,))
        for own in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(arns) == 4 and len(set(arns)) == 1


def test_a_token_is_usable_after_a_refused_request(lab):
    token = uuid.uuid4().hex
    with pytest.raises(ClientError):
        lab.run(f"{lab.name}-nothing:1", clientToken=token)
    lab.status(lab.run(lab.shell("exit 0"), clientToken=token), "STOPPED")


def test_a_token_of_other_characters_is_refused(lab):
    with pytest.raises(ClientError) as refused:
        lab.run(lab.shell("exit 0"), clientToken="no spaces")
    assert refused.value.response["Error"]["Code"] == "InvalidParameterException"
