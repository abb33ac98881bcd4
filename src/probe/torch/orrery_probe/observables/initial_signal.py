"""What the theory of signals at initialization starts from."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from ..layers.activations import LayerActivation, Layers
from ..layers.comparison import comparison_of, handed_on
from .layer_matrices import double, read
from .observable import AtFirstStep, Layered, Measurement, ObservedStep, Preceding

_MOST_BYTES = 1024**3
"""Of weights."""
_MOST_PRODUCTS = 2e8
"""Multiplications that pairs of examples may take."""
_ROWS = 256
"""Examples that are worked on at a time."""
_MOST_CHANGE = 1e-2
"""Of the gradient's length between computing and applying it: of one that is clipped, nothing follows from outputs."""


class InitialSignal(AtFirstStep, Preceding, Layered):
    """Of the first step's batch and the weights before it. With x what the first layer is fed of an example, and δ the
    derivative of the loss by its outputs (logits, for a cross-entropy):

    - `input/rms`: root mean square of x over examples and features; `input/spread`: variance of ‖x‖² over the square of
      its mean.
    - `output/gradient`: √Σ‖δ‖² over the examples.
    - `weight/rms@layer`, `bias/rms@layer`: root mean square of a layer's weights, and of its biases where it has any.
    - over pairs of examples, in units of the mean squared norms: mean and variance of xᵢ·xⱼ, `input/correlation` and
      `input/correlationSpread`; mean of δᵢ·δⱼ, `output/gradientCorrelation`, and of (xᵢ·xⱼ)(δᵢ·δⱼ),
      `output/jointCorrelation`; and over examples that of ‖x‖²‖δ‖², `output/jointSize`.

    What the graph does not show, or what would take more than a fraction of a second, is left out; and δ where the
    optimizer is given another gradient than that of the loss.
    """

    name = "signal/initial"

    def measure_first(self, step: ObservedStep) -> Measurement | None:
        active = step.activations()
        is_complex = any(each.is_complex() for each in step.parameters)
        if active is None or is_complex or 4 * sum(each.numel() for each in step.parameters) > _MOST_BYTES:
            return None
        activations = active.layers.activations
        if not activations:
            return None
        fed, returned = _fed(activations[0]), _derivatives(step, active.layers)
        values: dict[str, float] = {}
        if fed is not None:
            values.update(_sizes(fed))
        values.update(_weight_sizes(step, activations))
        if returned is not None:
            values["output/gradient"] = float(double(returned).norm())
        if fed is not None and returned is not None:
            values.update(_pairs(fed, returned))
        return Measurement(values, "of the recorded evaluation, before the first step")


def _fed(first: LayerActivation) -> Tensor | None:
    """[examples, features]; None where it is not known as it was."""
    product = first.product
    argument = product.argument
    if not isinstance(product.module, torch.nn.Linear) or argument is None or argument.numel() == 0:
        return None
    if argument._version != product.argument_version:
        return None
    return argument.detach().reshape(-1, argument.shape[-1])


def _derivatives(step: ObservedStep, layers: Layers) -> Tensor | None:
    """Of the loss by the last layer's outputs, [examples, outputs]; None where the loss compares something else."""
    loss, agreement, comparison = step.curvature.loss_graph, step.curvature.agreement, comparison_of(layers.graph)
    if loss is None or comparison is None or agreement is None or not abs(agreement.ratio - 1) <= _MOST_CHANGE:
        return None
    outputs = handed_on(comparison.outputs)
    last = next((each.product for each in layers.activations if each.product.edge == outputs), None)
    if last is None or not last.is_whole or not isinstance(last.module, torch.nn.Linear) or last.output.dim() != 2:
        return None
    return torch.autograd.grad(loss, [last.output], retain_graph=True)[0]


def _sizes(rows: Tensor) -> dict[str, float]:
    squares = _squared_norms(rows)
    mean = float(squares.mean())
    values = {"input/rms": math.sqrt(mean / rows.shape[1])}
    if mean > 0:
        values["input/spread"] = float((squares / mean - 1).square().mean())
    return values


def _squared_norms(rows: Tensor) -> Tensor:
    return torch.cat([double(part).square().sum(1) for part in rows.split(_ROWS)])


def _weight_sizes(step: ObservedStep, activations: Sequence[LayerActivation]) -> dict[str, float]:
    layers = {id(each.weight): each.layer for each in activations}
    known = set(layers.values())
    names: list[str] = []
    squares: list[Tensor] = []
    for name, parameter in zip(step.names, step.parameters):
        biased = name.removesuffix(".bias")
        if id(parameter) in layers:
            names.append(f"weight/rms@{layers[id(parameter)]}")
        elif parameter.dim() == 1 and biased != name and biased in known:
            names.append(f"bias/rms@{biased}")
        else:
            continue
        squares.append(double(parameter).square().mean())
    return {name: math.sqrt(square) for name, square in zip(names, read(squares))}


def _pairs(one: Tensor, other: Tensor) -> dict[str, float]:
    """Means over the pairs of rows of two matrices, in units of the mean squared norms."""
    rows = len(one)
    if rows < 2 or len(other) != rows or rows**2 / 2 * (one.shape[1] + other.shape[1]) > _MOST_PRODUCTS:
        return {}
    squares = [_squared_norms(each) for each in (one, other)]
    scales = [float(each.mean()) for each in squares]
    # Of zeros there is no correlation: a loss that cannot be lowered has no gradient.
    if not all(each > 0 for each in scales):
        return {}
    x, d = (double(each) / math.sqrt(scale) for each, scale in zip((one, other), scales))
    sums = torch.zeros(4, dtype=torch.float64, device=x.device)
    for begin in range(0, rows, _ROWS):
        first, last = (each[begin : begin + _ROWS] @ each.t() for each in (x, d))
        for each in (first, last):
            # A row's pair with itself.
            each.diagonal(begin).zero_()
        sums += torch.stack([first.sum(), last.sum(), first.square().sum(), (first * last).sum()])
    mean, back, square, joint = (sums / (rows * (rows - 1))).tolist()
    return {
        "input/correlation": mean,
        "input/correlationSpread": square - mean**2,
        "output/gradientCorrelation": back,
        "output/jointCorrelation": joint,
        "output/jointSize": float((squares[0] * squares[1]).mean()) / (scales[0] * scales[1]),
    }
