"""Whose turn it is among measurements that are too dear to be taken on credit."""

from __future__ import annotations

import math
from collections.abc import Mapping

_LEAST_UNIT = 0.05
"""Seconds: the least that the unit is taken for, since first measurements are slow, however small the network."""
_LEAST_COST = 1e-5
"""Seconds: what costs nothing must not come round endlessly."""


class DearQueue:
    """The common purse of dear measurements, and whose turn it is.

    Each comes round at intervals in proportion to the square root of its cost, so that the cheapest is first and the
    dearest last. For an income that pays the sum of c·r, of costs c and rates r, these are the rates at which the
    latest measurements are least old on average (least sum of 1/r). Nobody waits for ever: who has been measured goes
    to the back.
    """

    def __init__(self) -> None:
        self.unit: float | None = None
        """Seconds that the run's first sharpness took; None before."""
        self._saved = 0.0
        self._now = 0.0
        """The queue's own time, in the units of the intervals."""
        self._next: tuple[str, float, float] | None = None
        """Name, at what time, and at what cost."""
        self._since: dict[str, float] = {}
        self._costs: dict[str, float] = {}

    def missing(self, prices: Mapping[str, float]) -> float:
        """Decides whose turn it is; seconds that are missing for it, none where enough is saved or nothing to be
        measured. Prices are what first measurements are expected to cost, in units of the run's first sharpness."""
        self._next = None
        for name, price in prices.items():
            since = self._since.setdefault(name, self._now)
            cost = self._costs.get(name, price * max(_LEAST_UNIT, self.unit or 0.0))
            at = since + math.sqrt(cost)
            if self._next is None or at < self._next[1]:
                self._next = (name, at, cost)
        return 0.0 if self._next is None else max(0.0, self._next[2] - self._saved)

    def save(self, seconds: float) -> None:
        self._saved += seconds

    def is_due(self, name: str) -> bool:
        """Whether it is that one's turn, and enough has been saved for it."""
        return self._next is not None and self._next[0] == name and self._next[2] <= self._saved * (1 + 1e-9)

    def spend(self, name: str, seconds: float, owed: float) -> None:
        """One of them has taken so many seconds, in its turn or out of it, of which so many are owed."""
        self._saved -= owed
        if self._next is not None and self._next[0] == name:
            self._now = max(self._now, self._next[1])
        self._since[name] = self._now
        self._costs[name] = max(_LEAST_COST, seconds)
