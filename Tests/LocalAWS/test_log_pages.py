"""Pages of FilterLogEvents (bin/lib/local_aws/overlay/log_pages.py)."""

import time

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def stream(lab):
    """A stream of 30 events, several of each time."""
    lab.logs.create_log_stream(logGroupName=lab.name, logStreamName="s")
    now = int(time.time() * 1000) - 1000
    lab.logs.put_log_events(logGroupName=lab.name, logStreamName="s", logEvents=[
        {"timestamp": now + i // 7, "message": str(i)} for i in range(30)])
    return lab


@pytest.mark.parametrize("limit", [1, 7, 10, 30, 31])
def test_pages_hold_every_event_once(stream, limit):
    seen, token, pages = [], {}, 0
    while True:
        page = stream.logs.filter_log_events(logGroupName=stream.name, limit=limit, **token)
        pages += 1
        assert len(page["events"]) <= limit
        seen += [event["message"] for event in page["events"]]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
        assert pages <= 31
    assert seen == [str(i) for i in range(30)]


def test_a_token_that_is_none_is_refused(stream):
    with pytest.raises(ClientError) as refused:
        stream.logs.filter_log_events(logGroupName=stream.name, nextToken="x")
    assert refused.value.response["Error"]["Code"] == "InvalidParameterException"
