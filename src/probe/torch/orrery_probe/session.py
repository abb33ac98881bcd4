"""Watches the script train: which backward passes become steps, and of which optimizer."""

from __future__ import annotations

import functools
from typing import Any, Callable, List, Optional, Sequence, TypeVar, cast

import torch
from torch import Tensor

from .begin_record import BeginRecord
from .control import Controls
from .facts.training_facts import TrainingFacts
from .hooks import Hooks
from .journal import Journal
from .early import EarlyMeasurement
from .facts.data_facts import batch_of
from .measurement_plan import NOTHING, MeasurementPlan, Plan
from .optimizers import Optimizers
from .pending import PendingLoss
from .products.captured_call import CapturedCall, tensors_in
from .products.graph_nodes import is_compiled
from .step_recorder import StepRecorder, StepUnderWay

_Method = TypeVar("_Method", bound=Callable[..., Any])


def _guarded(method: _Method) -> _Method:
    """What goes wrong in here is said in a note and does not reach the script."""

    @functools.wraps(method)
    def guarded(session: "Session", *args: Any) -> Any:
        if session.is_measuring:
            return None
        session.is_measuring = True
        try:
            return method(session, *args)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".split("\n")[0]
            session.journal.note_once("warning", "probe-failed", f"Orrery could not look at something: {reason}")
            return None
        finally:
            session.is_measuring = False

    return cast(_Method, guarded)


class Session:
    """Hears of everything by `Hooks`; its methods do not raise, but for what a stop raises."""

    def __init__(
        self,
        journal: Journal,
        begin: BeginRecord,
        facts: TrainingFacts,
        optimizers: Optimizers,
        plan: MeasurementPlan,
        recorder: StepRecorder,
        controls: Controls,
    ) -> None:
        self.journal = journal
        self.is_measuring = False
        """Whether what happens is our own doing."""
        self.hooks = Hooks(self)
        self._begin = begin
        self._facts = facts
        self._optimizers = optimizers
        self._plans = plan
        self._recorder = recorder
        self._controls = controls
        self._plan = NOTHING
        self._losses: List[PendingLoss] = []
        self._losses_used = False
        self._calls: List[CapturedCall] = []
        self._depth = 0
        self._scaler: Optional[Any] = None
        self._inputs: Optional[List[Tensor]] = None
        self._stepping: Optional[torch.optim.Optimizer] = None
        self._under_way: Optional[StepUnderWay] = None
        self._early: Optional[EarlyMeasurement] = None
        self._tapes = recorder.tapes
        self._tapes.is_ours = lambda: self.is_measuring
        self._preparing = 0.0
        """Seconds of measuring that the step under way has been prepared by."""

    def install(self) -> None:
        self.hooks.install()
        self._prepare(self._plans.first())

    @_guarded
    def module_created(self, module: torch.nn.Module) -> None:
        self._facts.modules.created(module)

    @_guarded
    def optimizer_created(self, optimizer: torch.optim.Optimizer) -> None:
        self._optimizers.created(optimizer)
        # Not from the beginning of the script: it makes its weights before.
        self._record()

    @_guarded
    def compiles(self) -> None:
        self._tapes.compiles = True
        self._tapes.end()

    @_guarded
    def scaled_by(self, scaler: Any) -> None:
        self._scaler = scaler if scaler.is_enabled() else None

    @_guarded
    def iterating(self, loader: Any) -> None:
        self._facts.data.iterating(loader)

    def calls(self, module: torch.nn.Module, args: Any, kwargs: Any, run: Callable[[], Any]) -> Any:
        """Keeps what is needed to know the outermost modules' inputs, and to run them again."""
        if self.is_measuring or self._depth > 0:
            return run()
        if not torch.is_grad_enabled():
            return self._tapes.without(run)
        call = self._capture(module, args, kwargs)
        self._depth += 1
        try:
            result = run()
        finally:
            self._depth -= 1
        if call is not None:
            call.outputs = [each for each in tensors_in(result) if each.requires_grad]
        return result

    @_guarded
    def _capture(self, module: torch.nn.Module, args: Any, kwargs: Any) -> Optional[CapturedCall]:
        if next(module.parameters(), None) is None:
            return None
        self._recorder.evaluation_begins()
        if any(isinstance(each, torch.jit.ScriptModule) for each in module.modules()):
            self._tapes.end()
        if self._inputs is None:
            self._inputs = list(tensors_in((args, kwargs)))
        if not self._plan.needs_products and self.journal.step > 0:
            return None
        clock = self.journal.clock
        before = clock.measuring
        with clock.measure():
            call = CapturedCall(module, args, kwargs)
        self._preparing += clock.measuring - before
        self._calls.append(call)
        return call

    @_guarded
    def backward_begins(self, tensors: Any, gradients: Any, inputs: Any) -> bool:
        self._recorder.evaluation_begins()
        self._tapes.pause()
        if self._losses_used:
            self._forget()
        loss = _scalar_loss(tensors, gradients)
        if loss is None or inputs is not None:
            self.journal.note_once(
                "warning",
                "loss-unknown",
                "A backward pass was not that of one scalar loss towards all parameters, so that the loss is not known.",
            )
            return False
        self._begin.write(loss.device)
        scaler, self._scaler = self._scaler, None
        calls, self._calls = self._calls, []
        pending = PendingLoss(
            loss.detach(),
            None if scaler is None else scaler._scale,
            loss if self._plan.needs_products else None,
            calls,
            any(each.is_half for each in calls),
        )
        self._losses.append(pending)
        self._facts.evaluated(loss, [output for call in calls for output in call.outputs])
        if not self._plan.needs_products:
            return False
        if self._stepping is None and not is_compiled(loss):
            return True
        # Within a closure the weights move before the step has ended; a compiled graph must not be kept.
        self._measure_early(pending)
        pending.graph = None
        return False

    def backward_done(self) -> None:
        self._tapes.resume()
        early = self._early
        if early is not None and not early.is_checked and not self.is_measuring:
            self._check(early)

    @_guarded
    def _check(self, early: "EarlyMeasurement") -> None:
        early.check()

    def _measure_early(self, pending: PendingLoss) -> None:
        optimizer = self._stepping or self._optimizers.likely
        if optimizer is None or len(self._losses) > 1:
            return
        known = self._optimizers.get(optimizer)
        self._early = EarlyMeasurement(self._recorder, optimizer, known, pending, self._plan)
        self._tapes.end()

    @_guarded
    def step_begins(self, optimizer: torch.optim.Optimizer, has_closure: bool) -> None:
        self._stepping = optimizer
        if not has_closure:
            self._tapes.pause()
        self._under_way = None if has_closure else self._begin_step(optimizer, self._losses)

    @_guarded
    def _step_done(self, optimizer: torch.optim.Optimizer) -> None:
        try:
            # A closure's first evaluation is that at the weights before the step.
            under_way = self._under_way or self._begin_step(optimizer, self._losses[:1], moved=True)
            self._recorder.complete(under_way)
            self._tapes.resume()
            if under_way.known.is_first:
                self._tapes.end()
                self._prepare(self._plans.next(under_way.known, optimizer))
        finally:
            self._let_go()

    def _let_go(self) -> None:
        """Of graphs and batches; the losses stay, for another optimizer that steps on them."""
        self._stepping, self._under_way, self._early = None, None, None
        self._calls, self._inputs = [], None
        self._preparing = 0.0
        self._losses_used = True
        for each in self._losses:
            each.graph, each.calls = None, []

    def step_done(self, optimizer: torch.optim.Optimizer) -> None:
        self._step_done(optimizer)
        # Not guarded: a stop is an exception that the script is to see.
        self._controls.poll()

    def _begin_step(
        self, optimizer: torch.optim.Optimizer, losses: Sequence[PendingLoss], moved: bool = False
    ) -> StepUnderWay:
        known = self._optimizers.get(optimizer)
        if known.parameters:
            self._begin.write(known.parameters[0].device)
        learning_rate = self._optimizers.describe(optimizer, known)
        batch = None if self._inputs is None else batch_of(self._inputs)
        self._facts.describe(known, self._inputs, batch)
        # What was measured early is charged in any case.
        plan = NOTHING if moved else self._plan
        return self._recorder.begin(
            optimizer, known, learning_rate, losses, batch, plan, 0.0 if moved else self._preparing, self._early
        )

    def _prepare(self, plan: Plan) -> None:
        self._plan = plan
        self.hooks.watch_calls(plan.needs_products or self._facts.wants_inputs)

        self._record()

    def _record(self) -> None:
        if self._plan.needs_recording or (self._plan.needs_products and self._tapes.is_wanted):
            if self._optimizers.likely is not None:
                self._tapes.begin()

    def _forget(self) -> None:
        self._losses = []
        self._losses_used = False


def _scalar_loss(tensors: Any, gradients: Any) -> Optional[Tensor]:
    """The one loss of a backward pass; None where there are several, or it is weighted by the caller."""
    of = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    by = [gradients] if isinstance(gradients, Tensor) or gradients is None else list(gradients)
    if len(of) != 1 or of[0].numel() != 1 or any(each is not None for each in by):
        return None
    return cast(Tensor, of[0])
