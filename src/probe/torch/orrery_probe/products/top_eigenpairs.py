"""Several of the largest eigenvalues of a symmetric operator."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .krylov_space import KrylovSpace
from .operator import RandomVectors, SymmetricOperator

_QUIET_PRODUCTS = 6
"""Products over which a value must have stood still: from a random start one may rest on a neighbour for a while."""
_SEED = 0x70B5


@dataclass(frozen=True)
class TopEigenpairs:
    values: list[float]
    """The largest algebraic eigenvalues, largest first: of those asked for, the leading ones that were found as exactly
    as asked."""
    vectors: Tensor
    """Their unit eigenvectors, one a row."""
    residuals: list[float]
    """Norms of A·v - λ·v: some eigenvalue is no farther from each value, in exact arithmetic."""
    next: float
    """The next smaller value, as far as it was found; minus infinity where there is none."""
    scale: float
    """Largest eigenvalue in absolute terms."""
    products: int


def top_eigenpairs(operator: SymmetricOperator, count: int, tolerance: float, most_products: int) -> TopEigenpairs:
    """By Lanczos's iteration with full reorthogonalization; `tolerance`, of the eigenvalues and of their residuals, is
    relative to the operator's scale.

    No stopping rule is proof: among the last, where neighbours are close, one may be missing. Always from a random
    direction: one made of earlier eigenvectors hardly shows those that have come up among the largest since, and passes
    them over.

    Raises NonFiniteProduct, AsymmetricProduct.
    """
    dimension = operator.dimension
    count = min(count, dimension)
    most = min(dimension, most_products, operator.most_basis_vectors)
    random = RandomVectors(operator, _SEED)
    space = KrylovSpace(operator, [random.normal()], random.normal)
    history: list[list[float]] = []
    while True:
        space.extend()
        whole = space.products == dimension
        if space.products < count and not whole and space.products < most:
            continue
        pairs = space.ritz_pairs()
        values, columns = pairs.values.flip(0), pairs.coefficients.flip(1).t()
        history.append(values[:count].tolist())
        residuals = [0.0 if whole else space.residual(column) for column in columns[:count]]
        found = count
        if not whole:
            # A mixture of neighbours may stand still for long, but not solve the equation.
            still = _stood_still(history, tolerance * pairs.scale)
            is_found = [each <= tolerance * pairs.scale and place < still for place, each in enumerate(residuals)]
            found = next((place for place, each in enumerate(is_found) if not each), len(is_found))
        if found == count or space.products >= most:
            vectors = [space.vector(column) for column in columns[:found]]
            return TopEigenpairs(
                values[:found].tolist(),
                torch.stack(vectors) if vectors else space.basis[:0],
                residuals[:found],
                float(values[found]) if len(values) > found else -math.inf,
                pairs.scale,
                space.products,
            )


def _stood_still(history: Sequence[Sequence[float]], tolerance: float) -> int:
    """How many of the leading values have."""
    if len(history) <= _QUIET_PRODUCTS:
        return 0
    pairs = zip(history[-1], history[-1 - _QUIET_PRODUCTS])
    moved = [place for place, (now, then) in enumerate(pairs) if abs(now - then) > tolerance]
    return min([*moved, len(history[-1 - _QUIET_PRODUCTS])])
