"""Decides between steps what to measure at the next one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import FrozenSet, Sequence

import torch

from .budget import Budget
from .journal import Journal
from .observables.catalog import create_observables
from .observables.observable import Observable
from .optimizers import KnownOptimizer


@dataclass(frozen=True)
class Plan:
    due: FrozenSet[str]
    """Names of the observables to measure."""
    needs_products: bool


NOTHING = Plan(frozenset(), False)


class MeasurementPlan:
    def __init__(self, budget: Budget, journal: Journal) -> None:
        self._budget = budget
        self._journal = journal

    def first(self) -> Plan:
        """Nothing is known of the optimizer before its first step."""
        return self._choose(create_observables())

    def next(self, known: KnownOptimizer, optimizer: torch.optim.Optimizer) -> Plan:
        return self._choose([each for each in known.observables if each.applies(optimizer)])

    def _choose(self, observables: Sequence[Observable]) -> Plan:
        due = self._budget.choose(observables, self._journal.clock.time)
        needs_products = any(each.needs_products and each.name in due for each in observables)
        return Plan(frozenset(due), needs_products)
