"""Features at convergence."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..facts.optimizer_facts import optimizer_kind
from ..layers.activations import CONVOLUTIONS
from ..products.flat import split
from .feature_matrix import random_weights
from .layer_matrices import matrix_of
from .observable import Layered, Measurement, ObservedStep, Unmeasurable

_MOST_UNITS = 512
_DRAWS = 4
_COUPLED = frozenset(("sgd", "momentum", "adam", "rmsprop", "adagrad", "adamax", "nadam", "adadelta"))
"""Optimizers whose weight decay is the gradient of a penalty."""


class StationaryFeatures(Layered):
    """`feature/fact@layer`: features at convergence (Boix-Adsera et al. 2025, eq. 3). Where the objective has a penalty
    λ/2·‖W‖² and is stationary in a layer's weights, W·Wᵀ = −(1/λ)·Σᵢ (∂L/∂hᵢ)ᵀ·hᵢ, h being the layer's input and L the
    rest of the objective. The value is ‖difference of the sides‖/‖W·Wᵀ‖, of the batch stepped on; that difference is
    the product of the gradient and Wᵀ, over λ. For dense layers and convolutions.

    λ is the optimizer's weight decay, where that is coupled: part of the gradient that it steps on. Penalties that are
    terms of the loss are not told from the rest, and layers that have one are left out.

    Null: the mean for random weights of the same norm, the gradient of L held.
    """

    name = "feature/fact"
    price = 0.1
    in_step_record = False
    needs_products = True
    needs_update = False

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return (
            optimizer is not None
            and optimizer_kind(optimizer) in _COUPLED
            and any(map(_decay_of, optimizer.param_groups))
        )

    def measure(self, step: ObservedStep) -> Measurement | None:
        layers = step.layers()
        if layers is None:
            return None
        strengths = {id(each): _decay_of(group) for group in step.optimizer.param_groups for each in group["params"]}
        # The loss's own: what the optimizer is given may have been clipped.
        own = split(step.products().gradient(), step.parameters)
        gradients = {id(each): gradient for each, gradient in zip(step.parameters, own)}
        values: dict[str, float] = {}
        omitted: list[Unmeasurable] = []
        for each in layers.activations:
            weight, gradient = each.weight, gradients.get(id(each.weight))
            strength = strengths.get(id(weight), 0.0)
            is_product = isinstance(each.product.module, (torch.nn.Linear, CONVOLUTIONS))
            edge = layers.graph.parameter(weight)
            # Whatever else uses the weights, as a penalty does, adds to their gradient.
            is_used_once = edge is not None and len(layers.graph.consumers(edge)) == each.calls == 1
            if strength <= 0 or gradient is None or not is_product or not is_used_once:
                continue
            if _units(each.product.module) > _MOST_UNITS:
                omitted.append(_too_wide(each.layer, _units(each.product.module)))
                continue
            matrix, rest = matrix_of(weight).cpu().t(), matrix_of(gradient).cpu().t()
            error = _difference_of_sides(matrix, rest, strength)
            if not math.isfinite(error):
                continue
            values[f"feature/fact@{each.layer}"] = error
            values[f"feature/fact@{each.layer}/null"] = _expected_difference(matrix, rest, strength)
        return Measurement(values, "from weights, gradients and the optimizer's weight decay", omitted=omitted)


def _decay_of(group: dict[str, object]) -> float:
    """Of a group of parameters, 0 where it is decoupled or the loss is to grow."""
    decay = group.get("weight_decay")
    is_other = bool(group.get("decoupled_weight_decay")) or bool(group.get("maximize"))
    return 0.0 if is_other or not isinstance(decay, (int, float)) else float(decay)


def _units(module: torch.nn.Module) -> int:
    return int(module.weight.shape[0])  # type: ignore[union-attr, operator]


def _difference_of_sides(weights: Tensor, rest: Tensor, strength: float) -> float:
    """‖(λW + R)·Wᵀ‖/(λ·‖W·Wᵀ‖), R being the gradient of the rest; norms by the smaller matrices of the units."""
    whole = strength * weights + rest
    of_weights, of_whole = weights.t() @ weights, whole.t() @ whole
    return math.sqrt(max(0.0, float((of_whole * of_weights).sum()))) / (strength * float(of_weights.norm()) or math.nan)


def _expected_difference(weights: Tensor, rest: Tensor, strength: float) -> float:
    norm = weights.norm()
    draws = [random_weights(weights.shape[0], weights.shape[1], draw + 1) for draw in range(_DRAWS)]
    return sum(_difference_of_sides(each * (norm / each.norm()), rest, strength) for each in draws) / _DRAWS


def _too_wide(layer: str, units: int) -> Unmeasurable:
    return Unmeasurable(
        "fact-units",
        f"Features at convergence of {layer} are not measured: it has {units} units, and {_MOST_UNITS} are the most.",
    )
