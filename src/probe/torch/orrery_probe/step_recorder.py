"""Turns optimizer steps into records: facts first, then the step's values, then what was measured at it."""

from __future__ import annotations

import contextlib
import math
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .budget import Budget
from .curvature import Curvature
from .journal import Journal
from .later import Moment, Number, SecondsBetween, is_here, plus, read, sum_of, wait_for
from .latest_steps import StoredStep
from .layers.evaluated import EvaluatedLayers
from .measurement_plan import NOTHING, Plan
from .memory_guard import MemoryGuard
from .observables.finite import finite
from .observables.observable import (
    Measurement,
    Observable,
    ObservedStep,
    Preceding,
    Unmeasurable,
    is_paid,
    payers_for_products,
    payers_of,
)
from .optimizers import KnownOptimizer
from .pending import PendingLoss
from .products.krylov_space import AsymmetricProduct, NonFiniteProduct
from .quick_steps import QuickSteps
from .step_costs import StepCosts
from .step_under_way import MeasuredStep, StepUnderWay
from .tapes import Tapes
from .unseen_costs import UnseenCosts

if TYPE_CHECKING:
    from .early import EarlyMeasurement


@dataclass(frozen=True)
class _Instant:
    script_time: float
    moment: Moment | None = None
    """The same on a CUDA device."""


class StepRecorder:
    def __init__(self, journal: Journal, budget: Budget, tapes: Tapes, guard: MemoryGuard) -> None:
        self.tapes = tapes
        self._guard = guard
        self._journal = journal
        self._budget = budget
        self._last: _Instant | None = None
        """The end of the last step, or the beginning of the run's first evaluation."""
        self._let_go: _Instant | None = None
        """When the optimizer began to move the weights, in a step under way."""
        self._moving: Number = 0.0
        """Seconds that this took the last optimizer that stepped."""
        self._unseen = UnseenCosts()
        """Of the first optimizer's steps."""
        self._last_first: float | None = None
        """The script's time at the end of the first optimizer's last step."""
        self._waited = 0.0
        """Seconds for what the script had given a device to do before."""
        self._losses_coming: deque[tuple[int, Number]] = deque()
        self._loss_seen: float | None = None

    @property
    def loss_is_finite(self) -> bool:
        """Whether the last loss was a number."""
        return self._loss_seen is None or math.isfinite(self._loss_seen)

    def finish(self) -> None:
        """Waits for losses that are not there yet."""
        self._watch_losses(True)

    def evaluation_begins(self) -> None:
        """Time of steps is counted from here."""
        if self._last is None:
            self._last = _Instant(self._journal.clock.script_time)

    def begin(
        self,
        optimizer: torch.optim.Optimizer,
        known: KnownOptimizer,
        learning_rate: float,
        losses: Sequence[PendingLoss],
        batch: int | None,
        plan: Plan,
        preparing: float,
        early: EarlyMeasurement | None,
    ) -> StepUnderWay:
        """Measures what can be measured only before the weights move, but for what was measured early.

        `preparing` are the seconds of measuring that were spent on the step for the sake of products.
        """
        is_prepared = plan is not NOTHING or early is not None or any(each.graph is not None for each in losses)
        due = self.due(optimizer, known, plan) if is_prepared else []
        device = _device_of(known)
        if due or plan.needs_products:
            self._wait_for(device)
        begun = self._now(device)
        # The latest optimizer's own time is this one's as far as is known before it steps.
        seconds = plus(self._moving, _between(self._last or begun, begun))
        step = StepUnderWay(known, learning_rate, seconds, loss_of(losses), batch)
        if is_prepared:
            step = self._measured(step, due, optimizer, losses, plan, preparing, early)
            begun = self._now(device)
        self._let_go = begun
        return step

    def _measured(
        self,
        step: StepUnderWay,
        observables: Sequence[Observable],
        optimizer: torch.optim.Optimizer,
        losses: Sequence[PendingLoss],
        plan: Plan,
        preparing: float,
        early: EarlyMeasurement | None,
    ) -> MeasuredStep:
        known = step.known
        costs = StepCosts()
        if observables:
            costs.add([each for each in observables if is_paid(each)], plan.choosing)
        if preparing > 0:
            costs.add(payers_for_products(observables), preparing)
        gradients = gradients_of(optimizer, known.parameters)
        joint = plan.joint if known.is_first else None
        curvature = Curvature(losses, known.parameters, gradients, self.tapes, joint, step.batch)
        measured: list[tuple[Observable, Measurement]] = []
        if early is not None:
            early.costs.settle(self._budget, 0)
            if early.known is known:
                observables = [each for each in observables if not each.needs_products]
                curvature, measured = early.curvature, early.measured
                if joint is not None:
                    joint.refuse()
        under_way = MeasuredStep(
            known,
            step.learning_rate,
            step.seconds,
            step.loss,
            step.batch,
            optimizer,
            gradients,
            observables,
            curvature,
            costs,
            plan.needs_products,
            EvaluatedLayers(losses[0] if losses else None, known.parameters, known.names),
            plan.is_unlimited,
            measured=list(measured),
        )
        try:
            self.measure_before(under_way)
        finally:
            curvature.release()
        if any(each.graph is not None for each in losses):
            with self._cost(costs, payers_for_products(observables)):
                for each in losses:
                    each.free()
        self._copy_weights(under_way)
        return under_way

    def due(self, optimizer: torch.optim.Optimizer, known: KnownOptimizer, plan: Plan) -> list[Observable]:
        """Only the first optimizer's steps are measured: the run's series are about its loss."""
        if not known.is_first or not plan.due:
            return []
        return [each for each in known.observables if each.name in plan.due and each.applies(optimizer)]

    def measure_before(self, under_way: MeasuredStep) -> None:
        """Measures what is seen only before the step."""
        traced = payers_for_products(under_way.due)
        if traced:
            device = under_way.known.parameters[0].device
            with self._cost(under_way.costs, traced), self._guard.watch(device):
                under_way.curvature.prepare()
        measured = [each for each in under_way.due if not each.needs_update]
        if under_way.curvature.is_joint:
            # The other processes wait meanwhile.
            for observable in measured:
                if observable.needs_products:
                    self.measure(observable, under_way)
            under_way.curvature.let_others_go()
            measured = [each for each in measured if not each.needs_products]
        for observable in measured:
            self.measure(observable, under_way)

    def _copy_weights(self, under_way: MeasuredStep) -> None:
        copying = [each for each in under_way.due if each.needs_update]
        if not copying:
            return
        with self._cost(under_way.costs, copying), torch.no_grad():
            under_way.before = [each.detach().clone() for each in under_way.known.parameters]

    @contextmanager
    def _cost(self, costs: StepCosts, causes: Sequence[Observable]) -> Iterator[None]:
        """Counts the time of its block as measuring, and as theirs."""
        clock = self._journal.clock
        before = clock.measuring
        try:
            with clock.measure():
                yield
        finally:
            costs.add(causes, clock.measuring - before)

    def complete(self, under_way: StepUnderWay) -> None:
        """Measures what is seen only after the step, and writes all of it."""
        journal = self._journal
        device = _device_of(under_way.known)
        measured = under_way if isinstance(under_way, MeasuredStep) else None
        if self._let_go is not None:
            self._moving = _between(self._let_go, self._now(device))
        try:
            if measured is not None:
                self._measure_after(measured)
            journal.at_step("step", values=self._step_values(under_way))
            if under_way.loss is not None:
                self._watch(journal.step, under_way.loss)
            if measured is not None:
                self._write_measured(measured)
        finally:
            if under_way.known.is_first:
                self._settle(measured)
            journal.step += 1
            self._let_go = None
            self._last = self._now(device)

    def quick_steps_done(self, quick: QuickSteps, steps: Sequence[StoredStep]) -> None:
        for each in steps:
            self._unseen.add_plain(each.seconds)
        if steps:
            self._last_first = self._journal.clock.script_time_at(quick.last)
            self._last = _Instant(self._last_first)
            self._moving = quick.moving
            self._loss_seen = steps[-1].loss

    def _measure_after(self, under_way: MeasuredStep) -> None:
        updated = [each for each in under_way.due if each.needs_update]
        if updated:
            self._wait_for(_device_of(under_way.known))
        for observable in updated:
            self.measure(observable, under_way)
        for observable, measurement in under_way.measured:
            if isinstance(observable, Preceding):
                self._write(observable, measurement, under_way)

    def _write_measured(self, under_way: MeasuredStep) -> None:
        agreement = under_way.curvature.agreement
        if agreement is not None:
            self._journal.at_step(
                "measure",
                values={"gradient/cosine": agreement.cosine, "gradient/ratio": agreement.ratio},
                cost=0.0,
                method="the probe's gradient against the optimizer's",
            )
        for observable, measurement in under_way.measured:
            if not observable.in_step_record and not isinstance(observable, Preceding):
                self._write(observable, measurement, under_way)

    def _step_values(self, under_way: StepUnderWay) -> dict[str, Number]:
        at = "" if under_way.known.is_first else f"@{under_way.known.id}"
        values: dict[str, Number] = {}
        if under_way.loss is not None:
            values[f"loss/train{at}"] = under_way.loss
        if not math.isnan(under_way.learning_rate):
            values[f"optimizer/learningRate{at}"] = under_way.learning_rate
        if under_way.batch is not None:
            values["batch/size"] = under_way.batch
        values["step/seconds"] = under_way.seconds
        if isinstance(under_way, MeasuredStep):
            for observable, measurement in under_way.measured:
                if observable.in_step_record:
                    values.update(measurement.values)
        return values

    def _settle(self, measured: MeasuredStep | None) -> None:
        """Charges the budget for what was measured at a step of the first optimizer, also for what nobody has timed."""
        clock = self._journal.clock
        waited, self._waited = self._waited, 0.0
        untimed = None if self._last_first is None else clock.script_time - self._last_first - waited
        if measured is None or not (measured.due or measured.measured or measured.keeps_graph):
            if untimed is not None:
                self._unseen.add_plain(untimed)
        else:
            unseen = 0.0 if untimed is None else self._unseen.of(measured.keeps_graph, untimed, measured.costs.total)
            clock.add_measuring(unseen)
            measured.costs.settle(self._budget, unseen)
        self._last_first = clock.script_time

    def measure(self, observable: Observable, under_way: MeasuredStep) -> None:
        step = ObservedStep(
            under_way.optimizer,
            self._journal.step,
            read(under_way.seconds),
            under_way.learning_rate,
            under_way.batch,
            under_way.known.names,
            under_way.known.parameters,
            under_way.gradients,
            under_way.before,
            under_way.curvature.products,
            under_way.curvature,
            under_way.is_unlimited,
            under_way.layers.layers,
            under_way.layers.active,
        )
        try:
            with self._cost(under_way.costs, payers_of(observable, under_way.due)):
                measurement = observable.measure(step)
            if measurement is None:
                return
            # A step record shows a diverging run as it is; whatever else is measured is finite, or not measured.
            measurement = measurement if observable.in_step_record else finite(measurement)
            for omitted in measurement.omitted:
                self.explain(observable, omitted)
            under_way.measured.append((observable, measurement))
        except Exception as error:  # What goes wrong in here is said in a note and does not reach the script.
            self.explain(observable, error)

    def explain(self, observable: Observable, error: Exception) -> None:
        if isinstance(error, Unmeasurable):
            self._journal.note_once(error.severity, error.code, str(error))
        elif isinstance(error, NonFiniteProduct):
            self._journal.note_once("warning", "curvature-not-finite", f"Curvature is left out at some steps. {error}")
        elif isinstance(error, AsymmetricProduct):
            self._journal.note_once("warning", "curvature-not-symmetric", f"Curvature is left out. {error}")
        else:
            reason = f"{type(error).__name__}: {error}".split("\n")[0]
            self._journal.note_once(
                "warning", "measurement-failed", f"{observable.name} could not be measured: {reason}"
            )

    def _write(self, observable: Observable, measurement: Measurement, under_way: MeasuredStep) -> None:
        with self._cost(under_way.costs, payers_of(observable, under_way.due)):
            for name, values in measurement.vectors.items():
                self._journal.at_step("vector", name=name, values=values)
            if measurement.values:
                self._journal.at_step(
                    "measure",
                    values=measurement.values,
                    cost=under_way.costs.of(observable) if is_paid(observable) else 0.0,
                    method=measurement.method,
                    error=measurement.error or None,
                    sample=_sample_of(observable, measurement, under_way),
                )

    def _watch(self, step: int, loss: Number) -> None:
        if isinstance(loss, float) and not self._losses_coming:
            self._watch_loss(step, loss)
            return
        self._losses_coming.append((step, loss))
        self._watch_losses(False)

    def _watch_losses(self, waits: bool) -> None:
        """Of losses whose values are there, or of all."""
        while self._losses_coming and (waits or is_here(self._losses_coming[0][1])):
            step, coming = self._losses_coming.popleft()
            with contextlib.suppress(RuntimeError):
                self._watch_loss(step, read(coming))

    def _watch_loss(self, step: int, loss: float) -> None:
        if not math.isfinite(loss) and self.loss_is_finite:
            self._journal.note(
                "warning",
                "loss-not-finite",
                f"The loss of step {step} is {loss}. Training has diverged; what follows says nothing about the model.",
            )
        self._loss_seen = loss

    def _wait_for(self, device: torch.device) -> None:
        before = self._journal.clock.script_time
        wait_for(device)
        self._waited += self._journal.clock.script_time - before

    def _now(self, device: torch.device) -> _Instant:
        return _Instant(self._journal.clock.script_time, Moment(device) if device.type == "cuda" else None)


def _between(first: _Instant, last: _Instant) -> Number:
    """Seconds that the script itself took: by a CUDA device's own time, where it works on one."""
    if first.moment is None or last.moment is None or first.moment.device != last.moment.device:
        return max(0.0, last.script_time - first.script_time)
    return SecondsBetween(first.moment, last.moment)


def _device_of(known: KnownOptimizer) -> torch.device:
    return known.parameters[0].device if known.parameters else torch.device("cpu")


def _sample_of(observable: Observable, measurement: Measurement, under_way: MeasuredStep) -> int | None:
    """Examples that a measurement is of."""
    if measurement.sample is not None:
        return measurement.sample
    curvature = under_way.curvature
    return curvature.examples if observable.needs_products and curvature.is_joint else under_way.batch


def loss_of(losses: Sequence[PendingLoss]) -> Number | None:
    """The loss that is stepped on: gradients of several backward passes add up."""
    if not losses:
        return None
    return sum_of(
        [each.value if each.scale is None else each.value / each.scale.to(each.value.device) for each in losses]
    )


def gradients_of(optimizer: torch.optim.Optimizer, parameters: Sequence[Tensor]) -> list[Tensor | None]:
    """The parameters' gradients without the scale of a gradient scaler.

    It has taken it out by the time of the step, but for fused optimizers, which do that themselves.
    """
    scale = getattr(optimizer, "grad_scale", None)
    if not isinstance(scale, Tensor):
        return [each.grad for each in parameters]
    return [None if each.grad is None else each.grad / scale.to(each.grad.device) for each in parameters]
