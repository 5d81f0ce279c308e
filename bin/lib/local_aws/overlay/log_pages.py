"""FilterLogEvents gives its events in pages, with a token to the next.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html

The emulator cuts at the limit and says nothing. A token holds the last time that was shown and how many events of
that time were. As on AWS, the last page may be empty.
"""

import base64
import binascii
import json

from ministack.core.responses import error_response_json
from ministack.services import cloudwatch_logs

from .patching import wrap

_LARGEST = 10_000


def _encode(time: int, shown: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([time, shown]).encode()).decode()


def _decode(token: str) -> tuple[int, int]:
    time, shown = json.loads(base64.urlsafe_b64decode(token))
    return int(time), int(shown)


def _filter_log_events(original):
    def read(data):
        limit = min(data.get("limit", _LARGEST), _LARGEST)
        request, skipped = dict(data), 0
        if token := request.pop("nextToken", None):
            try:
                request["startTime"], skipped = _decode(token)
            except (ValueError, TypeError, binascii.Error):
                return error_response_json("InvalidParameterException", "The specified nextToken is invalid.", 400)
        request["limit"] = min(limit + skipped, _LARGEST)
        status, headers, body = original(request)
        if status != 200:
            return status, headers, body
        answer = json.loads(body)
        read = answer["events"]
        answer["events"] = read[skipped:]
        if len(read) == request["limit"] and answer["events"]:
            last = read[-1]["timestamp"]
            answer["nextToken"] = _encode(last, sum(event["timestamp"] == last for event in read))
        return status, headers, json.dumps(answer).encode()

    return read


def apply() -> None:
    wrap(cloudwatch_logs, "_filter_log_events", "data", _filter_log_events)
