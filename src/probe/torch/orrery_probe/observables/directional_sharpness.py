"""The curvature along the gradient."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ..products.krylov_space import NonFiniteProduct
from ..products.living_graph import LivingGraph
from .noise_scale import MOST_PARTS
from .observable import Measurement, ObservedStep, Unmeasurable

_TOLERANCE = 1e-4
"""Relative to the norms of the parts' products, as for gradients."""


class DirectionalSharpness:
    """Curvature along the gradient, gᵀHg/|g|², which stochastic gradient descent drives to 2/η on the average over
    batches ("batch sharpness": Andreyev and Beneventano 2024).

    `sharpness/directional`: of the batch stepped on, one draw of that average at the run's own batch size.
    `sharpness/directional@microBatch`: mean over micro-batches of the same weights, each with its own gradient and
    Hessian; its error is one standard error.
    """

    name = "sharpness/directional"
    price = 0.5
    in_step_record = False
    needs_products = True
    needs_update = False

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Measurement | None:
        products = step.products()
        direction = _direction_of(products.gradient())
        if direction is None:
            return None
        product = products.product(direction)
        if not math.isfinite(float(product.norm())):
            raise NonFiniteProduct
        values = {"sharpness/directional": _dot(direction, product)}
        method = f"one Hessian-vector product {products.how} on the batch stepped on"
        try:
            micro = _over_parts(step, direction, product)
        except Unmeasurable as error:
            return Measurement(values, method, omitted=[error])
        return Measurement(
            {**values, "sharpness/directional@microBatch": micro.mean},
            f"{method}, and two on each of {micro.parts} micro-batches of about {micro.examples} examples (error: one "
            "standard error)",
            {"sharpness/directional@microBatch": micro.standard_error},
        )


@dataclass(frozen=True)
class _OverParts:
    mean: float
    standard_error: float
    parts: int
    examples: int


def _over_parts(step: ObservedStep, direction: Tensor, product: Tensor) -> _OverParts:
    def visit(part: LivingGraph, own: Tensor) -> tuple[Tensor, float | None]:
        along = _direction_of(own.to(direction))
        return part.product(direction), None if along is None else _dot(along, part.product(along))

    found = step.curvature.visit_parts(MOST_PARTS, step.step, visit)
    products = torch.stack([each.found[0] for each in found.parts])
    # The parts' own losses are shares of the whole one.
    if not float((products.sum(0) - product).norm()) <= _TOLERANCE * float(products.norm()):
        raise Unmeasurable(
            "curvature-not-split",
            "The sharpness over micro-batches is left out, as their Hessians do not make up that of the whole batch.",
        )
    quotients: list[float] = [each.factor * each.found[1] for each in found.parts if each.found[1] is not None]
    count = len(quotients)
    if count < 2:
        raise Unmeasurable(
            "curvature-not-split", "The sharpness over micro-batches is left out where gradients vanish."
        )
    mean = sum(quotients) / count
    variance = sum((each - mean) ** 2 for each in quotients) / (count - 1)
    return _OverParts(mean, math.sqrt(variance / count), len(found.parts), round(found.batch / len(found.parts)))


def _direction_of(gradient: Tensor) -> Tensor | None:
    """Of unit length, lest the product of a huge or a minute gradient leave its type's range; None where it
    vanishes."""
    length = float(gradient.norm())
    return None if length == 0 else gradient / length


def _dot(a: Tensor, b: Tensor) -> float:
    return float(torch.dot(a.double(), b.double())) if a.device.type != "mps" else float(torch.dot(a, b))
