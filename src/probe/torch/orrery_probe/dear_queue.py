"""Whose turn it is among measurements that are too dear to be taken on credit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_LEAST_UNIT = 0.05
"""Seconds: the least that the unit is taken for, since first measurements are slow, however small the network."""
_LEAST_COST = 1e-5
"""Seconds: what costs nothing must not come round endlessly."""


@dataclass(frozen=True)
class DearMeasurable:
    name: str
    price: float
    """What its first measurement is expected to cost, in units of the run's first sharpness."""
    least_cost: float
    """Seconds that are saved up for it, however little it took the last time."""


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
        self._due: dict[str, float] = {}
        """Those for which enough is saved, all together, and when their turn is."""
        self._since: dict[str, float] = {}
        self._costs: dict[str, float] = {}

    def missing(self, measurables: Sequence[DearMeasurable]) -> float:
        """Decides whose turn it is; seconds that are missing for the first who has to wait, none where enough is saved
        for all. Where a step is long, enough may be saved for several."""
        self._due = {}
        turns: list[tuple[float, str, float]] = []
        for each in measurables:
            since = self._since.setdefault(each.name, self._now)
            cost = self._costs.get(each.name, each.price * max(_LEAST_UNIT, self.unit or 0.0))
            cost = max(each.least_cost, cost)
            turns.append((since + math.sqrt(cost), each.name, cost))
        total = 0.0
        for at, name, cost in sorted(turns, key=lambda turn: turn[0]):
            total += cost
            if total > self._saved * (1 + 1e-9):
                return total - self._saved
            self._due[name] = at
        return 0.0

    def save(self, seconds: float) -> None:
        self._saved += seconds

    def is_due(self, name: str) -> bool:
        """Whether it is that one's turn, and enough has been saved for it."""
        return name in self._due

    def spend(self, name: str, seconds: float, owed: float) -> None:
        """One of them has taken so many seconds, in its turn or out of it, of which so many are owed."""
        self._saved -= owed
        self._now = max(self._now, self._due.get(name, 0.0))
        self._since[name] = self._now
        self._costs[name] = max(_LEAST_COST, seconds)
