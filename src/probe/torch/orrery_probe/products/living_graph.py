"""Products along the graphs that the script's own evaluations left behind."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor

from .flat import flatten, or_zeros, split
from .graph_nodes import custom_functions, undifferentiable


class NotDifferentiable(Exception):
    """The loss cannot be differentiated twice in this way; the message names why."""


class LivingGraph:
    """Gradient and Hessian-vector products of the sum of some losses, by differentiating their graphs twice.

    The graphs must still hold what their backward needs, and the parameters must not have changed since.
    """

    how = "along the living graph"
    rounding = 1e-6
    """Relative error of products, to the scale of the Hessian; measured in single precision: 1e-7 to 2e-6."""

    def __init__(self, losses: Sequence[Tensor], parameters: Sequence[Tensor]) -> None:
        refuse_custom_functions(losses)
        self.parameters = list(parameters)
        self._gradients: list[list[tuple[int, Tensor]]] = []
        with torch.enable_grad():
            for loss in losses:
                gradients = torch.autograd.grad(loss, self.parameters, create_graph=True, allow_unused=True)
                self._gradients.append([(index, each) for index, each in enumerate(gradients) if each is not None])
        marks = undifferentiable([each for gradients in self._gradients for _, each in gradients])
        if marks:
            raise NotDifferentiable("some operation's backward is marked as differentiable once only")

    def single(self, index: int) -> LivingGraph:
        """Of one of the losses alone."""
        alone = copy.copy(self)
        alone._gradients = [self._gradients[index]]
        return alone

    def gradient(self) -> Tensor:
        """Flat."""
        sums = [torch.zeros_like(each) for each in self.parameters]
        for gradients in self._gradients:
            for index, each in gradients:
                sums[index] += each.detach()
        return flatten(sums)

    def product(self, direction: Tensor) -> Tensor:
        """Of the Hessian with a flat direction; flat."""
        parts = split(direction, self.parameters)
        sums: list[Tensor | None] = [None for _ in self.parameters]
        for gradients in self._gradients:
            # A gradient that does not depend on the weights has no second derivative.
            curved = [(index, each) for index, each in gradients if each.requires_grad]
            if not curved:
                continue
            products = torch.autograd.grad(
                [each for _, each in curved],
                self.parameters,
                [parts[index] for index, _ in curved],
                retain_graph=True,
                allow_unused=True,
            )
            sums = [_sum(total, each) for total, each in zip(sums, products)]
        return flatten(or_zeros(sums, self.parameters))


def _sum(one: Tensor | None, other: Tensor | None) -> Tensor | None:
    if one is None or other is None:
        return one if other is None else other
    return one + other


def refuse_custom_functions(losses: Sequence[Tensor]) -> None:
    names = custom_functions(losses)
    if names:
        listed = ", ".join(sorted(names))
        raise NotDifferentiable(f"the backward of {listed}, a custom function, may not be differentiable")
