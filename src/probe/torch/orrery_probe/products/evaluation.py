"""The loss that is stepped on as a function of the weights, computed again without the script."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .flat import split
from .living_graph import LivingGraph
from .program import Program


class Evaluation:
    """From a tape; losses of several backward passes add up."""

    def __init__(self, program: Program, scales: Sequence[float | None], parameters: Sequence[Tensor]) -> None:
        """`program` gives the losses first, which are divided by their scales, and then whatever else is asked for."""
        self.program = program
        self._scales = scales
        self._parameters = [torch.empty_like(each, device="meta") for each in parameters]

    def at(self, weights: Tensor) -> EvaluationPoint:
        """`weights` are flat, in the order of the parameters."""
        leaves = [each.detach().clone().requires_grad_() for each in split(weights, self._parameters)]
        values = self.program.evaluate(leaves)
        losses = values[: len(self._scales)]
        with torch.enable_grad():
            losses = [each if scale is None else each / scale for each, scale in zip(losses, self._scales)]
        return EvaluationPoint(leaves, losses, values[len(self._scales) :])

    def loss(self, weights: Tensor) -> float:
        return float(sum(float(each.detach()) for each in self.at(weights).losses))

    def keep(self, shared: Sequence[Tensor]) -> None:
        """Makes it independent of what the script writes over; see `Program.keep`."""
        self.program.keep(shared)


class EvaluationPoint:
    """An evaluation at some weights."""

    def __init__(self, leaves: list[Tensor], losses: list[Tensor], others: list[Tensor]) -> None:
        self.leaves = leaves
        self.losses = losses
        self.others = others

    def products(self) -> LivingGraph:
        return LivingGraph(self.losses, self.leaves)
