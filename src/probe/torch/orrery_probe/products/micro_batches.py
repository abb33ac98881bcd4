"""Parts of the batch that was stepped on, each with its own gradient and curvature at the same weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Callable, Generic, TypeVar

import torch
from torch import Tensor

from .captured_call import CapturedCall
from .draws import DrawsOfPart, DrawsOfWhole, OtherDraws
from .living_graph import LivingGraph, NotDifferentiable
from .replay import TailLoss, outputs_of_loss
from .seeded_numbers import permutation

T = TypeVar("T")

_TOLERANCE = 1e-4
"""Relative to the norms of the parts' gradients; single-precision sums over examples in another order differ by about
1e-6."""


class Unsplittable(Exception):
    """The batch cannot be taken apart; the message names why."""


@dataclass(frozen=True)
class MicroBatch(Generic[T]):
    examples: int
    factor: float
    """What the part's own loss, gradient and curvature are to be multiplied by to become means over its examples."""
    squared_deviation: float
    """|g_part - g|², with the part's mean gradient and the whole batch's."""
    found: T
    """Whatever was looked up at the part, without the factor."""


@dataclass(frozen=True)
class BatchParts(Generic[T]):
    batch: int
    parts: list[MicroBatch[T]]


class SplitBatch:
    """One batch whose model can be run again on some of its examples, under the script's own way from outputs to the
    loss.

    A divisor of the whole batch stays, so that the parts' gradients add up to the whole. Of what was drawn at random,
    each example keeps its own: other masks would give other outputs, for which the way to the loss is not known.
    """

    def __init__(self, loss: Tensor, calls: Sequence[CapturedCall], parameters: Sequence[Tensor], batch: int) -> None:
        self._parameters = parameters
        self._batch = batch
        self._calls, outputs = outputs_of_loss(loss, calls)
        for output in outputs:
            if output.dim() == 0 or output.shape[0] != batch:
                raise Unsplittable("an output of the model does not hold one row an example")
        self._outputs = outputs
        self._draws: list[DrawsOfWhole] = []
        for call in self._calls:
            draws = DrawsOfWhole()
            with draws:
                call.replay()
            self._draws.append(draws)
        with torch.enable_grad():
            gradients = torch.autograd.grad(loss, outputs, create_graph=True, allow_unused=True)
        self._gradients = [torch.zeros_like(each) if own is None else own for own, each in zip(gradients, outputs)]

    def part(self, examples: Tensor) -> LivingGraph:
        """`examples` are their places in the batch."""
        used = {id(each) for each in self._outputs}
        news: list[Tensor] = []
        for call, draws in zip(self._calls, self._draws):
            try:
                with DrawsOfPart(draws, examples, self._batch):
                    again = call.replay(lambda tensor: _rows(tensor, examples, self._batch))
            except OtherDraws as error:
                raise Unsplittable(str(error)) from error
            if len(again) != len(call.outputs):
                raise Unsplittable("the model gives other outputs on a part of the batch")
            news += [new for old, new in zip(call.outputs, again) if id(old) in used]
        if any(each.dim() == 0 or each.shape[0] != len(examples) for each in news):
            raise Unsplittable("an output of the model does not hold one row an example")
        tail = _PartTail(self._outputs, self._gradients, examples)
        return LivingGraph([TailLoss.apply(tail, *news)], self._parameters)


class _PartTail:
    """The loss as a function of some examples' outputs, the others' held still."""

    def __init__(self, outputs: Sequence[Tensor], gradients: Sequence[Tensor], examples: Tensor) -> None:
        self._outputs = outputs
        self._whole = gradients
        self._examples = examples
        self.gradients = [each[examples] for each in gradients]
        # Its value is asked for by nobody.
        self.loss = outputs[0].new_zeros(())

    def curvature(self, directions: Sequence[Any]) -> Sequence[Any]:
        curved = [(own, each) for own, each in zip(self._whole, directions) if own.requires_grad]
        if not curved:
            return [None for _ in self._outputs]
        padded = [torch.zeros_like(own).index_copy(0, self._examples, each.to(own.dtype)) for own, each in curved]
        products = torch.autograd.grad(
            [own for own, _ in curved], self._outputs, padded, retain_graph=True, allow_unused=True
        )
        return [None if each is None else each[self._examples] for each in products]


def split_parts(
    split: SplitBatch, whole: Tensor, batch: int, count: int, seed: int, visit: Callable[[LivingGraph, Tensor], T]
) -> BatchParts[T]:
    """Splits the batch at random into `count` parts of nearly equal size, and checks that their gradients make up the
    whole one.

    `visit` is handed each part and its flat gradient (without the factor). Raises Unsplittable.
    """
    order = torch.tensor(permutation(batch, seed), device="cpu")

    def part(index: int) -> tuple[int, LivingGraph]:
        examples = order[index * batch // count : (index + 1) * batch // count].sort().values
        return len(examples), split.part(examples.to(whole.device))

    return _visited([lambda index=index: part(index) for index in range(count)], whole, batch, visit)


def given_parts(
    parts: Sequence[tuple[int | None, LivingGraph]], whole: Tensor, visit: Callable[[LivingGraph, Tensor], T]
) -> BatchParts[T]:
    """Those that the step adds up, each of so many examples: backward passes, or processes. Raises Unsplittable."""
    sizes = [examples for examples, _ in parts if examples is not None]
    if len(sizes) < len(parts) or len(set(sizes)) != 1:
        raise Unsplittable(
            "the micro-batches that the step adds up are of unequal sizes, or of sizes that are not known"
        )
    made = [lambda size=size, point=point: (size, point) for size, (_, point) in zip(sizes, parts)]
    return _visited(made, whole, sum(sizes), visit)


def _visited(
    parts: Sequence[Callable[[], tuple[int, LivingGraph]]],
    whole: Tensor,
    batch: int,
    visit: Callable[[LivingGraph, Tensor], T],
) -> BatchParts[T]:
    kind = torch.float32 if whole.device.type == "mps" else torch.float64
    total = torch.zeros_like(whole, dtype=kind)
    squares = 0.0
    found: list[MicroBatch[T]] = []
    for make in parts:
        try:
            size, point = make()
        except NotDifferentiable as error:
            raise Unsplittable(str(error)) from error
        gradient = point.gradient().to(kind)
        total += gradient
        squares += float(gradient.square().sum())
        factor = batch / size
        deviation = float((factor * gradient - whole.to(kind)).square().sum())
        found.append(MicroBatch(size, factor, deviation, visit(point, gradient)))
    difference = float((total - whole.to(kind)).norm())
    if not difference <= _TOLERANCE * squares**0.5:
        raise Unsplittable("the gradients of its parts do not make up that of the whole batch")
    return BatchParts(batch, found)


def _rows(tensor: Tensor, examples: Tensor, batch: int) -> Tensor:
    holds_examples = tensor.dim() > 0 and tensor.shape[0] == batch
    return tensor[examples.to(tensor.device)] if holds_examples else tensor
