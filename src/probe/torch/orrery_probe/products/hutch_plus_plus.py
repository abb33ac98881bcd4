"""The trace of a symmetric operator that is known by its products."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .krylov_space import NonFiniteProduct, orthogonalized
from .operator import RandomVectors, SymmetricOperator, unit

_SMALLEST_REMAINDER = 1e-10
"""A sketched direction with less left after orthogonalization adds nothing but rounding."""


@dataclass(frozen=True)
class TraceEstimate:
    value: float
    standard_error: float
    """Of the random part; 0 where the trace was summed up exactly."""
    products: int


def hutch_plus_plus(operator: SymmetricOperator, products: int, seed: int) -> TraceEstimate:
    """Hutch++ (Meyer, Musco, Musco and Woodruff 2021, algorithm 1): exact on a random sketch of the range, which holds
    the large eigenvalues, and by Hutchinson's estimator on the rest. Unbiased.

    `products` are at least 6: a third each for the sketch, its trace, and the rest. Operators of no larger order are
    summed up exactly. Raises NonFiniteProduct.
    """
    dimension, kind = operator.dimension, operator.working_type
    if dimension <= products:
        directions = torch.eye(dimension, dtype=kind, device=operator.device)
        exact = sum(float(_multiplied(operator, each)[index]) for index, each in enumerate(directions))
        return TraceEstimate(exact, 0.0, dimension)
    third = max(2, min(products // 3, operator.most_basis_vectors))
    random = RandomVectors(operator, seed)
    basis = torch.empty(0, dimension, dtype=kind, device=operator.device)
    for _ in range(third):
        # Not signs, of which several may agree on all of the few dimensions that matter.
        image = _multiplied(operator, random.normal())
        rest, _along = orthogonalized(image, basis)
        if float(rest.norm()) > _SMALLEST_REMAINDER * float(image.norm()):
            basis = torch.cat([basis, unit(rest)[None]])
    inside = sum(float(torch.dot(each, _multiplied(operator, each))) for each in basis)
    samples = []
    for _ in range(third):
        outside, _along = orthogonalized(random.signs(), basis)
        samples.append(float(torch.dot(outside, _multiplied(operator, outside))))
    mean = sum(samples) / third
    variance = sum((each - mean) ** 2 for each in samples) / (third - 1)
    return TraceEstimate(inside + mean, math.sqrt(variance / third), 2 * third + len(basis))


def _multiplied(operator: SymmetricOperator, vector: Tensor) -> Tensor:
    image = operator.product(vector)
    if not math.isfinite(float(image.norm())):
        raise NonFiniteProduct
    return image
