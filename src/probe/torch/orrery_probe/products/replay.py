"""Products by running the model again under the script's own way from its outputs to the loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .captured_call import CapturedCall
from .graph_nodes import undifferentiable
from .living_graph import LivingGraph, NotDifferentiable, refuse_custom_functions


class _Tail:
    """The loss as a function of the model's outputs, on the graph that the script made: value, gradient, curvature."""

    def __init__(self, loss: Tensor, outputs: Sequence[Tensor]) -> None:
        self.loss = loss
        self.outputs = list(outputs)
        with torch.enable_grad():
            gradients = torch.autograd.grad(loss, self.outputs, create_graph=True, allow_unused=True)
        self.gradients = [
            torch.zeros_like(output) if gradient is None else gradient
            for gradient, output in zip(gradients, self.outputs)
        ]

    def curvature(self, directions: Sequence[Any]) -> Sequence[Any]:
        """Product of the tail's Hessian with a direction in the outputs."""
        curved = [(gradient, each) for gradient, each in zip(self.gradients, directions) if gradient.requires_grad]
        if not curved:
            return [None for _ in self.outputs]
        return torch.autograd.grad(
            [gradient for gradient, _ in curved],
            self.outputs,
            [each.to(gradient.dtype) for gradient, each in curved],
            retain_graph=True,
            allow_unused=True,
        )


class _TailGradient(torch.autograd.Function):
    """The gradient of the tail at its recorded outputs; its derivative is the tail's curvature there."""

    @staticmethod
    def forward(context: Any, tail: _Tail, *_outputs: Tensor) -> tuple[Tensor, ...]:  # type: ignore[override]
        context.tail = tail
        return tuple(each.detach().clone() for each in tail.gradients)

    @staticmethod
    def backward(context: Any, *directions: Any) -> Any:  # type: ignore[override]
        return (None, *context.tail.curvature(directions))


class TailLoss(torch.autograd.Function):
    """The tail's loss at its recorded outputs; its derivative is `_TailGradient`."""

    @staticmethod
    def forward(context: Any, tail: _Tail, *outputs: Tensor) -> Tensor:  # type: ignore[override]
        context.tail = tail
        context.save_for_backward(*outputs)
        return tail.loss.detach().clone()

    @staticmethod
    def backward(context: Any, upstream: Tensor) -> Any:  # type: ignore[override]
        gradients = _TailGradient.apply(context.tail, *context.saved_tensors)
        return (None, *(each * upstream.to(each.dtype) for each in gradients))


class Replay(LivingGraph):
    """As `LivingGraph`, for a model whose own graph cannot be differentiated twice: compiled, or with fused kernels.

    `calls` are all calls of modules that led to the loss; the outermost outputs on the way down from it are replaced.
    """

    how = "by replay of the model"

    def __init__(self, loss: Tensor, calls: Sequence[CapturedCall], parameters: Sequence[Tensor]) -> None:
        refuse_custom_functions([loss])
        used, olds = outputs_of_loss(loss, calls)
        wanted = {id(each) for each in olds}
        news: list[Tensor] = []
        for call in used:
            again = call.replay()
            if len(again) != len(call.outputs):
                raise NotDifferentiable("the model gives other outputs when it is run again")
            news += [new for old, new in zip(call.outputs, again) if id(old) in wanted]
        self._tail = _Tail(loss, olds)
        if undifferentiable(self._tail.gradients):
            raise NotDifferentiable("some operation of the loss is marked as differentiable once only")
        super().__init__([TailLoss.apply(self._tail, *news)], parameters)


def outputs_of_loss(loss: Tensor, calls: Sequence[CapturedCall]) -> tuple[list[CapturedCall], list[Tensor]]:
    """The calls that lead to the loss, and those of their outputs that are met first on the way down from it.

    Raises NotDifferentiable where there are none.
    """
    return outputs_met((loss.grad_fn, loss.output_nr), calls)


def outputs_met(root: tuple[Any, int], calls: Sequence[CapturedCall]) -> tuple[list[CapturedCall], list[Tensor]]:
    """As `outputs_of_loss`, from the loss as a node and the number of its result."""
    met = _first_met(root, [output for call in calls for output in call.outputs])
    used = [call for call in calls if any(id(output) in met for output in call.outputs)]
    outputs = [output for call in used for output in call.outputs if id(output) in met]
    if not outputs:
        raise NotDifferentiable("the loss does not come from the outputs of a module")
    return used, outputs


def _first_met(root: tuple[Any, int], outputs: Sequence[Tensor]) -> set[int]:
    """Ids of the outputs met first on the way down: a loss that the model returns, or D(G(z)), would count twice."""
    stops = {(output.grad_fn, output.output_nr): id(output) for output in outputs}
    met: set[int] = set()
    seen: set[Any] = set()
    waiting: list[Any] = [root]
    while waiting:
        edge = waiting.pop()
        if edge[0] is None or edge in seen:
            continue
        seen.add(edge)
        if edge in stops:
            met.add(stops[edge])
        else:
            waiting.extend(edge[0].next_functions)
    return met
