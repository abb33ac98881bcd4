"""Loss and sharpness on the probe set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from ..probe_set import ProbeSet
from ..products.evaluation import EvaluationPoint
from ..products.flat import flatten
from .hessian import hessian_of
from .observable import FREE, Layered, Measurement, ObservedStep, Recording, Unmeasurable
from .sharpness import FEWEST_VECTORS, WarmEigenvalue


class KeepProbeSet(Recording, Layered):
    """Measures nothing, but looks at the batch of every step that is recorded for others, so that the probe set is soon
    complete."""

    name = "probeSet"
    price = FREE
    in_step_record = False
    needs_products = True
    needs_update = False

    def __init__(self, probe: ProbeSet) -> None:
        self._probe = probe

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return not self._probe.is_settled

    def measure(self, step: ObservedStep) -> Measurement | None:
        self._probe.look(step)
        return None


class ProbeLoss(Recording):
    """`loss/probe`: mean of the loss over the batches of the probe set, at the weights before the step. Where all steps
    see the same batch it would be `loss/train`, and is left out."""

    name = "loss/probe"
    price = 0.1
    in_step_record = False
    needs_products = True
    needs_update = False

    def __init__(self, probe: ProbeSet) -> None:
        self._probe = probe

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Measurement | None:
        if not _has_batches_apart(self._probe, step):
            return None
        loss = self._probe.loss(flatten(step.parameters))
        return Measurement({"loss/probe": loss}, f"replay {self._probe.describe()}", sample=self._probe.examples)


class ProbeSharpness(Recording):
    """`sharpness/probe`: largest eigenvalue of the Hessian of the mean loss over the batches of the probe set, at the
    weights before the step. Where all steps see the same batch it would be `sharpness/batch`, and is left out."""

    name = "sharpness/probe"
    price = 4.0
    in_step_record = False
    needs_products = True
    needs_update = False

    def __init__(self, probe: ProbeSet) -> None:
        self._probe = probe
        self._eigenvalue = WarmEigenvalue(self.name)

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Measurement | None:
        if not _has_batches_apart(self._probe, step):
            return None

        def measure(points: Sequence[EvaluationPoint]) -> Measurement:
            products = [each.products() for each in points]
            operator = hessian_of(products[0], FEWEST_VECTORS)

            def mean(direction: Tensor) -> Tensor:
                return torch.stack([each.product(direction) for each in products]).mean(0)

            return self._eigenvalue.measure(replace(operator, multiply=mean), self._probe.describe())

        measured = self._probe.on_all(flatten(step.parameters), measure)
        return replace(measured, sample=self._probe.examples)


def _has_batches_apart(probe: ProbeSet, step: ObservedStep) -> bool:
    """Whether the probe set is complete, and something else than the batch of every step; raises Unmeasurable where it
    is known to be that batch."""
    probe.look(step)
    if probe.batches_differ is False:
        raise Unmeasurable(
            "probe-set-is-batch",
            "Loss and sharpness are not measured on a probe set as well: every recorded step had the same examples, so "
            "that they are those of the step.",
            "information",
        )
    return probe.is_complete and probe.batches_differ is True
