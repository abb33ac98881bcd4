"""Decides between steps what to measure at the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Callable

import torch

from .budget import Budget
from .journal import Journal
from .memory_guard import MemoryGuard
from .observables.catalog import create_observables
from .observables.observable import Layered, Observable, Recording, Resting, is_paid
from .optimizers import KnownOptimizer

_PROCESSOR = torch.device("cpu")


@dataclass(frozen=True)
class Plan:
    due: frozenset[str]
    """Names of the observables to measure."""
    needs_products: bool
    needs_recording: bool = False
    """Whether the evaluation will be computed again at other weights."""
    needs_layers: bool = False
    """Whether results of modules are to be kept."""
    choosing: float = 0.0
    """Seconds that it took to decide, where something is due."""


NOTHING = Plan(frozenset(), False)


class MeasurementPlan:
    def __init__(self, budget: Budget, journal: Journal, guard: MemoryGuard) -> None:
        self._budget = budget
        self._journal = journal
        self._guard = guard

    def first(self) -> Plan:
        """Nothing is known of the optimizer before its first step."""
        return self._choose(create_observables)

    def next(self, known: KnownOptimizer, optimizer: torch.optim.Optimizer) -> Plan:
        if not known.parameters:
            return NOTHING
        device = known.parameters[0].device
        return self._choose(
            lambda: [each for each in known.observables if self._is_ready(each) and each.applies(optimizer)], device
        )

    def _is_ready(self, observable: Observable) -> bool:
        return not isinstance(observable, Resting) or observable.rests_until <= self._journal.step

    def _choose(self, applicable: Callable[[], Sequence[Observable]], device: torch.device = _PROCESSOR) -> Plan:
        clock = self._journal.clock
        time = clock.script_time
        before = clock.measuring
        found: list[Observable] = []

        def payers() -> Sequence[Observable]:
            found.extend(applicable())
            return [each for each in found if is_paid(each)]

        with clock.measure():
            due = self._budget.choose(payers, time)
        if not due:
            return NOTHING
        traced = {each.name for each in found if each.needs_products} & due
        if traced and not self._guard.admits(device):
            due, traced = due - traced, set()
        needs_products = bool(traced)
        if needs_products:
            due |= {each.name for each in found if not is_paid(each)}
        needs_recording = any(isinstance(each, Recording) and each.name in due for each in found)
        needs_layers = any(isinstance(each, Layered) and each.name in due for each in found)
        return Plan(due, needs_products, needs_recording, needs_layers, clock.measuring - before)
