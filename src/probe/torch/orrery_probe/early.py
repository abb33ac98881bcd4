"""Curvature measured at a backward pass, where it cannot wait for the step."""

from __future__ import annotations

import torch
from torch import Tensor

from .curvature import Curvature
from .later import wait_for
from .layers.evaluated import EvaluatedLayers
from .measurement_plan import Plan
from .observables.observable import Measurement, Observable, Unmeasurable
from .optimizers import KnownOptimizer
from .pending import PendingLoss
from .step_costs import StepCosts
from .step_recorder import StepRecorder
from .step_under_way import MeasuredStep


class EarlyMeasurement:
    """Of one loss, before its backward pass; held back until that pass has shown whether it gives the same gradient."""

    def __init__(
        self,
        recorder: StepRecorder,
        optimizer: torch.optim.Optimizer,
        known: KnownOptimizer,
        pending: PendingLoss,
        plan: Plan,
    ) -> None:
        self.known = known
        self.curvature = Curvature([pending], known.parameters, None, recorder.tapes)
        self.is_checked = False
        self._recorder = recorder
        self._scale = pending.scale
        self.costs = StepCosts()
        self._observables = [each for each in recorder.due(optimizer, known, plan) if each.needs_products]
        # Gradients of earlier passes may lie there already; this one's are the difference.
        self._before = [None if each.grad is None else each.grad.detach().clone() for each in known.parameters]
        self._under_way = MeasuredStep(
            known,
            float("nan"),
            0.0,
            None,
            None,
            optimizer,
            [None] * len(known.parameters),
            self._observables,
            self.curvature,
            self.costs,
            True,
            EvaluatedLayers(None, [], []),
            plan.is_unlimited,
        )
        if known.parameters:
            wait_for(known.parameters[0].device)
        recorder.measure_before(self._under_way)

    @property
    def measured(self) -> list[tuple[Observable, Measurement]]:
        return self._under_way.measured if self.is_checked else []

    def check(self) -> None:
        """After the backward pass."""
        self.is_checked = True
        try:
            self.curvature.check(
                [self._given(each, before) for each, before in zip(self.known.parameters, self._before)]
            )
        except Unmeasurable as error:
            self._under_way.measured.clear()
            for observable in self._observables:
                self._recorder.explain(observable, error)
        finally:
            self.curvature.release()
            self._before = []

    def _given(self, parameter: Tensor, before: Tensor | None) -> Tensor | None:
        if parameter.grad is None:
            return None
        given = parameter.grad.detach() if before is None else parameter.grad.detach() - before
        return given if self._scale is None else given / self._scale.to(given.device)
