"""Decides between steps what to measure at the next one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Callable, Protocol

import torch

from .budget import Budget
from .joint.joint_step import JointStep
from .joint.leader import Leader
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
    joint: JointStep | None = None
    """This process's part in what several processes measure at the step."""
    is_unlimited: bool = False
    """Whether everything is measured, whatever it costs."""


NOTHING = Plan(frozenset(), False)


class Planner(Protocol):
    def first(self) -> Plan:
        """Of the first step; nothing is known of the optimizer before."""
        ...

    def next(self, known: KnownOptimizer, optimizer: torch.optim.Optimizer) -> Plan:
        """To be called after each step of the optimizer that is measured."""
        ...

    @property
    def rests_until(self) -> float:
        """The script's time before which `next` need not be called, unless something is asked for."""
        ...

    def passed_over(self, steps: int) -> None:
        """So many steps were taken for which `next` was not called."""
        ...


class MeasurementPlan:
    def __init__(self, budget: Budget, journal: Journal, guard: MemoryGuard, leader: Leader) -> None:
        self._budget = budget
        self._journal = journal
        self._guard = guard
        self._leader = leader
        self._is_postponed = False
        """Whether everything has been asked for, but is yet to be measured by several processes."""

    def first(self) -> Plan:
        return self._choose(create_observables)

    def next(self, known: KnownOptimizer, optimizer: torch.optim.Optimizer) -> Plan:
        joint = self._leader.step_done()
        if not known.parameters:
            return NOTHING if joint is None else Plan(frozenset(), False, joint=joint)
        device = known.parameters[0].device
        return self._choose(
            lambda: [each for each in known.observables if self._is_ready(each) and each.applies(optimizer)],
            device,
            joint,
        )

    @property
    def rests_until(self) -> float:
        return -math.inf if self._is_postponed or self._leader.leads else self._budget.rests_until

    def passed_over(self, steps: int) -> None:
        self._leader.passed_over(steps)
        self._budget.earn(self._journal.clock.script_time)

    def _is_ready(self, observable: Observable) -> bool:
        return not isinstance(observable, Resting) or observable.rests_until <= self._journal.step

    def _choose(
        self,
        applicable: Callable[[], Sequence[Observable]],
        device: torch.device = _PROCESSOR,
        joint: JointStep | None = None,
    ) -> Plan:
        clock = self._journal.clock
        time = clock.script_time
        before = clock.measuring
        leads = self._leader.leads
        found: list[Observable] = []

        def payers() -> Sequence[Observable]:
            # Of several processes each would have to record its own evaluation.
            found.extend(each for each in applicable() if not (leads and isinstance(each, Recording)))
            return [each for each in found if is_paid(each)]

        if joint is not None and self._is_postponed:
            self._budget.request()
            self._is_postponed = False
        is_requested, is_unlimited = self._budget.is_requested, self._budget.takes_all
        with clock.measure():
            due = self._budget.choose(payers, time)
        if not (due or leads or joint is not None):
            return NOTHING
        traced = {each.name for each in found if each.needs_products} & due
        if traced and not self._guard.admits(device):
            due, traced = due - traced, set()
        if leads and joint is None:
            # What is left out stays due.
            self._is_postponed = self._is_postponed or (is_requested and bool(traced))
            self._leader.decide(bool(traced) or self._is_postponed)
            due, traced = due - traced, set()
        if not due and joint is None:
            return NOTHING
        needs_products = bool(traced)
        if needs_products:
            due |= {each.name for each in found if not is_paid(each)}
        needs_recording = any(isinstance(each, Recording) and each.name in due for each in found)
        needs_layers = any(isinstance(each, Layered) and each.name in due for each in found)
        choosing = clock.measuring - before
        return Plan(due, needs_products, needs_recording, needs_layers, choosing, joint, is_unlimited)
