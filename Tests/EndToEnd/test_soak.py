"""Long runs, only with FGCTL_SOAK=1 (bin/test --soak): many tasks under faults at seeded odds."""

import os
import random
import threading

import pytest

pytestmark = pytest.mark.skipif(os.environ.get("FGCTL_SOAK") != "1", reason="a long run: bin/test --soak")

RUNS_PER_SEED = 12
FAULTS = (
    {"status": 500},
    {"status": 503, "code": "ServiceUnavailable"},
    {"status": 400, "code": "ThrottlingException", "message": "Rate exceeded"},
    {"reset": True},
    {"reset": True, "after": True},
)


class Odds:
    """Whether a request meets a fault: 1 in 50 for each kind, the same sequence for the same seed."""

    def __init__(self, seed):
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def __call__(self, head, body):
        with self._lock:
            return self._random.random() < 0.02


@pytest.mark.parametrize("seed", range(4))
def test_tasks_under_faults(job, judge, seed):
    """Whatever AWS does to single requests: each task runs once, every line arrives, the code is the container's."""
    choose = random.Random(1000 + seed)
    for number, fault in enumerate(FAULTS):
        judge.inject(times=10**6, where=Odds(seed * 10 + number), **fault)
    for _ in range(RUNS_PER_SEED):
        lines, code = choose.choice((0, 1, 50, 3000)), choose.choice((0, 1, 7, 200))
        mark = judge.mark()
        result = job.fgctl(
            "ecs-run-task", "--set", "AWS_MAX_ATTEMPTS=10",
            "--command", f"sh -c 'seq 1 {lines}; exit {code}'" if lines else f"sh -c 'exit {code}'", timeout=180)
        assert result.code == code, result.err
        assert result.out.splitlines() == [str(n) for n in range(1, lines + 1)]
        tokens = {request.params["clientToken"] for request in judge.requests("ecs", "RunTask", since=mark)}
        assert len(tokens) == 1
