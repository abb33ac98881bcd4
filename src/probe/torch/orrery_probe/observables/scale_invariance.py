"""Weights whose length the loss does not depend on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..budget import Price
from ..facts.objective_facts import main_term
from ..layer_name import layer_name
from ..layers.forward_graph import ForwardGraph, kind_of
from ..layers.homogeneity import degrees_of
from .layer_matrices import double, read, weights_not_finite
from .observable import Layered, Measurement, ObservedStep, Unmeasurable


@dataclass(frozen=True)
class _Groups:
    invariant: list[tuple[str, list[Tensor]]]
    """Layers with the weights that the loss does not change with when they are scaled together."""
    penalized: list[str]
    """Layers whose loss would be invariant without a penalty."""


class ScaleInvariance(Layered):
    """`scale/product@layer`: ⟨W, g⟩/(‖W‖·‖g‖) for a layer's weights W and the gradient g that the optimizer was given,
    where the loss is the same whatever W is multiplied by, because a batch, layer or other normalization follows. It is
    zero then, but for what keeps the normalization's divisor from zero, so that a step of gradient descent can but
    lengthen W: ‖W′‖² = ‖W‖² + η²‖g‖² (Kunin et al. 2021, §3 and 4). Where a bias stands before the normalization, W is
    weights and bias together.

    Null: 1/√n, the root mean square of the cosine with a random direction in n dimensions.
    """

    name = "scale/product"
    price: Price = "cheap"
    in_step_record = False
    needs_products = False
    needs_update = False

    def __init__(self) -> None:
        self._groups: _Groups | None = None
        self._of: list[int] = []

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return self._groups is None or bool(self._groups.invariant or self._groups.penalized)

    def measure(self, step: ObservedStep) -> Measurement | None:
        layers = step.layers()
        of = [id(each) for each in step.parameters]
        if layers is not None and of != self._of:
            self._groups, self._of = _invariant_groups(layers.graph, step), of
        if self._groups is None or of != self._of:
            return None
        gradients = {id(each): gradient for each, gradient in zip(step.parameters, step.gradients)}
        values: dict[str, float] = {}
        omitted = [_penalized(layer) for layer in self._groups.penalized]
        for layer, weights in self._groups.invariant:
            given = [gradients.get(id(each)) for each in weights]
            product = _cosine(weights, [each for each in given if each is not None and not each.is_sparse])
            if product is None:
                continue
            if not math.isfinite(product):
                omitted.append(weights_not_finite(layer))
                continue
            values[f"scale/product@{layer}"] = product
            values[f"scale/product@{layer}/null"] = 1 / math.sqrt(sum(each.numel() for each in weights))
        method = "of weights before the step and the gradients given to the optimizer"
        return Measurement(values, method, omitted=omitted)


def _invariant_groups(graph: ForwardGraph, step: ObservedStep) -> _Groups:
    groups = _Groups([], [])
    trained = {id(each) for each in step.parameters}
    main, _ = main_term(graph.roots[0][0]) if graph.roots else (None, False)
    for name, weight in zip(step.names, step.parameters):
        edge = graph.parameter(weight)
        if weight.dim() < 2 or edge is None:
            continue
        bias = _bias_of(graph, weight)
        for weights in ([weight], *([] if bias is None or id(bias) not in trained else [[weight, bias]])):
            edges = [each for each in map(graph.parameter, weights) if each is not None]
            degrees = degrees_of(graph, edges)
            if all(degrees.get(root) == 0 for root in graph.roots):
                groups.invariant.append((layer_name(name), list(weights)))
            elif main is not None and degrees.get((main, 0)) == 0:
                groups.penalized.append(layer_name(name))
            else:
                continue
            break
    return groups


def _bias_of(graph: ForwardGraph, weight: Tensor) -> Tensor | None:
    """What is added in the product of a weight."""
    edge = graph.parameter(weight)
    waiting = [] if edge is None else graph.consumers(edge)
    for node in [
        *waiting,
        *(above for each in waiting if kind_of(each) == "T" for above in graph.consumers((each, 0))),
    ]:
        place = {"Addmm": 0, "Convolution": 2}.get(kind_of(node))
        bias = None if place is None else node.next_functions[place][0]
        if bias is not None and kind_of(bias) == "AccumulateGrad":
            parameter: Tensor = bias.variable
            return parameter
    return None


def _cosine(weights: Sequence[Tensor], gradients: Sequence[Tensor]) -> float | None:
    """None where a gradient is missing, or a vector of length zero has no direction."""
    if len(gradients) != len(weights):
        return None
    pairs = [(double(weight), double(gradient)) for weight, gradient in zip(weights, gradients)]
    sums: list[Tensor] = []
    for weight, gradient in pairs:
        sums.extend(((weight * gradient).sum(), (weight * weight).sum(), (gradient * gradient).sum()))
    numbers = read(sums)
    product, squares, gradient_squares = (sum(numbers[which::3]) for which in range(3))
    if squares == 0 or gradient_squares == 0:
        return None
    return product / math.sqrt(squares * gradient_squares)


def _penalized(layer: str) -> Unmeasurable:
    return Unmeasurable(
        "scale-penalized",
        f"Scale invariance of {layer} is not measured: a normalization follows, but the loss also has a penalty on its "
        "weights.",
    )
