"""How far layers' representations have gone from those at initialization."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..layers.kept_layers import KeptLayers
from ..probe_set import ProbeSet
from ..products.evaluation import EvaluationPoint
from ..products.flat import flatten
from .activation_ranks import some_rows
from .initial_weights import InitialWeights
from .observable import Layered, Measurement, ObservedStep, Recording, Unmeasurable
from .representation import alignment, mutual_neighbours
from .turns import Turns

_MOST_EXAMPLES = 256
_FEWEST_EXAMPLES = 16
_MOST_NEIGHBOURS = 10


class InitialAgreement(Recording, Layered):
    """Of each layer's representation of the probe set, against that of the same examples by the network at its
    initialization, whose weights are kept and put into the record; for images and sequences means over positions:

    - `agreement/cka@layer`: unbiased linear centred kernel alignment. Null: 95 % quantile over shuffled examples.
    - `agreement/neighbours@layer`: mutual k nearest neighbours, k = 10 or a quarter of the examples. Null: k/(n − 1).
    """

    name = "agreement"
    price = 0.7
    in_step_record = False
    needs_products = True
    needs_update = False

    def __init__(self, initial: InitialWeights, probe: ProbeSet) -> None:
        self._initial = initial
        self._probe = probe
        self._turns = Turns()

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Measurement | None:
        start = self._initial.of(step)
        self._probe.look(step)
        if step.step == 0 or not self._probe.is_complete:
            return None
        layers = layers_of_probe(self._probe)
        batches = math.ceil(_MOST_EXAMPLES / max(1, self._probe.batch_size or 1))
        now = self._representations(layers, flatten(step.parameters), batches)
        then = self._representations(layers, start, batches)
        values: dict[str, float] = {}
        sample: int | None = None
        for layer in self._turns.over(list(now)):
            values.update(_compare(layer, now[layer], then[layer]))
            sample = len(now[layer])
        method = f"replay at the initial weights, {_MOST_EXAMPLES} examples at most, {self._probe.describe()}"
        return Measurement(values, method, sample=sample)

    def _representations(self, layers: KeptLayers, weights: Tensor, batches: int) -> dict[str, Tensor]:
        def rows(point: EvaluationPoint) -> list[Tensor]:
            return [each.example_rows(point.others, self._probe.batch_size) for each in layers.layers]

        parts = self._probe.on_each(weights, rows, batches)
        return {
            each.layer: some_rows(torch.cat([part[index] for part in parts]), _MOST_EXAMPLES)
            for index, each in enumerate(layers.layers)
        }


def layers_of_probe(probe: ProbeSet) -> KeptLayers:
    """Raises Unmeasurable where it is not known what layers give on the kept batches."""
    layers = probe.layers
    if layers is None:
        raise Unmeasurable(
            "probe-set-layers",
            "Layers are not measured on the kept batches: what they give cannot be computed again, as where it is "
            "written over.",
        )
    return layers


def _compare(layer: str, now: Tensor, then: Tensor) -> dict[str, float]:
    if len(now) < _FEWEST_EXAMPLES:
        raise Unmeasurable(
            "agreement-examples",
            f"Agreement with the initialization is not measured on fewer than {_FEWEST_EXAMPLES} examples. A probe set "
            "of more batches may help.",
        )
    aligned = alignment(now, then)
    if aligned is None or not math.isfinite(aligned[0]):
        return {}
    k = min(_MOST_NEIGHBOURS, len(now) // 4)
    return {
        f"agreement/cka@{layer}": aligned[0],
        f"agreement/cka@{layer}/null": aligned[1],
        f"agreement/neighbours@{layer}": mutual_neighbours(now, then, k),
        f"agreement/neighbours@{layer}/null": k / (len(now) - 1),
    }
