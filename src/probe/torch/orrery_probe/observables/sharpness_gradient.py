"""The gradient of the sharpness."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from ..products.evaluation import Evaluation
from ..products.krylov_space import NonFiniteProduct
from ..products.lanczos import Eigenvalue
from ..products.operator import SymmetricOperator
from .central_difference import central_difference
from .observable import Unmeasurable

_RELATIVE_STEP = 0.002
"""Half-width of the difference over the norm of the weights: as short as rounding allows, for few kinks lie on a short
way."""
_MOST_ERROR = 0.1
"""Largest relative error: laws take its square."""
GRADIENT_PRODUCTS = 8
"""Hessian-vector products spent."""


def sharpness_gradient_norm(
    operator: SymmetricOperator, evaluation: Evaluation, weights: Tensor, sharpness: Eigenvalue
) -> tuple[float, float] | Unmeasurable | None:
    """‖∇S‖ of the largest eigenvalue S of the Hessian, with ∇S = ∇(uᵀHu) = D³L[u, u] for its unit eigenvector u
    (Damian, Nichani and Lee 2023), by central differences of H·u along u itself; and its error. None where the weights
    are zero.

    The error is that of the differences, and that which the eigenvector's own error leaves: 2·D³L[u, δ] for ‖δ‖ of at
    most the residual over the distance to the next eigenvalue (Davis and Kahan 1970), taken as large as along the
    residual, and along u.

    `Unmeasurable`, to be told, where the error is more than a tenth: rectifiers or poolings switch on the way, or
    eigenvalues are close. Raises NonFiniteProduct.
    """
    own = weights.to(operator.working_type)
    step = _RELATIVE_STEP * float(own.norm())
    if step == 0:
        return None
    direction = sharpness.vector
    here = operator.product(direction)
    rest = here - sharpness.value * direction
    length = float(rest.norm())
    rest = direction if length == 0 else rest / length

    def products(steps: int, directions: Sequence[Tensor]) -> Sequence[Tensor]:
        point = evaluation.at((own + steps * step * direction).to(weights.dtype)).products()
        return [point.product(each).to(own) for each in directions]

    before, rest_before = products(-1, [direction, rest])
    after, rest_after = products(1, [direction, rest])
    (long_before,), (long_after,) = products(-2, [direction]), products(2, [direction])
    samples = (long_before, before, here, after, long_after)
    slope, of_differences = central_difference(samples, step, operator.rounding * abs(sharpness.value))
    value = float(slope.norm())
    along_rest = float((rest_after - rest_before).norm()) / (2 * step)
    gap = _gap_below(operator, sharpness)
    of_eigenvector = 0.0
    if sharpness.error > 0:
        of_eigenvector = 2 * sharpness.error * max(along_rest, value) / gap if gap > 0 else math.inf
    if not math.isfinite(value) or math.isnan(of_eigenvector):
        raise NonFiniteProduct
    error = of_differences + of_eigenvector
    if error > _MOST_ERROR * value:
        return _refusal(of_differences > of_eigenvector)
    return value, error


def _gap_below(operator: SymmetricOperator, sharpness: Eigenvalue) -> float:
    """Distance to the next eigenvalue; infinite, where there is none."""
    if len(sharpness.next_starts) < 2:
        return math.inf
    following = sharpness.next_starts[1].to(sharpness.vector)
    quotient = torch.dot(following, operator.product(following)) / following.square().sum()
    return sharpness.value - float(quotient)


def _refusal(is_rough: bool) -> Unmeasurable:
    reason = "the two largest eigenvalues are too close to each other"
    if is_rough:
        reason = (
            "the curvature does not change smoothly on the way, because rectifiers or poolings switch there, or hardly "
            "changes"
        )
    return Unmeasurable(
        "sharpness-gradient-rough" if is_rough else "sharpness-gradient-close",
        f"The gradient of the sharpness was left out at some steps: {reason}.",
        "information",
    )
