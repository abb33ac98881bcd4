"""The largest singular value of each layer's weights."""

from __future__ import annotations

import torch

from .layer_matrices import layer_matrices
from .observable import Measurement, ObservedStep, Unmeasurable
from .stable_ranks import StableRanks
from .turns import Turns


class SpectralNorms:
    """`weight/spectralNorm@layer` and `weight/stableRank@layer`, with its null: see `StableRank`, of each layer's
    weights."""

    name = "weight/spectralNorm"
    price = 0.1
    in_step_record = False
    needs_products = False
    needs_update = False

    def __init__(self) -> None:
        self._turns = Turns()
        self._ranks = StableRanks()

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Measurement | None:
        values: dict[str, float] = {}
        omitted: list[Unmeasurable] = []
        for each in self._turns.over(layer_matrices(step)):
            try:
                measured = self._ranks.of(each.layer, each.values, each.layer)
            except Unmeasurable as reason:
                omitted.append(reason)
                continue
            if measured is None:
                continue
            values[f"weight/spectralNorm@{each.layer}"] = measured.spectral_norm
            values[f"weight/stableRank@{each.layer}"] = measured.stable_rank
            if measured.of_random is not None:
                values[f"weight/stableRank@{each.layer}/null"] = measured.of_random
        return Measurement(values, "Lanczos on WᵀW", omitted=omitted)
