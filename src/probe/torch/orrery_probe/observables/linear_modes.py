"""A linear network, against what linear theory makes of its batch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..budget import Price
from ..layers.linear_stack import LinearLayer, LinearStack, linear_stack
from .linear_regression import LinearFit, linear_fit
from .observable import Layered, Measurement, ObservedStep, Unmeasurable

_MOST_INPUTS = 256
"""Beyond them decompositions of the data take seconds."""
_MOST_PRODUCTS = 2e8
_MOST_MODES = 5
"""That are followed."""


@dataclass(frozen=True)
class _Known:
    """Layers, and what the data say, of the first batch that was seen."""

    layers: list[LinearLayer]
    is_biased: bool
    fit: LinearFit
    scale: float
    """Of the loss's own unit: the loss is `scale`·½E‖outputs − targets‖²."""
    examples: int


class LinearModes(Layered):
    """A network of linear layers x ↦ x·W₁·…·W_L under a squared error, against what linear theory makes of its batch.
    In the loss's own unit, so that a step of gradient descent takes the time η whatever the loss's factors are.

    Once, of the batch: `linear/layers`: L. `linear/entries`: of the map, with those of the last layer's bias.
    `linear/leastLoss` and `linear/emptyLoss`: the loss of the best map and of none. `linear/flattest`: no minimum's
    Hessian has its largest eigenvalue below L·max (pᵀCp)^(1/L)·σ^(2−2/L) over directions of the fitted values
    (Mulayoff and Michaeli 2020 for white inputs; here for any covariance C). Left out where a hidden layer is narrower
    than inputs and outputs both. Vectors over the modes (v, q) of E[xᵀy]: `linear/signal`: s. `linear/variance`:
    λ = vᵀCv. `linear/coupling`: ‖Cv − λv‖/λ.

    Of the weights, of the first five modes: `linear/strength@k`: vᵀ·W₁·…·W_L·q. Of two layers, with a = vᵀW₁ and
    b = W₂q, `linear/growing@k`: |a + b|²/4, less what of it lies along stronger modes' a + b, and `linear/shrinking@k`:
    |a − b|²/4 (Saxe et al. 2014).
    """

    name = "linear/strength"
    price: Price = "cheap"
    in_step_record = False
    needs_products = False
    needs_update = False

    def __init__(self) -> None:
        self._known: _Known | None = None
        self._is_none = False
        """Whether it is another network, or cannot be followed."""

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return not self._is_none

    def measure(self, step: ObservedStep) -> Measurement | None:
        known, facts = self._known, Measurement({}, "")
        if known is None:
            known = self._known = self._look(step)
            if known is None:
                return None
            facts = _data_facts(known)
        return Measurement(
            {**facts.values, **_strengths([each.matrix for each in known.layers], known.fit)},
            "from weights, and singular vectors of the correlation of inputs and targets",
            vectors=facts.vectors,
            sample=known.examples,
        )

    def _look(self, step: ObservedStep) -> _Known | None:
        """None where there is nothing, or nothing yet; raises Unmeasurable where there is too much to look at."""
        layers = step.layers()
        if layers is None:
            return None
        stack = linear_stack(layers.graph, {id(each): name for each, name in zip(step.parameters, step.names)})
        self._is_none = stack is None
        # Of a loss whose gradient is the optimizer's, as of no single one of several processes.
        if stack is None or step.curvature.loss_graph is None or step.curvature.agreement is None:
            return None
        self._is_none = True
        known = _look_at(stack, step)
        self._is_none = known is None
        return known


def _look_at(stack: LinearStack, step: ObservedStep) -> _Known | None:
    given, loss = stack.inputs(), step.curvature.loss
    examples, width = given.shape
    # What the model makes of its inputs before they come to its weights, as by dropout, need not be the same at each
    # step.
    called = step.curvature.inputs
    if called and not any(each.data_ptr() == given.data_ptr() for each in called):
        return None
    if width > _MOST_INPUTS or examples * width**2 > _MOST_PRODUCTS:
        raise Unmeasurable(
            "linear-size",
            f"The modes of the linear network are not followed: {examples} examples of {width} inputs are more than "
            "can be decomposed at once.",
        )
    inputs = given.cpu().double()
    outputs = stack.outputs(inputs)
    errors = stack.comparison.errors()
    if loss is None or errors.numel() != outputs.numel() or not bool(torch.isfinite(inputs).all()):
        return None
    errors = errors.reshape(outputs.shape)
    error = float(errors.square().sum()) / (2 * examples)
    scale = loss / error if error > 0 else math.inf
    if not 0 < scale < math.inf:
        return None
    fit = linear_fit(inputs, outputs - errors, stack.is_biased)
    return _Known(stack.layers, stack.is_biased, fit, scale, examples)


def _data_facts(known: _Known) -> Measurement:
    count, scale, fit = len(known.layers), known.scale, known.fit
    shapes = [each.matrix.shape for each in known.layers]
    is_wide = all(shape[0] >= min(shapes[0][0], shapes[-1][1]) for shape in shapes[1:])
    bounds = [each.variance ** (1 / count) * each.size ** (2 - 2 / count) for each in fit.directions]
    values: dict[str, float] = {
        "linear/layers": count,
        "linear/entries": (shapes[0][0] + int(known.is_biased)) * shapes[-1][1],
        "linear/leastLoss": scale * fit.least_error,
        "linear/emptyLoss": scale * fit.empty_error,
    }
    if is_wide and bounds:
        values["linear/flattest"] = scale * count * max(bounds)
    vectors = {
        "linear/signal": [scale * each.signal for each in fit.modes],
        "linear/variance": [scale * each.variance for each in fit.modes],
        "linear/coupling": [each.coupling for each in fit.modes],
    }
    return Measurement(values, "", vectors=vectors)


def _strengths(matrices: Sequence[Tensor], fit: LinearFit) -> dict[str, float]:
    values: dict[str, float] = {}
    stronger: list[Tensor] = []
    for number, mode in enumerate(fit.modes[:_MOST_MODES], 1):
        carried = mode.input
        for each in matrices:
            carried = carried @ each
        values[f"linear/strength@{number}"] = float(carried @ mode.output)
        if len(matrices) != 2:
            continue
        first, second = mode.input @ matrices[0], matrices[1] @ mode.output
        total, difference = (first + second) / 2, (first - second) / 2
        for other in stronger:
            total = total - other * ((total @ other) / (other @ other))
        values[f"linear/growing@{number}"] = float(total @ total)
        values[f"linear/shrinking@{number}"] = float(difference @ difference)
        if values[f"linear/growing@{number}"] > 0:
            stronger.append(total)
    return values
