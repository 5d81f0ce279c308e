"""Stores are read while other threads write to them.

Not a matter of AWS's: the emulator walks through `list(store.items())` while containers' log lines, tasks and services are stored
by threads. Making that list's pairs may start a garbage collection, whose finalizers let another thread run, and the request
ends in an InternalError, "dictionary changed size during iteration". A copy of the dictionary is made in one go.
"""

import functools

from ministack.core import responses

from .patching import OverlayError

_READS = ("__iter__", "__len__", "__bool__", "keys", "values", "items", "values_scoped", "items_scoped", "all_values",
          "all_items", "to_dict")


def _of_a_copy(original):
    @functools.wraps(original)
    def read(self, *arguments):
        copy = object.__new__(type(self))
        copy._data = self._data.copy()
        return original(copy, *arguments)

    return read


def apply() -> None:
    for store in (responses.AccountScopedDict, responses.AccountRegionScopedDict):
        if store.__dict__.keys().isdisjoint(_READS) or store.__slots__ != ("_data",):
            raise OverlayError(f"{store.__name__} is not the store that the overlay expects")
        for name in _READS:
            if name in store.__dict__:
                setattr(store, name, _of_a_copy(store.__dict__[name]))
