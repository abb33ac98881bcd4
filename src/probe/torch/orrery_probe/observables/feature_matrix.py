"""The neural feature ansatz."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .random_matrix import gaussian_values


def feature_alignment(weights: Tensor, outer_products: Tensor) -> tuple[float, float] | None:
    """W·Wᵀ ∝ AGOPˢ for s = ½ and 1 (Radhakrishnan et al. 2024, eq. 1, where W is the transpose), with AGOP = W·G·Wᵀ the
    mean over examples of the outer products of the outputs' gradients by the layer's input: cosines in the Frobenius
    inner product. None where either is zero.

    `weights` are W, [inputs, units]; `outer_products` are G, [units, units]: the mean of those by the layer's product
    h·W. Both in float64.
    """
    features, gradients = _reduced(weights, outer_products)
    root, linear = _cosine(features, _square_root(gradients)), _cosine(features, gradients)
    return (root, linear) if math.isfinite(root) and math.isfinite(linear) else None


def feature_alignment_null(weights: Tensor, outer_products: Tensor) -> tuple[float, float] | None:
    """The mean of the same over random weights in place of W, with independent normal entries: they stand on both
    sides, so that the cosines are far from zero without any learning."""
    rows, columns = weights.shape
    # A large matrix' cosine hardly varies.
    draws = 6 if min(rows, columns) <= 64 else 2
    found = [feature_alignment(random_weights(rows, columns, draw + 1), outer_products) for draw in range(draws)]
    known = [each for each in found if each is not None]
    if len(known) < draws:
        return None
    return sum(each[0] for each in known) / draws, sum(each[1] for each in known) / draws


def random_weights(rows: int, columns: int, seed: int) -> Tensor:
    """Independent standard normal entries."""
    return gaussian_values(rows * columns, seed).view(rows, columns)


def _reduced(weights: Tensor, outer_products: Tensor) -> tuple[Tensor, Tensor]:
    """W·Wᵀ and W·G·Wᵀ in a basis of the space that both act in, which is that of the smaller side of W."""
    if weights.shape[0] <= weights.shape[1]:
        return weights @ weights.t(), _symmetrized(weights @ outer_products @ weights.t())
    # With WᵀW = V·Λ·Vᵀ, W's left singular vectors are W·V·Λ^(−1/2).
    eigenvalues, vectors = torch.linalg.eigh(weights.t() @ weights)
    values = eigenvalues.clamp(min=0)
    scaled = vectors * values.sqrt()
    return torch.diag(values), _symmetrized(scaled.t() @ outer_products @ scaled)


def _symmetrized(matrix: Tensor) -> Tensor:
    return (matrix + matrix.t()) / 2


def _square_root(matrix: Tensor) -> Tensor:
    eigenvalues, vectors = torch.linalg.eigh(matrix)
    return vectors * eigenvalues.clamp(min=0).sqrt() @ vectors.t()


def _cosine(a: Tensor, b: Tensor) -> float:
    return float((a * b).sum() / (a.norm() * b.norm()))
