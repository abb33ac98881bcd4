"""How fast gradient descent sharpens."""

from __future__ import annotations

import math
from typing import List, Optional, Tuple

import torch
from torch import Tensor

from ..products.flat import flatten
from ..products.krylov_space import NonFiniteProduct
from ..products.lanczos import largest_eigenvalue
from ..products.evaluation import Evaluation
from .hessian import hessian_of
from .observable import Measurement, ObservedStep, Recording, Unmeasurable
from .sharpness import FEWEST_VECTORS

_TOLERANCE = 1e-4
"""Relative accuracy of the eigenvalue: the derivative is along its eigenvector, which is less accurate."""
_RELATIVE_STEP = 0.01
"""Half-width of the difference over the norm of the weights: cubes of it and rounding in single precision weigh about the
same."""


class ProgressiveSharpening(Recording):
    """`sharpness/progressive`: -∇S·∇L, with S the largest eigenvalue of the Hessian and ∇S = ∇(uᵀHu) for its unit eigenvector u
    (Damian, Nichani and Lee 2023; Cohen et al. 2021 for the name): the rate dS/d(η·step) at which gradient descent sharpens,
    before S is a threshold. Of the loss that is stepped on, and along its gradient, whatever direction the optimizer makes of
    it.

    By central differences of uᵀHu at the recorded evaluation computed again at w ± τg and w ± 2τg, extrapolated to τ = 0. Where
    rectifiers or poolings switch on the way, as they do in training, curvature jumps: it is then the rate over this way, and
    the error grows by the jumps.
    """

    name = "sharpness/progressive"
    price = 1.5
    in_step_record = False
    needs_products = True
    needs_update = False

    def __init__(self) -> None:
        self._starts: List[Tensor] = []

    def applies(self, optimizer: Optional[torch.optim.Optimizer]) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Optional[Measurement]:
        products = step.products()
        operator = hessian_of(products, FEWEST_VECTORS)
        starts = [each for each in self._starts if len(each) == operator.dimension]
        sharpness = largest_eigenvalue(operator, starts, _TOLERANCE)
        self._starts = sharpness.next_starts
        if not sharpness.converged:
            raise Unmeasurable(
                "progressive-not-converged",
                f"The rate of progressive sharpening was left out at some steps: {sharpness.products} Hessian-vector products "
                "were not enough to find the eigenvector.",
            )
        rate = _rate_along(
            step.curvature.evaluation(),
            flatten(step.parameters),
            products.gradient(),
            sharpness.vector,
            sharpness.value,
            operator.rounding,
        )
        if rate is None:
            return None
        return Measurement(
            {"sharpness/progressive": rate[0]},
            f"central differences of uᵀHu along the gradient; {sharpness.products} Hessian-vector products for u, and 4 for the "
            "differences",
            {"sharpness/progressive": rate[1]},
        )


def _rate_along(
    evaluation: Evaluation, weights: Tensor, gradient: Tensor, eigenvector: Tensor, here: float, rounding: float
) -> Optional[Tuple[float, float]]:
    """The rate and its error."""
    length = float(gradient.norm())
    step = _RELATIVE_STEP * float(weights.norm()) / length if length > 0 else 0.0
    if not math.isfinite(step) or step == 0:
        return None

    def curvature(time: float) -> float:
        product = evaluation.at(weights - time * gradient).products().product(eigenvector)
        return float(torch.dot(eigenvector, product.to(eigenvector)))

    before, after = curvature(-step), curvature(step)
    long_before, long_after = curvature(-2 * step), curvature(2 * step)
    near, far = (after - before) / (2 * step), (long_after - long_before) / (4 * step)
    if not math.isfinite(near) or not math.isfinite(far):
        raise NonFiniteProduct
    correction = (near - far) / 3
    # The two differences have errors of rounding/step and half that, which extrapolation weighs by 4/3 and 1/3.
    smooth = abs(correction) + 1.5 * 2 * rounding * abs(here) / step
    # Fourth difference: next to nothing where the curvature is smooth, and at least the jump where a kink is crossed.
    jump = abs(long_after - 4 * after + 6 * here - 4 * before + long_before)
    return near + correction, smooth + jump / (2 * step)
