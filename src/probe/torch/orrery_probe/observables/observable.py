"""What an observable is, and what it sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable, Protocol

import torch
from torch import Tensor

from ..budget import Price
from ..layers.activations import Layers
from ..layers.evaluated import ActiveLayers
from ..products.living_graph import LivingGraph

if TYPE_CHECKING:
    from ..curvature import Curvature

FREE: Price = "free"
"""Price of what is measured whenever a step's graph is kept for others, who pay for it."""


class Unmeasurable(Exception):
    """A measurement that cannot be taken; the reason is told once, and the run goes on without."""

    def __init__(self, code: str, reason: str, severity: str = "warning") -> None:
        """`severity` is "information" where nothing is lost by it, else "warning"."""
        super().__init__(reason)
        self.code = code
        self.severity = severity


@dataclass(frozen=True)
class ObservedStep:
    """An optimizer step, seen just before it (`after` false) or just after it."""

    optimizer: torch.optim.Optimizer
    step: int
    """Optimizer steps completed before this one."""
    seconds: float
    """That the script itself took since the step before."""
    learning_rate: float
    batch: int | None
    names: Sequence[str]
    """Of the parameters."""
    parameters: Sequence[Tensor]
    gradients: Sequence[Tensor | None]
    """What the optimizer is given, without the scale of a gradient scaler."""
    before: Sequence[Tensor] | None
    """Copies of the parameters before the step, where some observable asked for them."""
    products: Callable[[], LivingGraph]
    """Gradient and Hessian-vector products of the loss stepped on; only before the step. Raises Unmeasurable."""
    curvature: Curvature
    """More of the same: of parts of the batch."""
    is_unlimited: bool
    """Whether everything is measured at this step, whatever it costs: what is dear need not be saved up for."""
    layers: Callable[[], Layers | None] = lambda: None
    """Of the evaluation, the first one where gradients are accumulated; only for children of `Layered`."""
    activations: Callable[[], ActiveLayers | None] = lambda: None
    """Of the same evaluation, also where it was compiled."""


@dataclass(frozen=True)
class Measurement:
    values: dict[str, float]
    method: str
    error: dict[str, float] = field(default_factory=dict)
    """Bounds on the absolute errors of the values that have one."""
    omitted: list[Unmeasurable] = field(default_factory=list)
    """What was left out of it, told once."""
    vectors: dict[str, list[float]] = field(default_factory=dict)
    """Written as `vector` records of the same names."""
    sample: int | None = None
    """Examples that it was measured on, where these are not the step's batch."""


class Observable(Protocol):
    """Measured at steps that the budget pays for. It may keep what helps its next measurement, but no graph."""

    @property
    def name(self) -> str:
        """Names what it owes the budget."""
        ...

    @property
    def price(self) -> Price:
        """What it is expected to cost, or FREE."""
        ...

    in_step_record: bool
    """Whether its values belong to the step record itself, or to a `measure` record with cost and method."""
    needs_products: bool
    needs_update: bool
    """Whether it is measured after the step, with copies of the parameters from before."""

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool: ...

    def measure(self, step: ObservedStep) -> Measurement | None:
        """None where it has nothing to say at this step. Raises Unmeasurable where a person should know why."""
        ...


class Layered:
    """Parent of observables that look at what layers give: results of modules are kept for them."""


class AtFirstStep:
    """Parent of observables that are measured once, with the first step of training, free of charge. One that first
    applies to a later step is not measured at all."""

    price: Price = FREE
    in_step_record = False
    needs_products = True
    needs_update = False
    _is_late = False

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return not self._is_late

    def measure(self, step: ObservedStep) -> Measurement | None:
        self._is_late = True
        return self.measure_first(step) if step.step == 0 else None

    def measure_first(self, step: ObservedStep) -> Measurement | None:
        raise NotImplementedError


class Resting:
    """Parent of observables that are not to be measured at every step that the budget pays for."""

    rests_until = 0
    """Step before which it is not to be measured again."""


class Preceding:
    """Parent of observables whose values are written before the step's own, of which forecasts are made from them."""


class Recording:
    """Parent of observables that compute the evaluation again, at other weights or on kept batches: it is recorded for
    them."""


def is_paid(observable: Observable) -> bool:
    return observable.price != FREE


def payers_of(observable: Observable, due: Sequence[Observable]) -> list[Observable]:
    """Who pays for an observable: itself, or those for whom the graph is kept."""
    return [observable] if is_paid(observable) else payers_for_products(due)


def payers_for_products(due: Sequence[Observable]) -> list[Observable]:
    return [each for each in due if is_paid(each) and each.needs_products]
