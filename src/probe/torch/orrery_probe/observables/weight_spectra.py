"""Singular values of each layer's weights, against those of random matrices."""

from __future__ import annotations

import torch

from .layer_matrices import gram_eigenvalues, layer_matrices, weights_not_finite
from .observable import Measurement, ObservedStep, Unmeasurable
from .random_matrix import TRACY_WIDOM_HIGHEST, bulk_edges, bulk_median, largest_of_random
from .turns import Turns

_LARGEST_DECOMPOSED = 512
"""Of the smaller side; beyond it the decomposition takes seconds."""
_FEWEST_FOR_BULK = 32
"""Of the smaller side; below it a bulk is too few eigenvalues to tell its edge."""


class WeightSpectra:
    """`weight/spectrum@layer`: eigenvalues of WᵀW/n, descending, n being the larger side.

    Where the smaller side p is 32 or more, against the Marchenko–Pastur law with q = p/n, whose variance s² is fitted
    to the median eigenvalue, which a few spikes do not move (Gavish and Donoho 2014, §III.E):

    - `weight/bulkLower@layer`, `weight/bulkUpper@layer`: s²·(1 ∓ √q)².
    - `weight/spikes@layer`: eigenvalues above what the largest of independent entries exceeds once in a thousand
    (Johnstone 2001;
      measured with the variance fitted: in 15 of a thousand square matrices of p = 32, 7 of p = 64, 3 or fewer of
      others); null 0.
    """

    name = "weight/spectrum"
    price = 0.3
    in_step_record = False
    needs_products = False
    needs_update = False

    def __init__(self) -> None:
        self._turns = Turns()

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Measurement | None:
        values: dict[str, float] = {}
        vectors: dict[str, list[float]] = {}
        omitted: list[Unmeasurable] = []
        for each in self._turns.over(layer_matrices(step)):
            layer = each.layer
            units, inputs = each.weight.shape[0], each.weight[0].numel()
            n, p = max(units, inputs), min(units, inputs)
            if p < 2:
                continue
            if not bool(torch.isfinite(each.weight).all()):
                omitted.append(weights_not_finite(layer))
                continue
            if p > _LARGEST_DECOMPOSED:
                reason = f"its smaller side is over {_LARGEST_DECOMPOSED}"
                text = f"The weight spectrum of {layer} ({inputs}×{units}) is not measured: {reason}."
                omitted.append(Unmeasurable("spectrum-too-large", text))
                continue
            spectrum = [value / n for value in gram_eigenvalues(each.values)]
            vectors[f"weight/spectrum@{layer}"] = spectrum
            if p < _FEWEST_FOR_BULK:
                continue
            lower, upper, spikes = _fit_bulk(spectrum, n)
            values[f"weight/bulkLower@{layer}"] = lower
            values[f"weight/bulkUpper@{layer}"] = upper
            values[f"weight/spikes@{layer}"] = spikes
            values[f"weight/spikes@{layer}/null"] = 0.0
        method = "eigenvalues of WᵀW/n, variance from the median"
        return Measurement(values, method, omitted=omitted, vectors=vectors)


def _fit_bulk(spectrum: list[float], n: int) -> tuple[float, float, float]:
    """Edges and number of spikes of eigenvalues of WᵀW/n, which are descending."""
    p = len(spectrum)
    median = (spectrum[(p - 1) // 2] + spectrum[p // 2]) / 2
    variance = median / bulk_median(p / n)
    lower, upper = bulk_edges(p / n)
    centre, scale = largest_of_random(n, p)
    highest = variance * (centre + TRACY_WIDOM_HIGHEST * scale) / n
    return variance * lower, variance * upper, float(sum(each > highest for each in spectrum))
