import pytest
from judge import Judge
from judge.dummy import DummyUpstream


@pytest.fixture
def upstream():
    with DummyUpstream() as server:
        yield server


@pytest.fixture
def judge(upstream, tmp_path):
    with Judge(upstream.url, record=tmp_path / "requests.jsonl") as proxy:
        yield proxy
