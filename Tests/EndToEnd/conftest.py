"""Fixtures of the end-to-end tests: every worker has one judge between the binary and local AWS."""

from __future__ import annotations

import os

import harness
import parts
import pytest
import verdict
from judge import Judge, models

# Parts of the ids of tests that take half a minute or more, the longest first.
LONG = (
    "every_combination", "a_minute", "test_worked_example.py", "test_permissions.py::test_dagster", "runs_dagster",
    "test_dagster_stacks.py", "test_dagster_updates.py", "test_command_tree.py", "no_secret_of_the_user", "test_failing_deploys.py",
    "test_harness.py", "test_services.py", "test_main_path.py", "test_run_task_trouble.py", "test_smoke_aws.py", "test_compose.py",
    "test_schedules_more.py",
)


def pytest_collection_modifyitems(items):
    """Long tests begin first, so that at the end of a run no worker is left alone with one (with `--maxschedchunk 1`)."""
    def rank(item):
        return next((place for place, part in enumerate(LONG) if part in item.nodeid), len(LONG))
    items.sort(key=rank)


@pytest.fixture(scope="session")
def worker_name(request):
    """xdist's name of this worker, `main` without xdist."""
    return getattr(request.config, "workerinput", {}).get("workerid", "main")


@pytest.fixture(scope="session")
def local_aws():
    url = os.environ.get("FGCTL_LOCAL_AWS", harness.LOCAL_AWS)
    harness.check_local_aws(url)
    return url


@pytest.fixture(scope="session")
def fgctl_binary():
    return harness.find_binary()


@pytest.fixture(scope="session")
def judge_of_worker(local_aws, worker_name):
    models.preload()
    with Judge(local_aws, record=verdict.RECORDS / f"requests-{worker_name}.jsonl") as judge:
        yield judge


@pytest.fixture
def judge(judge_of_worker, request):
    """The worker's judge, its record labelled with the test's name. `judge.requests(label=…)` tells tests apart."""
    judge_of_worker.label = request.node.nodeid
    yield judge_of_worker
    judge_of_worker.settle()
    judge_of_worker.clear_injections()
    judge_of_worker.label = None


@pytest.fixture
def project(tmp_path, fgctl_binary, judge, local_aws):
    project = harness.Project(tmp_path, fgctl_binary, judge, local_aws)
    try:
        yield project
    finally:
        project.clean_up()


@pytest.fixture(scope="session")
def standing_stacks(local_aws):
    """Network and task stack, made once for each worker."""
    with parts.standing_stacks(local_aws) as stacks:
        yield stacks


@pytest.fixture
def job(project, standing_stacks):
    """A project whose env file names the worker's standing stacks: what it starts runs `busybox:local`."""
    project.write_env(STACK_NAME=standing_stacks.stack, PARENT_STACK_NAME=standing_stacks.parent_stack)
    return project
