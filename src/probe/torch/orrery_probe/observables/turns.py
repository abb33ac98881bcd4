"""Layers by turns, where all of them would take too long."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

_Each = TypeVar("_Each")
_PATIENCE = 0.5
"""Seconds after which the rest has to wait."""


class Turns:
    """Goes through a network's layers by turns: where all of them take longer than half a second, the next measurement
    goes on with those left out, so that none of a deep network holds training up for long."""

    def __init__(self) -> None:
        self._next = 0

    def over(self, everything: Sequence[_Each]) -> Iterator[_Each]:
        start = time.perf_counter()
        for _ in everything:
            if time.perf_counter() - start >= _PATIENCE:
                return
            each = everything[self._next % len(everything)]
            self._next = (self._next + 1) % len(everything)
            yield each
