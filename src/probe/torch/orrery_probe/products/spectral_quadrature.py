"""The spectral density of a symmetric operator that is known by its products."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .krylov_space import KrylovSpace
from .operator import RandomVectors, SymmetricOperator


@dataclass(frozen=True)
class SpectralQuadrature:
    nodes: list[float]
    """Points on the eigenvalue axis, ascending."""
    weights: list[float]
    """Share of the spectrum that each stands for; they sum to 1."""
    products: int
    mean: float
    """Of the eigenvalues; errors are standard errors over the random directions."""
    mean_error: float
    mean_square: float
    mean_square_error: float


def spectral_quadrature(operator: SymmetricOperator, directions: int, products: int, seed: int) -> SpectralQuadrature:
    """Stochastic Lanczos quadrature with full reorthogonalization (Ubaru, Chen and Saad 2017; Ghorbani, Krishnan and
    Xiao 2019): for each random direction, Gauss quadrature of the spectrum as that direction sees it.

    Any smooth function's mean over the eigenvalues is about the sum of weight·f(node); exactly so, on the average over
    directions, for polynomials up to degree 2·products - 1. Raises NonFiniteProduct, AsymmetricProduct.
    """
    random = RandomVectors(operator, seed)
    most = min(products, operator.dimension, operator.most_basis_vectors)
    points: list[tuple[float, float]] = []
    for _ in range(directions):
        space = KrylovSpace(operator, [random.normal()], random.normal)
        while space.products < most:
            space.extend()
        pairs = space.ritz_pairs()
        shares = pairs.coefficients[0] ** 2 / directions
        points += zip(pairs.values.tolist(), shares.tolist())
    points.sort()

    def moment(power: int) -> float:
        return sum(share * node**power for node, share in points)

    def error(variance: float) -> float:
        # The variance of vᵀBv is 2·Var(eigenvalues of B)/(n + 2) for a uniform unit v, and known better than from a few
        # directions.
        return math.sqrt(2 * max(0.0, variance) / ((operator.dimension + 2) * directions))

    mean, mean_square, fourth = moment(1), moment(2), moment(4)
    return SpectralQuadrature(
        [node for node, _ in points],
        [share for _, share in points],
        most * directions,
        mean,
        error(mean_square - mean**2),
        mean_square,
        error(fourth - mean_square**2),
    )
