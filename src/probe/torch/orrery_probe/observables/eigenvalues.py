"""The largest eigenvalues of the Hessian, and how much of the gradient lies in their space."""

from __future__ import annotations

import math
from typing import Dict, Optional, Tuple

import torch
from torch import Tensor

from ..products.top_eigenpairs import TopEigenpairs, top_eigenpairs
from .hessian import hessian_of
from .observable import Measurement, ObservedStep, Unmeasurable

_TOLERANCE = 1e-4
"""Relative to the largest eigenvalue in absolute terms."""
_MOST_PRODUCTS = 120
_LARGEST_SHARE_ERROR = 0.1
"""Beyond it the eigenspace is a mixture with its neighbours, and the share in it says nothing."""


class Eigenvalues:
    """`hessian/eigenvalues` and `hessian/eigenvalues/residual`: vectors of the largest algebraic eigenvalues of the Hessian of
    the loss that is stepped on, largest first, and of bounds on the distance of each to some eigenvalue.

    `sharpness/gap`: difference of the first two; where it closes, the first has no derivative.
    `gradient/topShare`: share of |g|² in the space of their eigenvectors (Gur-Ari, Roberts and Dyer 2018), with the share of a
    random direction as `…/null`.
    """

    name = "hessian/eigenvalues"
    price = 2.5
    in_step_record = False
    needs_products = True
    needs_update = False

    def __init__(self, count: int = 10) -> None:
        """`count` eigenvalues, at most 20."""
        self._count = count
        self._start: Optional[Tensor] = None

    def applies(self, optimizer: Optional[torch.optim.Optimizer]) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Optional[Measurement]:
        products = step.products()
        operator = hessian_of(products, 2 * self._count)
        known = self._start if self._start is not None and len(self._start) == operator.dimension else None
        top = top_eigenpairs(operator, self._count, _TOLERANCE, known, _MOST_PRODUCTS)
        self._start = top.vectors.sum(0).float()
        if not top.converged:
            raise Unmeasurable(
                "eigenvalues-not-converged",
                f"The {self._count} largest eigenvalues of the Hessian were left out at some steps: {top.products} "
                "Hessian-vector products were not enough.",
            )
        rounding = operator.rounding * top.scale
        values: Dict[str, float] = {}
        errors: Dict[str, float] = {}
        if len(top.values) > 1:
            values["sharpness/gap"] = top.values[0] - top.values[1]
            errors["sharpness/gap"] = top.residuals[0] + top.residuals[1] + 2 * rounding
        share = _gradient_share(products.gradient(), top, rounding)
        if share is not None and share[1] <= _LARGEST_SHARE_ERROR:
            values["gradient/topShare"], errors["gradient/topShare"] = share
            values["gradient/topShare/null"] = len(top.values) / operator.dimension
        return Measurement(
            values,
            f"Lanczos, {top.products} Hessian-vector products, {'cold' if known is None else 'warm'} start",
            errors,
            vectors={
                "hessian/eigenvalues": top.values,
                "hessian/eigenvalues/residual": [each + rounding for each in top.residuals],
            },
        )


def _gradient_share(gradient: Tensor, top: TopEigenpairs, rounding: float) -> Optional[Tuple[float, float]]:
    """Share of |g|² in the span of the eigenvectors; the error by the angle that it may be off (Davis and Kahan 1970)."""
    own = gradient.to(top.vectors)
    square = float(torch.dot(own, own))
    if square == 0:
        return None
    along = float((top.vectors @ own).square().sum())
    off = math.sqrt(sum(each * each for each in top.residuals)) + rounding
    gap = top.values[-1] - top.next
    return min(1.0, along / square), min(1.0, off / gap) if gap > 0 else 1.0
