"""Several of the largest eigenvalues of a symmetric operator."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import List, Optional

import torch
from torch import Tensor

from .krylov_space import KrylovSpace
from .operator import RandomVectors, SymmetricOperator, unit

_QUIET_PRODUCTS = 6
"""Products over which all values must have stood still: from a random start one may rest on a neighbour for a while."""
_LARGEST_RESIDUAL = 1e-2
"""Relative to the operator's scale. A vector of a larger residual is a mixture, however still its value stands."""
_START_MIX = 0.1
_SEED = 0x70B5


@dataclass(frozen=True)
class TopEigenpairs:
    values: List[float]
    """The largest algebraic eigenvalues, largest first; as many as asked, or as there are dimensions."""
    vectors: Tensor
    """Their unit eigenvectors, one a row."""
    residuals: List[float]
    """Norms of A·v - λ·v: some eigenvalue is no farther from each value, in exact arithmetic."""
    next: float
    """The next smaller value, as far as it was found; minus infinity where there is none."""
    scale: float
    """Largest eigenvalue in absolute terms."""
    products: int
    converged: bool


def top_eigenpairs(
    operator: SymmetricOperator, count: int, tolerance: float, start: Optional[Tensor], most_products: int
) -> TopEigenpairs:
    """By Lanczos's iteration with full reorthogonalization; `tolerance` is relative to the operator's scale.

    `start` has parts along the eigenvectors looked for, as the sum of earlier ones. An eigenvalue of several dimensions may be
    found once only, until rounding has brought in the others. Raises NonFiniteProduct, AsymmetricProduct.
    """
    dimension = operator.dimension
    count = min(count, dimension)
    most = min(dimension, most_products, operator.most_basis_vectors)
    random = RandomVectors(operator, _SEED)
    first = unit(random.normal())
    if start is not None:
        first = unit(start.to(first)) + _START_MIX * first
    space = KrylovSpace(operator, [first], random.normal)
    history: List[Tensor] = []
    while True:
        space.extend()
        whole = space.products == dimension
        if space.products < count and not whole and space.products < most:
            continue
        pairs = space.ritz_pairs()
        values, columns = pairs.values.flip(0), pairs.coefficients.flip(1).t()
        history.append(values[:count])
        residuals = [0.0 if whole else space.residual(column) for column in columns[:count]]
        is_resolved = all(each <= _LARGEST_RESIDUAL * pairs.scale for each in residuals)
        converged = whole or (is_resolved and _stood_still(history, tolerance * pairs.scale))
        if converged or space.products >= most:
            return TopEigenpairs(
                values[:count].tolist(),
                torch.stack([space.vector(column) for column in columns[:count]]),
                residuals,
                float(values[count]) if len(values) > count else -math.inf,
                pairs.scale,
                space.products,
                converged,
            )


def _stood_still(history: List[Tensor], tolerance: float) -> bool:
    if len(history) <= _QUIET_PRODUCTS:
        return False
    now, then = history[-1], history[-1 - _QUIET_PRODUCTS]
    return now.shape == then.shape and float((now - then).abs().max()) <= tolerance
