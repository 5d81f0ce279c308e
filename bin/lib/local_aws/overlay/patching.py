"""How additions take the place of the emulator's functions: loudly, never by guess."""

import functools
import importlib.metadata
import inspect
import os
from collections.abc import Callable
from types import ModuleType
from typing import Any

VERSION = "1.5.33"


class OverlayError(Exception):
    """The emulator is not the one that the overlay was written for."""


def check_version() -> None:
    """Raises unless the emulator is the pinned one."""
    found = importlib.metadata.version("ministack")
    if found != VERSION:
        raise OverlayError(f"the overlay is written for ministack {VERSION}, installed is {found}")


def enforces() -> bool:
    """Whether the emulator is started to enforce IAM policies; read as its app reads it, which must be imported last."""
    return os.environ.get("AUTH", "false").lower() == "true"


def wrap(module: ModuleType, name: str, parameters: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Replaces `module.name` by `make(original)`, in the module's tables of actions and resource handlers too.

    `parameters` are the names that the original must take, in order.
    """
    original = getattr(module, name, None)
    if not callable(original):
        raise OverlayError(f"{module.__name__} has no function {name}")
    found = list(inspect.signature(original).parameters)
    if found != parameters.split():
        raise OverlayError(f"{module.__name__}.{name} takes {found}, the overlay expects {parameters.split()}")
    replacement = functools.wraps(original)(make(original))
    setattr(module, name, replacement)
    for table in (getattr(module, "_ACTION_MAP", {}), *getattr(module, "_RESOURCE_HANDLERS", {}).values()):
        for key, handler in list(table.items()):
            if handler is original:
                table[key] = replacement


def require(module: ModuleType, *names: str) -> None:
    """Raises unless the module has all those names; for what an addition uses without replacing it."""
    missing = [name for name in names if not hasattr(module, name)]
    if missing:
        raise OverlayError(f"{module.__name__} has no {', '.join(missing)}")
