"""Turns optimizer steps into records: facts first, then the step's values, then what was measured at it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, AbstractSet, Dict, List, Optional, Sequence, Tuple

import torch
from torch import Tensor

from .budget import Budget
from .curvature import Curvature
from .journal import Journal
from .observables.observable import Measurement, Observable, ObservedStep, Unmeasurable
from .optimizers import KnownOptimizer
from .pending import PendingLoss

if TYPE_CHECKING:
    from .early import EarlyMeasurement


@dataclass
class StepUnderWay:
    """A step that has begun: what had to be read and measured before the weights move."""

    optimizer: torch.optim.Optimizer
    known: KnownOptimizer
    learning_rate: float
    seconds: float
    loss: Optional[float]
    batch: Optional[int]
    gradients: Sequence[Optional[Tensor]]
    due: Sequence[Observable]
    curvature: Curvature
    before: Optional[Sequence[Tensor]] = None
    measured: List[Tuple[Observable, Measurement, float]] = field(default_factory=list)


class StepRecorder:
    def __init__(self, journal: Journal, budget: Budget) -> None:
        self._journal = journal
        self._budget = budget
        self._last_script_time: Optional[float] = None
        self._loss_seen: Optional[float] = None

    @property
    def loss_is_finite(self) -> bool:
        """Whether the last loss was a number."""
        return self._loss_seen is None or math.isfinite(self._loss_seen)

    def evaluation_begins(self) -> None:
        """Time of steps is counted from here."""
        if self._last_script_time is None:
            self._last_script_time = self._journal.clock.script_time

    def begin(
        self,
        optimizer: torch.optim.Optimizer,
        known: KnownOptimizer,
        learning_rate: float,
        losses: Sequence[PendingLoss],
        batch: Optional[int],
        due: AbstractSet[str],
        early: Optional[EarlyMeasurement],
    ) -> StepUnderWay:
        """Measures what can be measured only before the weights move, but for what was measured early."""
        clock = self._journal.clock
        script_time = clock.script_time
        begun = script_time if self._last_script_time is None else self._last_script_time
        observables = [each for each in known.observables if known.is_first and each.name in due and each.applies(optimizer)]
        gradients = gradients_of(optimizer, known.parameters)
        if early is not None and early.known is known:
            observables = [each for each in observables if not each.needs_products]
            curvature, measured = early.curvature, early.measured
        else:
            curvature, measured = Curvature(losses, known.parameters, gradients), []
        under_way = StepUnderWay(
            optimizer,
            known,
            learning_rate,
            max(0.0, script_time - begun),
            loss_of(losses),
            batch,
            gradients,
            observables,
            curvature,
            measured=list(measured),
        )
        for observable in observables:
            if not observable.needs_update:
                self.measure(observable, under_way)
        curvature.release()
        self._copy_weights(under_way)
        return under_way

    def _copy_weights(self, under_way: StepUnderWay) -> None:
        copying = [each for each in under_way.due if each.needs_update]
        if not copying:
            return
        clock = self._journal.clock
        start = clock.measuring
        with clock.measure(), torch.no_grad():
            under_way.before = [each.detach().clone() for each in under_way.known.parameters]
        for each in copying:
            self._budget.spend(each.name, (clock.measuring - start) / len(copying))

    def complete(self, under_way: StepUnderWay) -> None:
        """Measures what is seen only after the step, and writes all of it."""
        journal = self._journal
        try:
            for observable in under_way.due:
                if observable.needs_update:
                    self.measure(observable, under_way)
            values = self._step_values(under_way)
            for observable, measurement, _ in under_way.measured:
                if observable.in_step_record:
                    values.update(measurement.values)
            journal.at_step("step", values=values)
            self._watch_loss(under_way.loss)
            agreement = under_way.curvature.agreement
            if agreement is not None:
                journal.at_step(
                    "measure",
                    values={"gradient/cosine": agreement.cosine, "gradient/ratio": agreement.ratio},
                    cost=0.0,
                    method="the probe's gradient against the optimizer's",
                )
            for observable, measurement, seconds in under_way.measured:
                if not observable.in_step_record:
                    self._write(measurement, seconds, under_way.batch)
        finally:
            journal.step += 1
            self._last_script_time = journal.clock.script_time

    def _step_values(self, under_way: StepUnderWay) -> Dict[str, float]:
        at = "" if under_way.known.is_first else f"@{under_way.known.id}"
        values: Dict[str, float] = {}
        if under_way.loss is not None:
            values[f"loss/train{at}"] = under_way.loss
        if not math.isnan(under_way.learning_rate):
            values[f"optimizer/learningRate{at}"] = under_way.learning_rate
        if under_way.batch is not None:
            values["batch/size"] = under_way.batch
        values["step/seconds"] = under_way.seconds
        return values

    def measure(self, observable: Observable, under_way: StepUnderWay) -> None:
        clock = self._journal.clock
        start = clock.measuring
        step = ObservedStep(
            under_way.optimizer,
            self._journal.step,
            under_way.seconds,
            under_way.learning_rate,
            under_way.batch,
            under_way.known.names,
            under_way.known.parameters,
            under_way.gradients,
            under_way.before,
            under_way.curvature.products,
        )
        try:
            with clock.measure():
                measurement = observable.measure(step)
            for omitted in measurement.omitted if measurement is not None else ():
                self.explain(observable, omitted)
            if measurement is not None:
                under_way.measured.append((observable, measurement, clock.measuring - start))
        except Exception as error:  # What goes wrong in here is said in a note and does not reach the script.
            self.explain(observable, error)
        finally:
            self._budget.spend(observable.name, clock.measuring - start)

    def explain(self, observable: Observable, error: Exception) -> None:
        if isinstance(error, Unmeasurable):
            self._journal.note_once("warning", error.code, str(error))
        else:
            reason = f"{type(error).__name__}: {error}".split("\n")[0]
            self._journal.note_once("warning", "measurement-failed", f"{observable.name} could not be measured: {reason}")

    def _write(self, measurement: Measurement, seconds: float, batch: Optional[int]) -> None:
        for name, values in measurement.vectors.items():
            self._journal.at_step("vector", name=name, values=values)
        if measurement.values:
            self._journal.at_step(
                "measure",
                values=measurement.values,
                cost=seconds,
                method=measurement.method,
                error=measurement.error or None,
                sample=batch,
            )

    def _watch_loss(self, loss: Optional[float]) -> None:
        if loss is None:
            return
        if not math.isfinite(loss) and self.loss_is_finite:
            self._journal.note(
                "warning",
                "loss-not-finite",
                f"The loss of step {self._journal.step} is {loss}. Training has diverged; what follows says nothing about "
                "the model.",
            )
        self._loss_seen = loss


def loss_of(losses: Sequence[PendingLoss]) -> Optional[float]:
    """The loss that is stepped on: gradients of several backward passes add up."""
    if not losses:
        return None
    values = [each.value if each.scale is None else each.value / each.scale.to(each.value.device) for each in losses]
    return float(sum(float(each) for each in values))


def gradients_of(optimizer: torch.optim.Optimizer, parameters: Sequence[Tensor]) -> List[Optional[Tensor]]:
    """The parameters' gradients without the scale of a gradient scaler.

    It has taken it out by the time of the step, but for fused optimizers, which do that themselves.
    """
    scale = getattr(optimizer, "grad_scale", None)
    if not isinstance(scale, Tensor):
        return [each.grad for each in parameters]
    return [None if each.grad is None else each.grad / scale.to(each.grad.device) for each in parameters]
