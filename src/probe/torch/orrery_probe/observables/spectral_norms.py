"""The largest singular value of each layer's weights."""

from __future__ import annotations

import math
from typing import Dict, List, Optional

import torch
from torch import Tensor

from ..products.lanczos import largest_eigenvalue
from ..products.operator import SymmetricOperator
from .layer_matrices import layer_matrices, weights_not_finite
from .observable import Measurement, ObservedStep, Unmeasurable
from .random_matrix import TRACY_WIDOM_MEAN, largest_of_random
from .turns import Turns

_TOLERANCE = 1e-6
"""Relative accuracy of a squared norm."""
_MOST_PRODUCTS = 300
"""At the edge of a random matrix' bulk eigenvalues cluster, so that more products are needed than for most Hessians."""


class SpectralNorms:
    """`weight/spectralNorm@layer`: ‖W‖₂, the largest singular value, and `weight/stableRank@layer`: ‖W‖²/‖W‖₂² (Frobenius above).

    The stable rank's null is that of independent normal entries, nm over the mean of ‖W‖₂² (Johnstone 2001), which holds to 6 %
    where the smaller side is 5, and to 1 % from 16 on.
    """

    name = "weight/spectralNorm"
    price = 0.1
    in_step_record = False
    needs_products = False
    needs_update = False

    def __init__(self) -> None:
        self._turns = Turns()
        self._starts: Dict[str, List[Tensor]] = {}

    def applies(self, optimizer: Optional[torch.optim.Optimizer]) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Optional[Measurement]:
        values: Dict[str, float] = {}
        omitted: List[Unmeasurable] = []
        for each in self._turns.over(layer_matrices(step)):
            layer, matrix = each.layer, each.values
            squares = float((matrix * matrix).sum())
            if not math.isfinite(squares):
                omitted.append(weights_not_finite(layer))
            if not math.isfinite(squares) or squares == 0:
                continue
            found = largest_eigenvalue(_gram(matrix), self._starts.get(layer, []), _TOLERANCE, _MOST_PRODUCTS)
            if not found.converged:
                reason = f"The spectral norm of {layer} was left out: {_MOST_PRODUCTS} products were not enough."
                omitted.append(Unmeasurable("spectral-norm", reason))
                continue
            self._starts[layer] = found.next_starts
            values[f"weight/spectralNorm@{layer}"] = math.sqrt(found.value)
            values[f"weight/stableRank@{layer}"] = squares / found.value
            expected = _stable_rank_of_random(*matrix.shape)
            if expected is not None:
                values[f"weight/stableRank@{layer}/null"] = expected
        return Measurement(values, "Lanczos on WᵀW", omitted=omitted)


def _gram(matrix: Tensor) -> SymmetricOperator:
    """WᵀW or W·Wᵀ, whichever is the smaller matrix."""
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.t()

    def multiply(vector: Tensor) -> Tensor:
        return wide @ (wide.t() @ vector.double())

    # Products are in float64.
    return SymmetricOperator(wide.shape[0], matrix.device, multiply, rounding=1e-15)


def _stable_rank_of_random(rows: int, columns: int) -> Optional[float]:
    n, p = max(rows, columns), min(rows, columns)
    if p < 5:
        return 1.0 if p == 1 else None
    centre, scale = largest_of_random(n, p)
    return n * p / (centre + TRACY_WIDOM_MEAN * scale)
