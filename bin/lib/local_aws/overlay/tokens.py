"""The memory behind RunTask's client tokens; knows nothing of the emulator.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html
"""

import json
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

DAY = 24 * 3600.0
HOUR = 3600.0


class TokenConflict(Exception):
    """The token was used with other parameters; `resource_ids` are the tasks of that request."""

    def __init__(self, resource_ids: list[str]) -> None:
        super().__init__("client token in use with other parameters")
        self.resource_ids = resource_ids


def is_valid(token: Any) -> bool:
    """Up to 64 ASCII characters in the range of 33-126."""
    return isinstance(token, str) and 0 < len(token) <= 64 and all(33 <= ord(c) <= 126 for c in token)


@dataclass
class _Entry:
    request: str
    answer: Any
    tasks: list[str]
    created: float


class ClientTokens:
    """Answers a repeated request from memory while its token holds.

    A token holds for the lower of 24 hours and the tasks' lifetime plus one hour.
    `ended` tells when the last of some tasks stopped (seconds since 1970), nil while one still runs.
    """

    def __init__(self, ended: Callable[[list[str]], float | None], clock: Callable[[], float] = time.time) -> None:
        self._ended = ended
        self._clock = clock
        self._entries: dict[Hashable, _Entry] = {}
        self._busy: dict[Hashable, threading.Lock] = {}
        self._guard = threading.Lock()

    def answer(self, scope: Hashable, request: dict[str, Any], run: Callable[[], tuple[Any, list[str]]]) -> Any:
        """The remembered answer to an equal request, else `run`'s. Raises TokenConflict.

        `run` returns the answer and the ids of what it started; without ids nothing is remembered, for a
        request that failed may be sent again. Two equal requests at a time run one after the other.
        """
        text = json.dumps(request, sort_keys=True)
        with self._guard:
            busy = self._busy.setdefault(scope, threading.Lock())
        with busy:
            entry = self._entries.get(scope)
            if entry is not None and not self._expired(entry):
                if entry.request != text:
                    raise TokenConflict(entry.tasks)
                return entry.answer
            answer, tasks = run()
            if tasks:
                self._entries[scope] = _Entry(text, answer, tasks, self._clock())
            return answer

    def clear(self) -> None:
        """Forgets all tokens."""
        self._entries.clear()

    def _expired(self, entry: _Entry) -> bool:
        end = entry.created + DAY
        stopped = self._ended(entry.tasks)
        if stopped is not None:
            end = min(end, stopped + HOUR)
        return self._clock() >= end
