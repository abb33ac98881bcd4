"""Norms over all parameters, for the step record."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from ..budget import Price
from .layer_matrices import double, layer_matrices, read
from .observable import Measurement, ObservedStep


class GradientNorm:
    """`gradient/norm`: Euclidean norm of the gradient that the optimizer is given, over all its parameters;
    `gradient/norm@layer`: of its part for a layer's weights, biases and gains left out. At initialization its square
    goes from layer to layer as χ₁ to the depth (Schoenholz et al. 2017)."""

    name = "gradient/norm"
    price: Price = "cheap"
    in_step_record = True
    needs_products = False
    needs_update = False

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Measurement | None:
        matrices = {each.index: each.layer for each in layer_matrices(step)}
        given = [(matrices.get(index), each) for index, each in enumerate(step.gradients) if each is not None]
        norms = norms_of([each for _, each in given])
        values = {"gradient/norm": _together(norms)}
        values.update({f"gradient/norm@{layer}": norm for (layer, _), norm in zip(given, norms) if layer is not None})
        return Measurement(values, "of the gradients given to the optimizer")


class GradientAlongWeights:
    """`gradient/alongWeights`: ⟨w, g⟩ over all parameters that the optimizer is given a gradient for, at the weights
    before the step. Where stochastic gradient descent at rate η has become stationary, its mean over steps is η/2 times
    that of ‖g‖² (Yaida 2018, FDR1), for which `gradient/norm` stands."""

    name = "gradient/alongWeights"
    price: Price = "cheap"
    in_step_record = True
    needs_products = False
    needs_update = False

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Measurement | None:
        pairs = [(weight, each) for weight, each in zip(step.parameters, step.gradients) if each is not None]
        if any(weight.is_complex() for weight, _ in pairs):
            return None
        dense = [(weight, each.to_dense() if each.is_sparse else each) for weight, each in pairs]
        products = read([(double(weight) * double(each)).sum() for weight, each in dense])
        method = "of weights before the step and the gradients given to the optimizer"
        return Measurement({"gradient/alongWeights": sum(products)}, method)


class UpdateNorm:
    """`update/norm`: Euclidean norm of the change of all weights in this step."""

    name = "update/norm"
    price: Price = "cheap"
    in_step_record = True
    needs_products = False
    needs_update = True

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Measurement | None:
        if step.before is None:
            return None
        change = [after.detach() - before for after, before in zip(step.parameters, step.before)]
        return Measurement({"update/norm": _together(norms_of(change))}, "difference of the weights")


def norms_of(tensors: Iterable[Tensor]) -> list[float]:
    """Of each, summed in its own type at least single precision."""
    return read(
        [_real(each.coalesce().values() if each.is_sparse else each.detach()).float().norm() for each in tensors]
    )


def _together(norms: Iterable[float]) -> float:
    return math.sqrt(sum(each * each for each in norms))


def _real(values: Tensor) -> Tensor:
    return torch.view_as_real(values.resolve_conj()) if values.is_complex() else values
