"""What tests see of the traffic, and what they put into it."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import models
from .faults import Fault
from .http1 import Head


@dataclass
class Request:
    """One request as the judge saw it. `status` is nil until the answer came, 0 when the connection was reset."""

    number: int
    time: datetime.datetime
    service: str
    operation: str
    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    params: dict[str, Any]
    faults: list[Fault]
    access_key: str | None = None
    label: str | None = None
    status: int | None = None
    injected: bool = False
    aborted: bool = False
    milliseconds: float = 0.0

    @property
    def mutates(self) -> bool:
        """Whether the operation changes anything on AWS, by its name (by its method in a registry)."""
        if self.service in ("registry", "local", "metadata", "probe"):
            return self.method not in ("GET", "HEAD")
        return models.mutates(self.operation)

    def header(self, name: str) -> str | None:
        return next((v for n, v in self.headers if n.lower() == name.lower()), None)


@dataclass
class Injection:
    """An answer that some requests get instead of AWS's. `seen` counts those that got it."""

    service: str
    operation: str
    times: int
    status: int
    headers: dict[str, str]
    body: bytes | None
    code: str
    message: str
    reset: bool
    after: bool
    hold: threading.Event | None
    where: Callable[[Head, bytes], bool] | None
    seen: int = 0

    def fits(self, service: str, operation: str, head: Head, body: bytes) -> bool:
        return (
            self.seen < self.times and self.service in (service, "*") and self.operation in (operation, "*")
            and (self.where is None or self.where(head, body)))
