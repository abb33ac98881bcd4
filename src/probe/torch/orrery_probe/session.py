"""Watches the script train: which backward passes become steps, and of which optimizer."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Sequence
from typing import Any, Callable, TypeVar, cast

import torch
from torch import Tensor

from .begin_record import BeginRecord
from .control import Polled
from .early import EarlyMeasurement
from .facts.data_facts import batch_of
from .facts.optimizer_facts import parameters_of
from .facts.training_facts import TrainingFacts
from .given_gradients import GivenGradients, towards_parameters
from .hooks import Hooks
from .journal import Journal
from .layers.calls import LayerCalls
from .measurement_plan import NOTHING, Plan, Planner
from .optimizers import KnownOptimizer, Optimizers
from .pending import PendingLoss
from .pending_losses import PendingLosses
from .products.captured_call import CapturedCall, tensors_in
from .products.graph_nodes import is_compiled, leaves_below
from .quick_steps import QuickSteps, can_be_quick
from .step_recorder import StepRecorder
from .step_under_way import StepUnderWay

_Method = TypeVar("_Method", bound=Callable[..., Any])


def _guarded(method: _Method) -> _Method:
    """What goes wrong in here is said in a note and does not reach the script."""

    @functools.wraps(method)
    def guarded(session: Session, *args: Any) -> Any:
        if session.is_measuring:
            return None
        session.is_measuring = True
        stored = session.hooks.stored_gradients() if session.hooks.retaining else []
        try:
            session.end_quick_steps()
            return method(session, *args)
        except Exception as error:
            session.explain(error)
            return None
        finally:
            for tensor, gradient in stored:
                tensor.grad = gradient
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
        plan: Planner,
        recorder: StepRecorder,
        controls: Polled,
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
        self._losses = PendingLosses()
        self._given: GivenGradients | None = None
        self._passing = 0
        """Losses of the backward pass under way."""
        self._calls: list[CapturedCall] = []
        self._layer_calls: LayerCalls | None = None
        self._depth = 0
        self._scaler: Any | None = None
        self._inputs: list[Tensor] | None = None
        """What the model was first called with since the last step."""
        self._pass_inputs: list[Tensor] | None = None
        """The same since the last backward pass."""
        self._batch: int | None = None
        """Examples of all backward passes since the last step."""
        self._stepping: torch.optim.Optimizer | None = None
        self._unmoved: list[tuple[Tensor, int]] = []
        """The weights of the optimizer that is stepping on a closure, and how often they had been written to before."""
        self._under_way: StepUnderWay | None = None
        self._is_plain = False
        """Whether the step under way, or the last, is on a single backward pass."""
        self._early: EarlyMeasurement | None = None
        self._tapes = recorder.tapes
        self._tapes.is_ours = lambda: self.is_measuring
        self._preparing = 0.0
        """Seconds of measuring that the step under way has been prepared by."""

    def explain(self, error: Exception) -> None:
        reason = f"{type(error).__name__}: {error}".split("\n")[0]
        self.journal.note_once("warning", "probe-failed", f"Orrery could not look at something: {reason}")

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
        if self.is_measuring:
            return run()
        if self._depth > 0:
            return self._keep(module, args, kwargs, run())
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
        return self._keep(module, args, kwargs, result)

    def _keep(self, module: torch.nn.Module, args: Any, kwargs: Any, result: Any) -> Any:
        """Keeps a module's result for measurements of layers, and hands it on."""
        if self._layer_calls is not None:
            self._layer_calls.add(module, args, kwargs, result)
        return result

    @_guarded
    def _capture(self, module: torch.nn.Module, args: Any, kwargs: Any) -> CapturedCall | None:
        if next(module.parameters(), None) is None:
            return None
        self._recorder.evaluation_begins()
        if any(isinstance(each, torch.jit.ScriptModule) for each in module.modules()):
            self._tapes.end()
        if self._pass_inputs is None:
            self._pass_inputs = list(tensors_in((args, kwargs)))
        if self._inputs is None:
            self._inputs = self._pass_inputs
        # Of what is compiled layers are seen only when it runs again.
        runs_again = self._plan.needs_products or (self._plan.needs_layers and self._tapes.compiles)
        if not runs_again and self.journal.step > 0:
            return None
        clock = self.journal.clock
        before = clock.measuring
        with clock.measure():
            call = CapturedCall(module, args, kwargs)
        self._preparing += clock.measuring - before
        self._calls.append(call)
        return call

    @_guarded
    def backward_begins(self, tensors: Any, gradients: Any, retains: bool) -> bool:
        self._recorder.evaluation_begins()
        self._tapes.pause()
        self._drop_given()
        optimizers = self._optimizers.living
        if not optimizers:
            # Nobody would ever step on it.
            self._calls, self._inputs, self._pass_inputs = [], None, None
            return False
        self._passing = 0
        self._losses.backward_through(_listed(tensors))
        self._losses.evaluation_begins(optimizers)
        losses = _losses_of(tensors, gradients)
        if not losses:
            self._say_loss_unknown()
            return False
        self._count_examples()
        self._passing = len(losses)
        keeps = [self._add(loss, retains, len(optimizers) > 1) for loss in losses]
        return any(keeps)

    def _add(self, loss: Tensor, retains: bool, may_be_of_several: bool) -> bool:
        """Whether its graph is to be kept for the step."""
        pending = self._pending(loss)
        pending.is_retained = retains
        if may_be_of_several:
            pending.leaves = frozenset(id(each) for each in leaves_below(loss))
        if pending.graph is not None and not self._losses.leaves_memory_for(loss.device):
            pending.graph = None
            self.journal.note_once(
                "warning",
                "curvature-memory",
                "Curvature is left out where the graphs of all accumulated backward passes would take more than half "
                "of the free memory.",
            )
        self._losses.add(pending)
        if pending.graph is None:
            return False
        if self._leads_to_step and not is_compiled(loss):
            return True
        # Of a closure only the first evaluation is that of the step; a compiled graph must not be kept.
        if self._under_way is None:
            self._measure_early(pending)
        pending.graph = None
        return False

    @property
    def _leads_to_step(self) -> bool:
        """Whether the next step is taken from the weights as they are: within a step its own closure may come when they
        have moved."""
        if self._stepping is None:
            return True
        return self._under_way is None and all(weight._version == version for weight, version in self._unmoved)

    def _pending(self, loss: Tensor) -> PendingLoss:
        self._begin.write(loss.device)
        scaler, self._scaler = self._scaler, None
        calls, self._calls = self._calls, []
        self._facts.evaluated(loss, calls)
        return PendingLoss(
            loss.detach(),
            None if scaler is None else scaler._scale,
            loss if self._plan.needs_products else None,
            calls,
            any(each.is_half for each in calls),
            root=None if self._layer_calls is None else (loss.grad_fn, loss.output_nr),
            layer_calls=self._layer_calls,
        )

    def _count_examples(self) -> None:
        batch = None if self._pass_inputs is None else batch_of(self._pass_inputs)
        self._pass_inputs = None
        # A closure evaluates the same batch again.
        if batch is not None and (self._leads_to_step or self._batch is None):
            self._batch = batch + (self._batch or 0)

    @_guarded
    def gradient_begins(self, outputs: Any, inputs: Any, gradients: Any, create_graph: bool, retains: bool) -> bool:
        if self._stepping is not None or not self._optimizers.living or not towards_parameters(inputs, create_graph):
            return False
        losses = _losses_of(outputs, gradients)
        if len(losses) != 1:
            return False
        self._tapes.pause()
        self._recorder.evaluation_begins()
        self._drop_given()
        self._losses.backward_through(losses)
        pending = self._pending(losses[0])
        pending.is_retained = retains
        if is_compiled(losses[0]):
            pending.graph = None
        self._given = GivenGradients(pending)
        return pending.graph is not None

    @_guarded
    def gradient_done(self, inputs: Any, results: Any) -> None:
        self._tapes.resume()
        if self._given is not None:
            self._given.computed(inputs, results)

    @property
    def awaits_clearing(self) -> bool:
        return self.hooks.quick is not None or self._losses.await_a_step

    @_guarded
    def gradients_cleared(self, parameters: Iterable[Tensor]) -> None:
        self._losses.cleared(parameters, self._optimizers.living)
        self._batch = None

    def _drop_given(self) -> None:
        if self._given is not None:
            self._given.loss.free()
            self._given = None

    @_guarded
    def _withdraw(self) -> None:
        self._losses.withdraw(self._passing)

    def _say_loss_unknown(self) -> None:
        self.journal.note_once(
            "warning",
            "loss-unknown",
            "The loss of some steps is not known: it is seen where `backward` is called on it, a single number, or "
            "where `torch.autograd.grad` gives the very gradients that the optimizer finds.",
        )

    def backward_done(self, succeeds: bool) -> None:
        if self._under_way is None:
            self._tapes.resume()
        if not succeeds:
            self._withdraw()
            return
        early = self._early
        if early is not None and not early.is_checked and not self.is_measuring:
            self._check(early)

    @_guarded
    def _check(self, early: EarlyMeasurement) -> None:
        early.check()

    def _measure_early(self, pending: PendingLoss) -> None:
        optimizer = self._stepping or self._optimizers.likely
        if optimizer is None or len(self._losses.of(optimizer)) > 1:
            return
        known = self._optimizers.get(optimizer)
        self._early = EarlyMeasurement(self._recorder, optimizer, known, pending, self._plan)
        self._tapes.end()

    @_guarded
    def step_begins(self, optimizer: torch.optim.Optimizer, has_closure: bool) -> None:
        self._stepping = optimizer
        self._under_way = None
        self._is_plain = not has_closure and self._losses.are_plain
        if has_closure:
            self._unmoved = [(each, each._version) for each in parameters_of(optimizer)]
        else:
            self._tapes.pause()
            self._under_way = self._begin_step(optimizer, self._stepped_on_by(optimizer))

    @_guarded
    def closure_done(self, optimizer: torch.optim.Optimizer) -> None:
        if optimizer is self._stepping and self._leads_to_step:
            self._tapes.pause()
            self._under_way = self._begin_step(optimizer, self._stepped_on_by(optimizer))

    def _stepped_on_by(self, optimizer: torch.optim.Optimizer) -> Sequence[PendingLoss]:
        losses = self._losses.of(optimizer)
        given = self._given
        if not losses and given is not None and given.are_stepped_on_by(optimizer):
            self._count_examples()
            losses = [given.loss]
        if not losses:
            self._say_loss_unknown()
        return losses

    @_guarded
    def _step_done(self, optimizer: torch.optim.Optimizer) -> KnownOptimizer | None:
        try:
            # Where its weights moved before its closure was called, the step is on that first evaluation.
            under_way = self._under_way or self._begin_step(optimizer, self._losses.of(optimizer)[:1], moved=True)
            self._recorder.complete(under_way)
            self._tapes.resume()
            return under_way.known
        finally:
            self._losses.used_by(optimizer)
            self._let_go()

    def _let_go(self) -> None:
        """Of graphs and batches; the losses stay, for another optimizer that steps on them."""
        self._stepping, self._under_way, self._early, self._given = None, None, None, None
        self._unmoved = []
        self._calls, self._inputs, self._pass_inputs, self._batch = [], None, None, None
        self._layer_calls = LayerCalls() if self._plan.needs_layers else None
        self._preparing = 0.0

    def step_done(self, optimizer: torch.optim.Optimizer) -> None:
        known = self._step_done(optimizer)
        # Not guarded: a stop is an exception that the script is to see. Before the next step is planned, so that what
        # is asked for is measured at it.
        self._controls.poll()
        if known is not None and known.is_first:
            self._plan_next(known, optimizer)

    @_guarded
    def _plan_next(self, known: KnownOptimizer, optimizer: torch.optim.Optimizer) -> None:
        self._tapes.end()
        if self._plan.joint is not None:
            self._plan.joint.refuse()
        self._prepare(self._plans.next(known, optimizer))
        self._begin_quick_steps(known, optimizer)

    def _begin_quick_steps(self, known: KnownOptimizer, optimizer: torch.optim.Optimizer) -> None:
        """Where the next steps are going to be as the last one, and nothing is measured at them."""
        if not (self._is_plain and self._plan is NOTHING and self._facts.are_written_of(known)):
            return
        if self.hooks.watches_calls or not self._tapes.is_possible or len(self._optimizers.living) != 1:
            return
        rest = self._rest()
        if rest > 0 and can_be_quick(optimizer, known):
            quick = QuickSteps(optimizer, known, self.journal, self)
            if quick.rest(rest):
                self.hooks.quick = quick

    def rest_is_over(self, quick: QuickSteps, optimizer: torch.optim.Optimizer) -> None:
        self._hear_of(quick)
        self._controls.poll()
        rest = self._rest()
        if rest <= 0 or not quick.rest(rest):
            self._plan_next(quick.known, optimizer)

    def _hear_of(self, quick: QuickSteps) -> None:
        steps = quick.take()
        self._recorder.quick_steps_done(quick, steps)
        self._plans.passed_over(len(steps))

    def _rest(self) -> float:
        """Seconds for which nothing is to be planned."""
        return self._plans.rests_until - self.journal.clock.script_time

    def end_quick_steps(self) -> None:
        """Anything else is news: it finds what it would have found if all had been looked at."""
        quick, self.hooks.quick = self.hooks.quick, None
        if quick is None:
            return
        self._hear_of(quick)
        if quick.loss is not None:
            self._losses.evaluation_begins(self._optimizers.living)
            self._losses.add(PendingLoss(torch.tensor(quick.loss, dtype=torch.float64), None, None))

    def _begin_step(
        self, optimizer: torch.optim.Optimizer, losses: Sequence[PendingLoss], moved: bool = False
    ) -> StepUnderWay:
        known = self._optimizers.get(optimizer)
        if known.parameters:
            self._begin.write(known.parameters[0].device)
        learning_rate = self._optimizers.describe(optimizer, known)
        batch = self._batch
        if batch is None and self._inputs is not None:
            batch = batch_of(self._inputs)
        self._facts.describe(known, self._inputs, batch)
        self._facts.stepped_on(losses)
        # What was measured early is charged in any case.
        plan = NOTHING if moved else self._plan
        return self._recorder.begin(
            optimizer, known, learning_rate, losses, batch, plan, 0.0 if moved else self._preparing, self._early
        )

    def _prepare(self, plan: Plan) -> None:
        if plan is self._plan is NOTHING and not self.hooks.watches_calls:
            return
        self._plan = plan
        self._layer_calls = LayerCalls() if plan.needs_layers else None
        self.hooks.watch_calls(plan.needs_products or plan.needs_layers or self._facts.wants_inputs)
        self._record()

    def _record(self) -> None:
        is_needed = self._plan.needs_recording or (self._plan.needs_products and self._tapes.is_wanted)
        if is_needed and self._optimizers.likely is not None:
            self._tapes.begin()


def _listed(tensors: Any) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _losses_of(tensors: Any, gradients: Any) -> list[Tensor]:
    """What a backward pass differentiates the sum of: scalars, or tensors whose elements are simply summed. None of
    them where the caller weights them otherwise, since the loss is then made elsewhere."""
    of = _listed(tensors)
    if gradients is None and len(of) == 1 and of[0].numel() == 1:
        return of
    by = [gradients] if isinstance(gradients, Tensor) or gradients is None else list(gradients)
    losses: list[Tensor] = []
    for tensor, weights in itertools.zip_longest(of, by):
        if tensor is None or (weights is not None and not bool((weights == 1).all())):
            return []
        if weights is None and tensor.numel() != 1:
            return []
        with torch.enable_grad():
            losses.append(tensor if tensor.numel() == 1 else tensor.sum())
    return losses
