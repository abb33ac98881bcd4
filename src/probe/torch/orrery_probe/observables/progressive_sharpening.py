"""How fast gradient descent sharpens."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..products.evaluation import Evaluation
from ..products.flat import flatten
from ..products.krylov_space import NonFiniteProduct
from ..products.lanczos import Eigenvalue, largest_eigenvalue
from ..products.operator import SymmetricOperator
from .central_difference import central_difference
from .hessian import hessian_of
from .observable import Measurement, ObservedStep, Recording, Unmeasurable
from .sharpness import FEWEST_VECTORS
from .sharpness_gradient import GRADIENT_PRODUCTS, sharpness_gradient_norm

_TOLERANCE = 1e-4
"""Relative accuracy of the eigenvalue: the derivative is along its eigenvector, which is less accurate."""
_RELATIVE_STEP = 0.01
"""Half-width of the difference over the norm of the weights: cubes of it and rounding in single precision weigh about
the same."""
_RATE_PRODUCTS = 4


class ProgressiveSharpening(Recording):
    """`sharpness/progressive`: -∇S·∇L, with S the largest eigenvalue of the Hessian and ∇S = ∇(uᵀHu) for its unit
    eigenvector u (Damian, Nichani and Lee 2023; Cohen et al. 2021 for the name): the rate dS/d(η·step) at which
    gradient descent sharpens, before S is a threshold. Of the loss that is stepped on, and along its gradient, whatever
    direction the optimizer makes of it.

    By central differences of uᵀHu at the recorded evaluation computed again at w ± τg and w ± 2τg, extrapolated to τ =
    0. Where rectifiers or poolings switch on the way, as they do in training, curvature jumps: it is then the rate over
    this way, and the error grows by the jumps.

    `sharpness/gradientNorm`: ‖∇S‖, of the same eigenvector: see `sharpness_gradient_norm`.
    """

    name = "sharpness/progressive"
    price = 2.5
    in_step_record = False
    needs_products = True
    needs_update = False

    def __init__(self) -> None:
        self._starts: list[Tensor] = []

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Measurement | None:
        products = step.products()
        operator = hessian_of(products, FEWEST_VECTORS)
        starts = [each for each in self._starts if len(each) == operator.dimension]
        sharpness = largest_eigenvalue(operator, starts, _TOLERANCE)
        self._starts = sharpness.next_starts
        if not sharpness.converged:
            raise Unmeasurable(
                "progressive-not-converged",
                f"The rate of progressive sharpening was left out at some steps: {sharpness.products} Hessian-vector "
                "products were not enough to find the eigenvector.",
            )
        evaluation, weights = step.curvature.evaluation(), flatten(step.parameters)
        values: dict[str, float] = {}
        errors: dict[str, float] = {}
        rate = _rate_along(evaluation, weights, products.gradient(), sharpness, operator)
        if rate is not None:
            values["sharpness/progressive"], errors["sharpness/progressive"] = rate
        slope = sharpness_gradient_norm(operator, evaluation, weights, sharpness)
        omitted = [slope] if isinstance(slope, Unmeasurable) else []
        if slope is not None and not isinstance(slope, Unmeasurable):
            values["sharpness/gradientNorm"], errors["sharpness/gradientNorm"] = slope
        return Measurement(
            values,
            f"central differences along the gradient of uᵀHu, and along u of Hu; {sharpness.products} Hessian-vector "
            f"products for u, and {_RATE_PRODUCTS} and {GRADIENT_PRODUCTS} for the differences",
            errors,
            omitted=omitted,
        )


def _rate_along(
    evaluation: Evaluation, weights: Tensor, gradient: Tensor, sharpness: Eigenvalue, operator: SymmetricOperator
) -> tuple[float, float] | None:
    """The rate and its error."""
    length = float(gradient.norm())
    step = _RELATIVE_STEP * float(weights.norm()) / length if length > 0 else 0.0
    if not math.isfinite(step) or step == 0:
        return None

    def curvature(steps: int) -> Tensor:
        product = evaluation.at(weights - steps * step * gradient).products().product(sharpness.vector)
        return torch.dot(sharpness.vector, product.to(sharpness.vector))

    here = torch.full_like(sharpness.vector[0], sharpness.value)
    samples = (curvature(-2), curvature(-1), here, curvature(1), curvature(2))
    rate, error = central_difference(samples, step, operator.rounding * abs(sharpness.value))
    if not bool(torch.isfinite(rate)):
        raise NonFiniteProduct
    return float(rate), error
