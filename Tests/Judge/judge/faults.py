"""What the judge finds wrong with a request."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Fault:
    """`code` is one of a few stable words that tests can name; `message` says what was seen and what AWS wants."""

    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    def json(self) -> dict[str, str]:
        return asdict(self)


class Faults(list[Fault]):
    def note(self, code: str, message: str) -> None:
        self.append(Fault(code, message))
