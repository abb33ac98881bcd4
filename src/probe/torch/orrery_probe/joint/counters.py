"""Whole numbers that all processes see which train together."""

from __future__ import annotations

import contextlib
import time
from typing import Any, Callable

_PREFIX = "orrery/"
_FIRST_PAUSE = 1e-4
"""Seconds between two looks."""
_LONGEST_PAUSE = 5e-3


class Counters:
    """In the store by which the script's processes have met.

    Only `add` is used of it, which waits for nobody: a `get` or a `wait` that runs out of time leaves the connection of
    PyTorch 1.13 to its store one answer behind, and with it the script's own.
    """

    def __init__(self, store: Any) -> None:
        self._store: Any | None = store

    def add(self, name: str, value: int = 0) -> int:
        """Its new value; all begin at 0. Raises RuntimeError where the store is gone."""
        if self._store is None:
            raise RuntimeError("the script has taken its group of processes down")
        return int(self._store.add(_PREFIX + name, value))

    def wait(self, name: str, is_enough: Callable[[int], bool], patience: float) -> int | None:
        """Its first value that is enough; None where none was in so many seconds. Raises RuntimeError."""
        end = time.monotonic() + patience
        pause = _FIRST_PAUSE
        while True:
            value = self.add(name)
            if is_enough(value):
                return value
            if time.monotonic() >= end:
                return None
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def forget(self, name: str) -> None:
        """Frees its memory, where the store can."""
        if self._store is not None:
            with contextlib.suppress(RuntimeError, NotImplementedError):
                self._store.delete_key(_PREFIX + name)

    def close(self) -> None:
        """Lets go of the store: as long as it is held, its port stays taken."""
        self._store = None
