"""When to measure, so that measuring costs a given fraction of wall time."""

from __future__ import annotations

from typing import Dict, Optional, Protocol, Sequence, Set


class Measurable(Protocol):
    name: str
    share: float


class Budget:
    """Each measurement is taken on credit, and again as soon as its debt is paid.

    The fraction of the time that passes is income, divided by shares among those in debt: a cheap measurement is soon out of
    it and leaves the income to the dear ones, and none is starved. What nobody needs is forgotten, for a long rest must not
    be followed by a rush.
    """

    def __init__(self, fraction: float) -> None:
        """`fraction` of wall time, from 0, which never measures, to 1, which always does."""
        self.fraction = fraction
        self._debts: Dict[str, float] = {}
        self._requested = False
        self._last_time: Optional[float] = None

    def request(self) -> None:
        """Everything is to be measured at the next opportunity, whatever it costs."""
        self._requested = True

    def choose(self, measurables: Sequence[Measurable], time: float) -> Set[str]:
        """Which measurements to take now; `time` in seconds, never decreasing."""
        self._earn(measurables, time)
        takes_all = self._requested or self.fraction >= 1
        self._requested = False
        if takes_all:
            return {each.name for each in measurables}
        if self.fraction <= 0:
            return set()
        return {each.name for each in measurables if self._debts.get(each.name, 0) <= 0}

    def spend(self, name: str, seconds: float) -> None:
        """A measurement has taken this many seconds."""
        self._debts[name] = self._debts.get(name, 0) + seconds

    def _earn(self, measurables: Sequence[Measurable], time: float) -> None:
        income = self.fraction * (time - (time if self._last_time is None else self._last_time))
        self._last_time = time
        # Rounding could divide ever smaller remainders without end.
        while income > _SMALLEST_INCOME:
            in_debt = [each for each in measurables if self._debts.get(each.name, 0) > 0]
            if not in_debt:
                return
            per_share = income / sum(each.share for each in in_debt)
            income = 0
            for each in in_debt:
                offered = per_share * each.share
                paid = min(self._debts[each.name], offered)
                self._debts[each.name] -= paid
                income += offered - paid


_SMALLEST_INCOME = 1e-12
