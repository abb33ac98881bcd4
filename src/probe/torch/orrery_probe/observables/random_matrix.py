"""Random numbers from seeds of their own, and what is known of random matrices."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..products.seeded_numbers import permutation, uniform_numbers

_MEDIAN_STEPS = 400


def gaussian_values(count: int, seed: int) -> Tensor:
    """Independent standard normal numbers in float64 (Box and Muller 1958); of equal seeds those of the TensorFlow.js
    probe."""
    uniform = uniform_numbers(2 * count, seed).view(count, 2)
    radius = torch.sqrt(-2 * torch.log(1 - uniform[:, 0]))
    return radius * torch.cos(2 * math.pi * uniform[:, 1])


def chosen(count: int, most: int) -> list[int]:
    """At most that many of 0 … count − 1, in order, chosen at random so that no regularity of theirs shows."""
    return list(range(count)) if count <= most else sorted(permutation(count, 1)[:most])


def bulk_edges(q: float) -> tuple[float, float]:
    """Edges of the spectrum of XᵀX/n for large n×p matrices X of unit variance, with q = p/n ≤ 1: (1 ± √q)² (Marchenko
    and Pastur 1967)."""
    return (1 - math.sqrt(q)) ** 2, (1 + math.sqrt(q)) ** 2


def bulk_median(q: float) -> float:
    """Median of the Marchenko–Pastur law of unit variance, q ≤ 1; its density is √((b − x)(x − a)) / (2πqx) on the bulk
    [a, b]."""
    lower, upper = bulk_edges(q)
    # Where x = (a + b)/2 − (b − a)/2·cos θ, the density of θ has no root left, and the midpoint rule converges fast.
    half = (upper - lower) / 2
    width = math.pi / _MEDIAN_STEPS
    mass = 0.0
    for index in range(_MEDIAN_STEPS):
        theta = (index + 0.5) * width
        x = (lower + upper) / 2 - half * math.cos(theta)
        part = (half * math.sin(theta)) ** 2 / (2 * math.pi * q * x) * width
        if mass + part >= 0.5:
            inner = theta - width / 2 + width * ((0.5 - mass) / part)
            return (lower + upper) / 2 - half * math.cos(inner)
        mass += part
    return (lower + upper) / 2


def largest_of_random(n: int, p: int) -> tuple[float, float]:
    """Centre and scale of the largest eigenvalue of XᵀX for an n×p matrix of independent standard normal entries, n ≥
    p: it is about centre + scale·T, with T of Tracy's and Widom's law for β = 1 (Johnstone 2001, Theorem 1.1). Good
    from p = 5 on."""
    tall, wide = math.sqrt(n - 1), math.sqrt(p)
    return (tall + wide) ** 2, (tall + wide) * (1 / tall + 1 / wide) ** (1 / 3)


TRACY_WIDOM_MEAN = -1.2065
TRACY_WIDOM_HIGHEST = 3.2724
"""Mean and 99.9 % quantile of the Tracy–Widom law for β = 1 (Bornemann 2010)."""
