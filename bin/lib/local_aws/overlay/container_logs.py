"""The awslogs driver: one event a line, whole, in order, all of them.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html
https://docs.docker.com/engine/logging/drivers/awslogs/

Lines end at \\n only; a line that docker delivers in parts is put together; an empty line makes no event; a line
longer than an event may be (256 KiB less 26 bytes) makes several.
"""

import threading
import time

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import ecs

from .patching import require, wrap

_EVENT_BYTES = 262_144 - 26
# Without a newline for so long that memory would fill, what is there goes out.
_PENDING_BYTES = 4 * _EVENT_BYTES

_forwarders: dict[str, threading.Thread] = {}


def drained(container_id: str, seconds: float) -> bool:
    """Waits until everything that an ended container wrote is in its log stream."""
    thread = _forwarders.get(container_id)
    if thread is None:
        return True
    thread.join(seconds)
    if thread.is_alive():
        return False
    _forwarders.pop(container_id, None)
    return True


def _start_awslogs_forwarder(original):
    def start(container, cdef, task_id):
        config = ecs._awslogs_config(cdef, task_id, container.id)
        if config is None:
            return
        thread = threading.Thread(
            target=_forward, args=(container, config, get_account_id(), config["region"] or get_region()),
            daemon=True, name=f"awslogs-{task_id[:8]}-{cdef['name']}")
        _forwarders[container.id] = thread
        thread.start()

    return start


def _forward(container, config, account_id, region) -> None:
    with request_scope(account_id, region):
        if not ecs._ensure_awslogs_stream(config):
            return
        pending = b""
        try:
            for chunk in _output(container):
                pending += chunk
                *lines, pending = pending.split(b"\n")
                if len(pending) >= _PENDING_BYTES:
                    lines, pending = [*lines, pending], b""
                _put(config, lines)
            _put(config, [pending])
        except Exception:
            ecs.logger.exception("awslogs: reading %s stopped early", config["stream"])


def _output(container):
    """All that a container writes, as it comes."""
    received = 0
    for chunk in container.logs(stream=True, follow=True, stdout=True, stderr=True):
        received += len(chunk)
        yield chunk
    # A follower of docker 20.10 may miss a last line without newline; a second reading has it.
    skipped = 0
    for chunk in container.logs(stream=True, follow=False, stdout=True, stderr=True):
        new = chunk[max(0, received - skipped):]
        skipped += len(chunk)
        if new:
            yield new


def _put(config, lines: list[bytes]) -> None:
    now = int(time.time() * 1000)
    events = [
        {"timestamp": now, "message": line[start:start + _EVENT_BYTES].decode("utf-8", errors="replace")}
        for line in lines for start in range(0, len(line), _EVENT_BYTES)
    ]
    if events:
        from ministack.services import cloudwatch_logs

        cloudwatch_logs._put_log_events(
            {"logGroupName": config["group"], "logStreamName": config["stream"], "logEvents": events})


def apply() -> None:
    from ministack.services import cloudwatch_logs

    require(cloudwatch_logs, "_put_log_events")
    require(ecs, "_awslogs_config", "_ensure_awslogs_stream")
    wrap(ecs, "_start_awslogs_forwarder", "container cdef task_id", _start_awslogs_forwarder)
