"""The largest eigenvalue of a symmetric operator that is known by its products."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from .krylov_space import KrylovSpace
from .operator import RandomVectors, SymmetricOperator, unit

_FEWEST_PRODUCTS = 4
_QUIET_PRODUCTS = 2
"""Products over which the eigenvalue must have stood still, from directions known to be near."""
_QUIET_COLD_PRODUCTS = 6
"""The same from a random direction: at the edge of stability the Ritz value rests on a neighbour before it climbs to
the top."""
_SEED = 0x5EED


@dataclass(frozen=True)
class Eigenvalue:
    value: float
    """Largest algebraic eigenvalue."""
    vector: Tensor
    """Its unit eigenvector."""
    next_starts: list[Tensor]
    """It, and the next one as far as it was found: the next measurement's `starts`, in single precision."""
    error: float
    """Bound on the distance from `value` to the nearest eigenvalue, rounding included."""
    products: int
    converged: bool
    """Whether the stopping rule was met; if not, `value` is only a lower bound on the largest eigenvalue."""


def largest_eigenvalue(
    operator: SymmetricOperator, starts: Sequence[Tensor], tolerance: float, most_products: int = 80
) -> Eigenvalue:
    """By Lanczos's iteration, or, from several starts, by Rayleigh and Ritz in a space that grows by the largest Ritz
    pair's residual (`KrylovSpace`); `tolerance` is relative.

    Stops when the Ritz value has moved by less than a quarter of the tolerance over two products, after four at least
    (over six from a random start). The residual alone would stop too early at the edge of stability: eigenvalues
    cluster there, and a mixture of their eigenvectors has a small residual. Two starts, because there the two largest
    eigenvalues change places from step to step. No stopping rule is proof.

    Raises NonFiniteProduct, AsymmetricProduct.
    """
    dimension = operator.dimension
    most = min(dimension, most_products, max(_FEWEST_PRODUCTS, operator.most_basis_vectors))
    random = RandomVectors(operator, _SEED)
    warm = [unit(each.to(operator.device).to(operator.working_type)) for each in starts if _is_usable(each)]
    space = KrylovSpace(operator, warm or [random.normal()], random.normal)
    ritz_values: list[float] = []
    while True:
        space.extend()
        pairs = space.ritz_pairs()
        value = float(pairs.values[-1])
        ritz_values.append(value)
        whole = space.products == dimension
        # Where exact eigenvectors were the starts, nothing has been seen of the rest but from a random direction.
        is_cold = not warm or space.has_broken_down
        quiet = _stood_still(ritz_values, _QUIET_COLD_PRODUCTS if is_cold else _QUIET_PRODUCTS, tolerance / 4)
        if whole or quiet or space.products >= most:
            residual = 0.0 if whole else space.residual(pairs.coefficients[:, -1])
            columns = pairs.coefficients.flip(1)[:, :2].t()
            return Eigenvalue(
                value,
                space.vector(pairs.coefficients[:, -1]),
                [space.vector(column).float() for column in columns],
                residual + operator.rounding * pairs.scale,
                space.products,
                whole or quiet,
            )


def _is_usable(start: Tensor) -> bool:
    length = float(start.norm())
    return math.isfinite(length) and length > 0


def _stood_still(ritz_values: Sequence[float], products: int, tolerance: float) -> bool:
    if len(ritz_values) < max(_FEWEST_PRODUCTS, products + 1):
        return False
    now, then = ritz_values[-1], ritz_values[-1 - products]
    return abs(now - then) <= tolerance * abs(now)
