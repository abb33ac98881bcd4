"""Geometry of a classifier's last features."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from ..products.seeded_numbers import permutation
from .random_matrix import gaussian_values

_DRAWS = 4
"""Draws that each null is the mean of."""
_SMALLEST = 1e-10
"""Relative to the largest eigenvalue between classes: below it, only rounding."""


@dataclass(frozen=True)
class ClassifiedFeatures:
    """In float64, on the processor."""

    features: Tensor
    """[examples, features]"""
    logits: Tensor
    """[examples, classes]"""
    weights: Tensor
    """The classifier, [classes, features]."""
    labels: Tensor
    """Class of each example; every class has some."""


@dataclass(frozen=True)
class Collapse:
    nc1: float
    """tr(Σ_W·Σ_B⁺)/K, of the covariances within and between classes."""
    nc2: float
    """‖MMᵀ/‖MMᵀ‖ − (I − 11ᵀ/K)/√(K − 1)‖, M having the centred class means as rows: distance from a simplex."""
    equinorm: float
    """Standard deviation over mean of the centred class means' norms."""
    nc3: float
    """As NC2, with W·Mᵀ for MMᵀ, W having the classifier's vectors as rows."""
    nc4: float
    """Share of examples whose class by the largest logit is not that of the nearest class mean."""


def collapse(given: ClassifiedFeatures) -> Collapse:
    """Neural collapse (Papyan, Han and Donoho 2020; NC2 and NC3 as Zhu et al. 2021, eq. 9 and 10). Means are centred at
    the mean of the class means, so that classes count equally. NaN where the class means coincide."""
    means = _class_means(given.features, given.labels, given.logits.shape[1])
    centred = means - means.mean(0)
    return Collapse(
        nc1=_within_over_between(given.features, given.labels, means, centred),
        nc2=_simplex_distance(centred @ centred.t()),
        equinorm=_spread_of_norms(centred),
        nc3=_simplex_distance(given.weights @ centred.t()),
        nc4=_mismatch(given.features, given.logits, means),
    )


def collapse_null(given: ClassifiedFeatures) -> Collapse:
    """The same where nothing has collapsed: NC1 and NC4 with the labels shuffled, NC2 and the norms of independent
    normal class means in this dimension (which are nearly a simplex by themselves where it is high), NC3 of these and
    independent normal classifiers."""
    classes, width = given.logits.shape[1], given.features.shape[1]
    draws: list[Collapse] = []
    for draw in range(_DRAWS):
        shuffled = given.labels[torch.tensor(permutation(len(given.labels), 2 * draw + 1), device="cpu")]
        means = _class_means(given.features, shuffled, classes)
        random = gaussian_values(classes * width, 2 * draw + 1).view(classes, width)
        simplex = random - random.mean(0)
        draws.append(
            Collapse(
                nc1=_within_over_between(given.features, shuffled, means, means - means.mean(0)),
                nc2=_simplex_distance(simplex @ simplex.t()),
                equinorm=_spread_of_norms(simplex),
                nc3=_simplex_distance(
                    gaussian_values(classes * width, 2 * draw + 2).view(classes, width) @ simplex.t()
                ),
                nc4=_mismatch(given.features, given.logits, means),
            )
        )
    names = [each.name for each in fields(Collapse)]
    return Collapse(**{name: sum(getattr(each, name) for each in draws) / _DRAWS for name in names})


def _class_means(features: Tensor, labels: Tensor, classes: int) -> Tensor:
    members = torch.nn.functional.one_hot(labels, classes).double()
    return (members.t() @ features) / members.sum(0)[:, None]


def _simplex_distance(matrix: Tensor) -> float:
    classes = len(matrix)
    simplex = (torch.eye(classes, dtype=torch.float64, device="cpu") - 1 / classes) / math.sqrt(classes - 1)
    return float((matrix / matrix.norm() - simplex).norm())


def _spread_of_norms(rows: Tensor) -> float:
    norms = rows.norm(dim=1)
    return float((norms - norms.mean()).square().mean().sqrt() / norms.mean())


def _within_over_between(features: Tensor, labels: Tensor, means: Tensor, centred: Tensor) -> float:
    """tr(Σ_W·Σ_B⁺)/K with Σ_B = MᵀM/K. With MMᵀ = U·diag(s)·Uᵀ its pseudoinverse is K·Σ v·vᵀ/s over v = Mᵀu/√s, so that
    no matrix of the features' dimension is needed."""
    eigenvalues, vectors = torch.linalg.eigh(centred @ centred.t())
    threshold = float(eigenvalues.max()) * _SMALLEST
    if not threshold > 0:
        return math.nan
    used = eigenvalues > threshold
    projections = (features - means[labels]) @ (centred.t() @ vectors[:, used])
    return float((projections.square() / eigenvalues[used].square()).sum()) / len(labels)


def _mismatch(features: Tensor, logits: Tensor, means: Tensor) -> float:
    distances = torch.cdist(features, means, compute_mode="donot_use_mm_for_euclid_dist")
    return float((logits.argmax(1) != distances.argmin(1)).double().mean())
