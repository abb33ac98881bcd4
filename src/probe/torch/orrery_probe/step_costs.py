"""What the measurements of one step have cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .budget import Budget, Measurable, Price


@dataclass(frozen=True)
class _Heir:
    name: str = "sharpness/batch"
    price: Price = "sharpness"


_HEIR = _Heir()
"""Who is charged for a step that was prepared for nothing."""


@dataclass
class _Cost:
    of: Measurable
    seconds: float


class StepCosts:
    """So far, in seconds."""

    def __init__(self) -> None:
        self.total = 0.0
        self._costs: dict[str, _Cost] = {}

    def of(self, measurable: Measurable) -> float:
        cost = self._costs.get(measurable.name)
        return 0.0 if cost is None else cost.seconds

    def add(self, causes: Sequence[Measurable], seconds: float) -> None:
        """Seconds that these have caused together, in equal parts."""
        self.total += seconds
        debtors: list[Measurable] = list(causes) or [_HEIR]
        for each in debtors:
            self._costs.setdefault(each.name, _Cost(each, 0.0)).seconds += seconds / len(debtors)

    def settle(self, budget: Budget, unseen: float) -> None:
        """Charges the budget for all of it, and in proportion for seconds more that belong to it but were not seen by
        whom they were caused."""
        factor = 1 + unseen / self.total if self.total > 0 else 1.0
        for cost in self._costs.values():
            budget.spend(cost.of, cost.seconds * factor)
