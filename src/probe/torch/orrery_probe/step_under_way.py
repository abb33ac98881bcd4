"""Steps that have begun and are not done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .curvature import Curvature
from .later import Number
from .layers.evaluated import EvaluatedLayers
from .observables.observable import Measurement, Observable
from .optimizers import KnownOptimizer
from .step_costs import StepCosts


@dataclass
class StepUnderWay:
    """A step that has begun: what had to be read before the weights move."""

    known: KnownOptimizer
    learning_rate: float
    seconds: Number
    loss: Number | None
    batch: int | None


@dataclass
class MeasuredStep(StepUnderWay):
    """One that was prepared for measurements."""

    optimizer: torch.optim.Optimizer
    gradients: Sequence[Tensor | None]
    due: Sequence[Observable]
    curvature: Curvature
    costs: StepCosts
    """What has been spent on it so far."""
    keeps_graph: bool
    """Whether it was prepared for products."""
    layers: EvaluatedLayers
    is_unlimited: bool
    """Whether everything is measured, whatever it costs."""
    before: Sequence[Tensor] | None = None
    measured: list[tuple[Observable, Measurement]] = field(default_factory=list)
