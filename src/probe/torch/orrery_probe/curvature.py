"""Chooses a way to the curvature of the loss that is stepped on, and checks that it is that one's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable, TypeVar

import torch
from torch import Tensor

from .agreement import Agreement, agreement_of
from .facts.output_head import OutputHead, output_head
from .joint.joint_step import JointStep
from .joint.no_exchange import NoExchange
from .joint.processes import train_together
from .observables.observable import Unmeasurable
from .pending import PendingLoss
from .products.captured_call import InputsChanged
from .products.evaluation import Evaluation
from .products.flat import flatten
from .products.graph_nodes import is_checkpointed, is_compiled
from .products.living_graph import LivingGraph, NotDifferentiable
from .products.micro_batches import BatchParts, SplitBatch, Unsplittable, given_parts, split_parts
from .products.program import Program, TapeGraph
from .products.replay import Replay, outputs_of_loss
from .tapes import Tapes

T = TypeVar("T")
_EVALUATION_TOLERANCE = 1e-4
"""Relative, of the gradient: kernels give the same bits again, or nearly so."""
_EVALUATION_TOLERANCE_HALF = 1e-2
_NOT_AGAIN = "What takes the step's loss at other weights, or kept batches, is left out"
_TOGETHER = (
    "Several processes train together. Curvature is of the batches of all of them, averaged as "
    "`DistributedDataParallel` averages gradients, at steps that they agree on; what takes micro-batches, kept batches "
    "or the loss at other weights is left out. Loss, batch size, activations and throughput are of the first process's "
    "part; the gradient is what the optimizer is given."
)
_HALF = (torch.float16, torch.bfloat16)
_ROUNDING_HALF = 4e-3
"""Of products where values are rounded to 8 bits: a unit in the last place."""


class Curvature:
    """Products at one step, made when they are first asked for."""

    def __init__(
        self,
        losses: Sequence[PendingLoss],
        parameters: Sequence[Tensor],
        gradients: Sequence[Tensor | None] | None,
        tapes: Tapes,
        joint: JointStep | None = None,
        batch: int | None = None,
    ) -> None:
        """`gradients` are what the optimizer is given, without the scale of a gradient scaler; None where that is not
        known yet, and `check` has to be called later. `joint` is the part in a measurement of several processes,
        `batch` the examples that it brings in."""
        self.agreement: Agreement | None = None
        self._joint = joint
        self._batch = batch
        self._tapes = tapes
        self._losses = losses
        self._parameters = parameters
        self._gradients = gradients
        self._made: LivingGraph | None = None
        self._failure: Unmeasurable | None = None

    def prepare(self) -> None:
        """Makes the products, so that whoever asks for them first does not pay for all; a refusal is told to those who
        ask."""
        try:
            self.products()
        except Unmeasurable as failure:
            self._failure = failure

    def products(self) -> LivingGraph:
        """Raises Unmeasurable."""
        if self._failure is not None:
            raise self._failure
        if self._made is None:
            try:
                self._made = self._make()
            except Unmeasurable as failure:
                self._failure = failure
                raise
        return self._made

    def _make(self) -> LivingGraph:
        if any(each.is_complex() for each in self._parameters):
            raise Unmeasurable("weights-complex", "Curvature is left out: there are complex weights.")
        if self._joint is not None:
            products = self._joint.products(self._own_part, self._batch)
            self._believe(products)
            return products
        if train_together():
            raise Unmeasurable("one-of-several-processes", _TOGETHER, "information")
        reasons: list[str] = []
        differs: Unmeasurable | None = None
        for way in (self._living_graph, self._replay, self._taped):
            try:
                products = way()
                if products is None:
                    continue
                # Some operations say only at the first product that they have no second derivative.
                products.product(torch.ones_like(products.gradient()))
                self._believe(products)
                return products
            except Unmeasurable as error:
                differs = error
            except (NotDifferentiable, InputsChanged, RuntimeError, NotImplementedError) as error:
                reasons.append(str(error).split("\n")[0])
        if differs is not None:
            raise differs
        if not reasons:
            reasons.append("the loss was not seen")
        because = "; ".join(dict.fromkeys(reasons))
        if self._tapes.is_wanted and self._tapes.current is None and self._tapes.is_possible:
            raise Unmeasurable(
                "curvature-recorded",
                "Curvature is measured from the next step on, by recording the operations of the forward pass: "
                f"{because}.",
                "information",
            )
        raise Unmeasurable("curvature-unavailable", f"Curvature is left out: {because}.")

    def _believe(self, products: LivingGraph) -> None:
        """Raises Unmeasurable where they are not of the loss that is stepped on."""
        if self._is_half:
            products.rounding = _ROUNDING_HALF
        if self._gradients is not None:
            self._check(products, self._gradients)

    def visit_parts(self, count: int, seed: int, visit: Callable[[LivingGraph, Tensor], T]) -> BatchParts[T]:
        """The batches of the processes that train together, the micro-batches that the step adds up, or at most so
        many parts of its one batch, at random; see `split_parts`.

        Raises Unmeasurable.
        """
        products = self.products()
        whole = products.gradient()
        try:
            if self._joint is not None:
                return given_parts(self._joint.parts(), whole, visit)
            graphs = self._graphs() or []
            if len(graphs) > 1:
                examples = [next((call.examples for call in each.calls), None) for each in self._losses]
                return given_parts([(each, products.single(k)) for k, each in enumerate(examples)], whole, visit)
            calls = self._losses[0].calls
            batch = next((call.examples for call in calls if call.examples is not None), None)
            if batch is None:
                raise Unsplittable("it is not known which of the inputs holds the examples")
            if batch < 2:
                raise Unsplittable("it has a single example")
            split = SplitBatch(graphs[0], calls, self._parameters, batch)
            return split_parts(split, whole, batch, min(count, batch), seed, visit)
        except (Unsplittable, NotDifferentiable, InputsChanged, RuntimeError, ValueError, IndexError) as error:
            is_known = isinstance(error, (Unsplittable, NotDifferentiable, InputsChanged))
            reason = str(error) if is_known else "the model does not run on a part of it"
            raise Unmeasurable(
                "batch-not-split",
                "The gradient noise scale and the sharpness over micro-batches are left out, as the batch cannot be "
                f"taken apart ({reason}). Batch normalization and weight penalties, for instance, make a loss that is "
                "no sum over examples.",
            ) from error

    def evaluation(self, others: Sequence[Tensor] = ()) -> Evaluation:
        """The step's losses, and other values of it, as a function of the weights; from the tape. Raises
        Unmeasurable."""
        products = self.products()
        tape = self._tapes.current
        graphs = [each.graph for each in self._losses if each.graph is not None]
        try:
            if tape is None:
                raise NotDifferentiable("compiled models, and losses within a closure, are not recorded")
            scales = [None if each.scale is None else float(each.scale) for each in self._losses]
            program = Program(tape, self._parameters, [*graphs, *others])
            if tape.has_gap_among(program.constants):
                raise NotDifferentiable("part of it was computed without gradients")
            evaluation = Evaluation(program, scales, self._parameters)
            again = evaluation.at(flatten(self._parameters)).products().gradient()
        except (NotDifferentiable, RuntimeError, NotImplementedError) as error:
            reason = str(error).split("\n")[0]
            raise Unmeasurable("evaluation-unrecorded", f"{_NOT_AGAIN}: {reason}.") from error
        own = products.gradient()
        tolerance = _EVALUATION_TOLERANCE_HALF if self._is_half else _EVALUATION_TOLERANCE
        if not float((again - own).norm()) <= tolerance * float(own.norm()):
            raise Unmeasurable("evaluation-differs", f"{_NOT_AGAIN}: the recorded operations give another gradient.")
        return evaluation

    @property
    def recorded_bytes(self) -> int:
        """That the recorded values hold."""
        return 0 if self._tapes.current is None else self._tapes.current.bytes

    @property
    def loss(self) -> float | None:
        """That is stepped on; None where it is not known."""
        graphs = self._graphs()
        return None if graphs is None else float(sum(float(each.detach()) for each in graphs))

    @property
    def loss_graph(self) -> Tensor | None:
        """The one loss with its graph; None where there are several, also in other processes, or it was not kept."""
        graphs = self._graphs()
        return graphs[0] if graphs is not None and len(graphs) == 1 and not self.is_joint else None

    @property
    def is_joint(self) -> bool:
        """Whether it is of the batches of several processes."""
        return self._joint is not None

    @property
    def examples(self) -> int | None:
        """In the batches of all processes, where they have been measured together and know it."""
        return None if self._joint is None else self._joint.examples

    @property
    def inputs(self) -> list[Tensor]:
        """What modules that led to the first loss were called with from outside."""
        return [tensor for call in self._losses[0].calls for tensor in call.inputs] if self._losses else []

    def output_head(self) -> OutputHead | None:
        """The outputs of the model of the one loss; None where it is not clear."""
        loss = self.loss_graph
        if loss is None or self._losses[0].graph is None:
            return None
        try:
            _, outputs = outputs_of_loss(loss, self._losses[0].calls)
        except NotDifferentiable:
            return None
        return output_head(self._losses[0].graph, outputs)

    def _own_part(self) -> LivingGraph:
        """The products of this process's own loss, where several train together. Raises NotDifferentiable."""
        reasons: list[str] = []
        for way in (self._living_whole, self._replay_alone):
            products = _tried(way, reasons)
            if products is not None:
                return products
        raise NotDifferentiable("; ".join(dict.fromkeys(reasons)) or "the loss was not seen")

    def _living_whole(self) -> LivingGraph | None:
        """Of this process alone there is no gradient of the optimizer's that would show that weights are missing."""
        graphs = self._graphs() or []
        return None if any(is_checkpointed(each) for each in graphs) else self._living_graph()

    def _replay_alone(self) -> LivingGraph | None:
        with NoExchange():
            return self._replay()

    def _living_graph(self) -> LivingGraph | None:
        graphs = self._graphs()
        if graphs is None or any(is_compiled(each) for each in graphs):
            return None
        return LivingGraph(graphs, self._parameters)

    def _replay(self) -> LivingGraph | None:
        graphs = self._graphs()
        if graphs is None:
            return None
        if len(graphs) != 1:
            raise NotDifferentiable("it takes running the model again, which is not done over accumulated gradients")
        return Replay(graphs[0], self._losses[0].calls, self._parameters)

    def _taped(self) -> LivingGraph | None:
        losses = [each.graph for each in self._losses if each.graph is not None]
        if len(losses) < len(self._losses) or not losses or any(is_compiled(each) for each in losses):
            return None
        if self._tapes.current is None:
            self._tapes.is_wanted = True
            return None
        return TapeGraph(self._tapes.current, losses, [each.scale for each in self._losses], self._parameters)

    def _graphs(self) -> list[Tensor] | None:
        """The losses with the scale taken out; None where one was not kept."""
        graphs: list[Tensor] = []
        for each in self._losses:
            if each.graph is None:
                return None
            graphs.append(each.graph if each.scale is None else each.graph / each.scale.to(each.graph.device))
        return graphs or None

    def check(self, gradients: Sequence[Tensor | None]) -> None:
        """Raises Unmeasurable where the products that were made are not those of the loss that gave these gradients."""
        if self._made is not None:
            self._check(self._made, gradients)

    def let_others_go(self) -> None:
        """The other processes; in these, it serves the first one until that lets them go. No products are to be had any
        more."""
        if self._joint is not None:
            self._joint.close(self._own_part, self._batch)

    def release(self) -> None:
        """Lets go of the graphs, and of other processes."""
        self.let_others_go()
        self._made = None

    @property
    def _is_half(self) -> bool:
        return any(each.is_half for each in self._losses) or any(each.dtype in _HALF for each in self._parameters)

    def _check(self, products: LivingGraph, gradients: Sequence[Tensor | None]) -> None:
        agreement = agreement_of(products.gradient(), gradients, self._parameters, self._is_half)
        if agreement is None:
            raise Unmeasurable("gradient-sparse", "Curvature is left out: the optimizer is given sparse gradients.")
        if not agreement.is_finite:
            raise Unmeasurable("gradient-not-finite", "Curvature is left out where the gradient is not finite.")
        if not agreement.holds:
            raise Unmeasurable(
                "gradient-differs",
                "Sharpness is left out where the optimizer steps on another gradient than that of the loss: the script "
                "changes gradients between computing and applying them, or the model cannot be run again as it was.",
            )
        self.agreement = agreement


def _tried(way: Callable[[], LivingGraph | None], reasons: list[str]) -> LivingGraph | None:
    """What a way gives, if it gives products at all; why not, is added to `reasons`."""
    try:
        products = way()
        if products is not None:
            products.product(torch.ones_like(products.gradient()))
        return products
    except (NotDifferentiable, InputsChanged, RuntimeError, NotImplementedError) as error:
        reasons.append(str(error).split("\n")[0])
        return None
