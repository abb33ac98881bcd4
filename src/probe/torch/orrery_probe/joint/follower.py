"""Any but the first of the processes that train together: it records nothing, and measures what all measure."""

from __future__ import annotations

import math

import torch

from ..measurement_plan import NOTHING, Plan
from ..optimizers import KnownOptimizer
from .ballot import Ballot
from .channel import PATIENCE
from .company import Company
from .joint_step import ServedStep


class Follower:
    """Plans its steps as the first process has decided."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._done = 0

    def first(self) -> Plan:
        return NOTHING

    @property
    def rests_until(self) -> float:
        return -math.inf

    def passed_over(self, steps: int) -> None:
        self._done += steps

    def next(self, known: KnownOptimizer, optimizer: torch.optim.Optimizer) -> Plan:
        self._done += 1
        try:
            if not self._company.join() or not self._company.appointments.is_to_be_read(self._done):
                return NOTHING
            _wait_for_device(known)
            decision = self._company.appointments.read(PATIENCE)
            if decision is None or decision.is_last:
                self._company.leave()
                return NOTHING
            if not decision.measures:
                return NOTHING
            ballot = Ballot(self._company.counters, self._done, self._company.size)
        except RuntimeError:
            self._company.leave()
            return NOTHING
        return Plan(frozenset(), True, joint=ServedStep(self._company, ballot))


def _wait_for_device(known: KnownOptimizer) -> None:
    """Until it has taken the step: only then have all processes come to the backward pass after the decision."""
    device = known.parameters[0].device if known.parameters else None
    if device is not None and device.type == "cuda":
        torch.cuda.current_stream(device).synchronize()
