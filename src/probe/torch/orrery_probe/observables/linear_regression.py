"""What linear maps can make of a data set."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

_ROUNDING = 1e-9
"""Eigenvalues of the inputs' covariance below this share of the largest are rounding."""
_SMALLEST = 1e-6
"""Of signals and directions, relative to the first."""


@dataclass(frozen=True)
class LinearMode:
    """A pair of singular vectors of the correlation E[xᵀy] of inputs and targets, v of the inputs and q of the
    outputs."""

    signal: float
    """s, the singular value."""
    variance: float
    """λ = E[(x·v)²]"""
    coupling: float
    """‖E[xᵀx]·v − λv‖/λ, together with E[x]·v/√λ where means are fitted apart: 0 where the mode learns by itself."""
    input: Tensor
    output: Tensor


@dataclass(frozen=True)
class FittedDirection:
    """A direction of the fitted values: of the root of the inputs' covariance times the least-squares map."""

    size: float
    """σ, the singular value: root mean square of the fitted values along it."""
    variance: float
    """pᵀ·E[xᵀx]·p of its unit vector p among the inputs."""


@dataclass(frozen=True)
class LinearFit:
    modes: list[LinearMode]
    """Strongest first."""
    directions: list[FittedDirection]
    least_error: float
    """½E‖y − x·W‖² of the best map."""
    empty_error: float
    """½E‖y‖²"""


def linear_fit(inputs: Tensor, targets: Tensor, is_biased: bool) -> LinearFit:
    """From E[xᵀx], E[xᵀy] and their decompositions; `inputs` are [examples, inputs], `targets` [examples, outputs], in
    float64. Where it `is_biased`, means are fitted apart: all is about what is left of both without them."""
    means = inputs.mean(0)
    empty_error = _half_mean_square(targets)
    if is_biased:
        inputs, targets = inputs - means, targets - targets.mean(0)
    covariance, correlation = inputs.t() @ inputs / len(inputs), inputs.t() @ targets / len(inputs)
    modes = _modes_of(covariance, correlation, means if is_biased else torch.zeros_like(means))
    directions = _directions_of(covariance, correlation)
    fitted = sum(each.size**2 / 2 for each in directions)
    return LinearFit(modes, directions, max(0.0, _half_mean_square(targets) - fitted), empty_error)


def _modes_of(covariance: Tensor, correlation: Tensor, means: Tensor) -> list[LinearMode]:
    left, signals, right = torch.linalg.svd(correlation, full_matrices=False)
    modes: list[LinearMode] = []
    for index, signal in enumerate(signals.tolist()):
        v = left[:, index]
        pulled = covariance @ v
        variance = float(pulled @ v)
        if not signal > _SMALLEST * float(signals[0]) or not variance > 0:
            continue
        aside = float((pulled - variance * v).norm()) / variance
        coupling = math.hypot(aside, float(means @ v) / math.sqrt(variance))
        modes.append(LinearMode(signal, variance, coupling, v, right[index]))
    return modes


def _directions_of(covariance: Tensor, correlation: Tensor) -> list[FittedDirection]:
    eigenvalues, vectors = torch.linalg.eigh(covariance)
    is_known = eigenvalues > _ROUNDING * eigenvalues.max()
    roots = torch.where(is_known, eigenvalues.clamp(min=0).rsqrt(), torch.zeros_like(eigenvalues))
    # In the eigenbasis of the covariance: C^(−½)·E[xᵀy] = C^½·W of the least-squares W.
    left, sizes, _ = torch.linalg.svd(roots[:, None] * (vectors.t() @ correlation), full_matrices=False)
    variances = (left.square() * eigenvalues[:, None]).sum(0)
    found = zip(sizes.tolist(), variances.tolist())
    return [FittedDirection(size, variance) for size, variance in found if size > _SMALLEST * float(sizes[0])]


def _half_mean_square(rows: Tensor) -> float:
    return float(rows.square().sum()) / (2 * len(rows))
