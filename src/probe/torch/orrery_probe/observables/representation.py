"""How alike two representations of the same examples are."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..products.seeded_numbers import permutation

_SHUFFLES = 19
"""The largest of 19 shuffled values is the 95 % quantile."""
_ROUNDING = 1e-10
"""Products of float32 activations."""
_EQUAL_COSINES = 1e-12
"""Representations along one direction differ by rounding alone."""


def alignment(first: Tensor, second: Tensor) -> tuple[float, float] | None:
    """Unbiased linear centred kernel alignment of two representations of the same n ≥ 4 examples (Song et al. 2012, eq.
    5; Nguyen, Raghu and Kornblith 2021, eq. 3), and its null: the 95 % quantile over pairings of shuffled examples.
    None where a representation does not vary. Representations have a row for each example, in float64."""
    k, m = _without_diagonal(first @ first.t()), _without_diagonal(second @ second.t())
    own, other = _independence(k, k), _independence(m, m)
    # Of constant representations only rounding is left, of either sign.
    if not (own > _ROUNDING * _mean_square(k) and other > _ROUNDING * _mean_square(m)):
        return None
    scale = math.sqrt(own * other)
    shuffled: list[float] = []
    for seed in range(_SHUFFLES):
        order = torch.tensor(permutation(len(k), seed + 1), device=k.device)
        shuffled.append(_independence(k, m[order][:, order]) / scale)
    return _independence(k, m) / scale, max(shuffled)


def _without_diagonal(gram: Tensor) -> Tensor:
    return gram - torch.diag(gram.diagonal())


def _mean_square(gram: Tensor) -> float:
    return float(gram.norm()) ** 2 / len(gram) ** 2


def _independence(k: Tensor, m: Tensor) -> float:
    """The unbiased estimate of the Hilbert–Schmidt independence criterion."""
    n = len(k)
    rows_k, rows_m = k.sum(1), m.sum(1)
    whole = (k * m).sum() + rows_k.sum() * rows_m.sum() / ((n - 1) * (n - 2)) - 2 * (rows_k @ rows_m) / (n - 2)
    return float(whole) / (n * (n - 3))


def mutual_neighbours(first: Tensor, second: Tensor, k: int) -> float:
    """Mean share of common members among the k nearest neighbours, by cosine, of each example in two representations
    (Huh et al. 2024, §2)."""
    here, there = (_members(nearest(each, k)) for each in (first, second))
    return float((here & there).sum()) / (k * len(first))


def nearest(rows: Tensor, k: int) -> Tensor:
    """Indices of the k nearest others of each row by cosine, the nearest first; of equally near ones the first, [rows,
    k]."""
    gram = rows @ rows.t()
    norms = gram.diagonal().sqrt()
    lengths = norms[:, None] * norms
    cosines = torch.where(lengths > 0, gram / lengths, torch.zeros_like(gram))
    cosines = torch.round(cosines / _EQUAL_COSINES)
    cosines.fill_diagonal_(-math.inf)
    return torch.argsort(cosines, dim=1, descending=True, stable=True)[:, :k]


def _members(neighbours: Tensor) -> Tensor:
    """Which are among each row's neighbours, [rows, rows]."""
    count = len(neighbours)
    return torch.zeros((count, count), dtype=torch.bool, device=neighbours.device).scatter_(1, neighbours, True)
