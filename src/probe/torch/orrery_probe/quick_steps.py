"""The short way through steps of which nothing but the loss is news: looking at everything takes a tenth of a
millisecond, which is much beside steps of one."""

from __future__ import annotations

import time
import weakref
from typing import Any, Protocol

import torch
from torch import Tensor

from .journal import Journal
from .latest_steps import LatestSteps, StoredStep
from .optimizers import KnownOptimizer

_PATIENCE = 0.05
"""Seconds between two looks at what else there is to do, and for which records wait."""


class QuickListener(Protocol):
    def rest_is_over(self, quick: QuickSteps, optimizer: torch.optim.Optimizer) -> None:
        """After a step. What it raises reaches the script."""
        ...


class QuickSteps:
    """Sees one plain backward pass and one plain step of the run's only optimizer after the other, and says as soon as
    one is not so: that is for whoever looks at everything."""

    def __init__(
        self, optimizer: torch.optim.Optimizer, known: KnownOptimizer, journal: Journal, listener: QuickListener
    ) -> None:
        """Of an optimizer for which `can_be_quick` is true."""
        self.known = known
        self.last = 0.0
        """The moment when the last step was done."""
        self.loss: float | None = None
        """Of a backward pass that no step was taken on yet."""
        self._journal = journal
        self._beginning = -journal.clock.time_at(0.0)
        self._listener = listener
        # A strong one would keep an optimizer that the script has let go of.
        self._optimizer = weakref.ref(optimizer)
        self._listed = optimizer.param_groups
        self._groups = [(each, each["params"], len(each["params"]), each["lr"]) for each in self._listed]
        """What they must still be like for a step to be no news."""
        self._begun = 0.0
        """The moment when the last step began to move the weights."""
        self._until = 0.0
        self._latest: LatestSteps | None = None

    def rest(self, seconds: float) -> bool:
        """For so long, from now on, there is nothing to plan. False where steps cannot be stored."""
        self.last = time.perf_counter()
        self._until = self.last + min(seconds, _PATIENCE)
        self._latest = self._journal.latest_steps(self.last)
        return self._latest is not None

    @property
    def moving(self) -> float:
        """Seconds that the last step itself took, without what led to it."""
        return max(0.0, self.last - self._begun)

    def take(self) -> list[StoredStep]:
        """The steps since the rest began, or since this was last asked; their records are written."""
        steps = [] if self._latest is None else list(self._latest)
        self._journal.write_latest()
        return steps

    def takes(self, tensors: Any, gradients: Any) -> bool:
        """Whether a backward pass, about to begin, is one of those."""
        if self.loss is not None or gradients is not None or type(tensors) is not Tensor:
            return False
        try:
            # Unlike `item`, it reads without going through the dispatcher, which takes twice as long.
            loss = tensors.tolist()
        except (RuntimeError, TypeError, ValueError):
            # Not dense, or not to be read.
            return False
        if type(loss) is not float or loss - loss != 0.0:
            # A list, complex, infinite, or not a number.
            return False
        self.loss = loss
        return True

    def begins(self, optimizer: torch.optim.Optimizer) -> bool:
        """Whether a step without a closure, about to begin, is one of those."""
        groups = optimizer.param_groups
        if self.loss is None or self._optimizer() is not optimizer:
            return False
        if groups is not self._listed or len(groups) != len(self._groups):
            return False
        # That rates move is told once.
        may_move = self.known.moves
        for group, parameters, size, rate in self._groups:
            now = group["lr"]
            if group["params"] is not parameters or len(parameters) != size:
                return False
            if type(now) is not float or (now != rate and not may_move):
                return False
        self._begun = time.perf_counter()
        return True

    def done(self, optimizer: torch.optim.Optimizer) -> None:
        """The step that began has been taken."""
        now = time.perf_counter()
        loss, self.loss = self.loss, None
        latest, journal = self._latest, self._journal
        if loss is None or latest is None:
            return
        step, end = journal.step, latest.end
        latest.store(end, now - self._beginning, loss, self._listed[0]["lr"], step)
        journal.step = step + 1
        latest.end = end = end + latest.width
        self.last = now
        if now >= self._until or end == latest.size:
            self._listener.rest_is_over(self, optimizer)


def can_be_quick(optimizer: torch.optim.Optimizer, known: KnownOptimizer) -> bool:
    """Whether nothing but the loss of its steps can be news, as long as nothing is measured."""
    return (
        known.is_first
        and known.is_described
        and bool(known.parameters)
        and known.parameters[0].device.type == "cpu"
        and all(isinstance(group.get("lr"), float) for group in optimizer.param_groups)
    )
