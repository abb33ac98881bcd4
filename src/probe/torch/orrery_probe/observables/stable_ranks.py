"""How many dimensions a matrix acts in, by its largest singular value."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from ..products.lanczos import largest_eigenvalue
from ..products.operator import SymmetricOperator
from .layer_matrices import weights_not_finite
from .observable import Unmeasurable
from .random_matrix import TRACY_WIDOM_MEAN, largest_of_random

_TOLERANCE = 1e-6
"""Relative accuracy of a squared norm."""
_MOST_PRODUCTS = 300
"""At the edge of a random matrix' bulk eigenvalues cluster, so that more products are needed than for most Hessians."""


@dataclass(frozen=True)
class StableRank:
    spectral_norm: float
    """‖A‖₂, the largest singular value."""
    stable_rank: float
    """‖A‖²/‖A‖₂² (Frobenius above)."""
    of_random: float | None
    """The stable rank of independent normal entries, nm over the mean of ‖A‖₂² (Johnstone 2001), which for large
    matrices is nm/(√n + √m)². It holds to 6 % where the smaller side is 5, and to 1 % from 16 on; None below."""


class StableRanks:
    """Of a network's layers, each begun where the last one of the same layer ended."""

    def __init__(self) -> None:
        self._starts: dict[str, list[Tensor]] = {}

    def of(self, layer: str, matrix: Tensor, subject: str) -> StableRank | None:
        """By Lanczos on AᵀA or A·Aᵀ, whichever is smaller. None of a matrix of zeros. `matrix` is in float64; `subject`
        is what it is, in words. Raises Unmeasurable."""
        squares = float((matrix * matrix).sum())
        if not math.isfinite(squares):
            raise weights_not_finite(layer)
        if squares == 0:
            return None
        found = largest_eigenvalue(_gram(matrix), self._starts.get(layer, []), _TOLERANCE, _MOST_PRODUCTS)
        if not found.converged:
            reason = f"The spectral norm of {subject} was left out: {_MOST_PRODUCTS} products were not enough."
            raise Unmeasurable("spectral-norm", reason)
        self._starts[layer] = found.next_starts
        return StableRank(math.sqrt(found.value), squares / found.value, _stable_rank_of_random(*matrix.shape))


def _gram(matrix: Tensor) -> SymmetricOperator:
    """AᵀA or A·Aᵀ, whichever is the smaller matrix."""
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.t()

    def multiply(vector: Tensor) -> Tensor:
        return wide @ (wide.t() @ vector.double())

    # Products are in float64.
    return SymmetricOperator(wide.shape[0], matrix.device, multiply, rounding=1e-15)


def _stable_rank_of_random(rows: int, columns: int) -> float | None:
    n, p = max(rows, columns), min(rows, columns)
    if p < 5:
        return 1.0 if p == 1 else None
    centre, scale = largest_of_random(n, p)
    return n * p / (centre + TRACY_WIDOM_MEAN * scale)
