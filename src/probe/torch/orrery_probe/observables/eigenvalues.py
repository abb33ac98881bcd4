"""The largest eigenvalues of the Hessian, and how much of the gradient lies in their space."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..products.top_eigenpairs import TopEigenpairs, top_eigenpairs
from .hessian import hessian_of
from .observable import Measurement, ObservedStep, Unmeasurable

_TOLERANCE = 1e-4
"""Relative to the largest eigenvalue in absolute terms."""
_MOST_PRODUCTS = 120
_SHARED_BY = 10
"""Eigenvectors that span the space of `gradient/topShare`: the same number at every step, so that shares compare."""
_LARGEST_SHARE_ERROR = 0.1
"""Beyond it the eigenspace is a mixture with its neighbours, and the share in it says nothing."""


class Eigenvalues:
    """`hessian/eigenvalues` and `hessian/eigenvalues/residual`: vectors of the largest algebraic eigenvalues of the
    Hessian of the loss that is stepped on, largest first, and of bounds on the distance of each to some eigenvalue.
    Fewer than asked for where the smaller ones lie too close together to be told apart.

    `sharpness/gap`: difference of the first two; where it closes, the first has no derivative.
    `gradient/topShare`: share of |g|² in the space of the first ten eigenvectors (Gur-Ari, Roberts and Dyer 2018), with
    the share of a random direction as `…/null`.
    """

    name = "hessian/eigenvalues"
    price = 4.0
    in_step_record = False
    needs_products = True
    needs_update = False

    def __init__(self, count: int = 20) -> None:
        """`count` eigenvalues, at most 20."""
        self._count = count

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Measurement | None:
        products = step.products()
        operator = hessian_of(products, 2 * self._count)
        top = top_eigenpairs(operator, self._count, _TOLERANCE, _MOST_PRODUCTS)
        if not top.values:
            raise Unmeasurable(
                "eigenvalues-not-converged",
                f"The largest eigenvalues of the Hessian were left out at some steps: {top.products} Hessian-vector "
                "products were not enough.",
            )
        rounding = operator.rounding * top.scale
        values: dict[str, float] = {}
        errors: dict[str, float] = {}
        if len(top.values) > 1:
            values["sharpness/gap"] = top.values[0] - top.values[1]
            errors["sharpness/gap"] = top.residuals[0] + top.residuals[1] + 2 * rounding
        share = _gradient_share(products.gradient(), top, rounding)
        if share is not None and share[1] <= _LARGEST_SHARE_ERROR:
            values["gradient/topShare"], errors["gradient/topShare"] = share
            values["gradient/topShare/null"] = min(_SHARED_BY, operator.dimension) / operator.dimension
        return Measurement(
            values,
            f"Lanczos, {top.products} Hessian-vector products",
            errors,
            vectors={
                "hessian/eigenvalues": top.values,
                "hessian/eigenvalues/residual": [each + rounding for each in top.residuals],
            },
        )


def _gradient_share(gradient: Tensor, top: TopEigenpairs, rounding: float) -> tuple[float, float] | None:
    """Share of |g|² in the span of the eigenvectors; the error by the angle that it may be off (Davis and Kahan
    1970)."""
    own = gradient.to(top.vectors)
    square = float(torch.dot(own, own))
    spanning = min(_SHARED_BY, len(gradient))
    if square == 0 or len(top.values) < spanning:
        return None
    along = float((top.vectors[:spanning] @ own).square().sum())
    off = math.sqrt(sum(each * each for each in top.residuals[:spanning])) + rounding
    gap = top.values[spanning - 1] - (top.values[spanning] if len(top.values) > spanning else top.next)
    return min(1.0, along / square), min(1.0, off / gap) if gap > 0 else 1.0
