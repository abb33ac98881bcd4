"""How many dimensions each layer's weights have moved in."""

from __future__ import annotations

import torch

from ..products.flat import split
from .initial_weights import InitialWeights
from .layer_matrices import layer_matrices, matrix_of
from .observable import Measurement, ObservedStep, Unmeasurable
from .stable_ranks import StableRanks
from .turns import Turns


class UpdateRanks:
    """`update/stableRank@layer`: ‖ΔW‖²/‖ΔW‖₂² of a layer's change ΔW = W − W₀ since initialization, at the weights
    before the step, with that of a random matrix as its null: see `StableRank`. Where features are learned, it stays
    well below the null (Boix-Adsera et al. 2023)."""

    name = "update/stableRank"
    price = 0.1
    in_step_record = False
    needs_products = False
    needs_update = False

    def __init__(self, initial: InitialWeights) -> None:
        self._initial = initial
        self._turns = Turns()
        self._ranks = StableRanks()

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Measurement | None:
        starts = split(self._initial.of(step), step.parameters)
        values: dict[str, float] = {}
        omitted: list[Unmeasurable] = []
        for each in self._turns.over(layer_matrices(step)):
            try:
                change = each.values - matrix_of(starts[each.index])
                measured = self._ranks.of(each.layer, change, f"the change of {each.layer} since initialization")
            except Unmeasurable as reason:
                omitted.append(reason)
                continue
            if measured is None:
                continue
            values[f"update/stableRank@{each.layer}"] = measured.stable_rank
            if measured.of_random is not None:
                values[f"update/stableRank@{each.layer}/null"] = measured.of_random
        return Measurement(values, "Lanczos on ΔWᵀΔW", omitted=omitted)
