"""Who is near whom in layers' representations, for runs to be compared with each other."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor

from ..layers.kept_layers import KeptLayers
from ..probe_set import ProbeSet
from ..products.evaluation import EvaluationPoint
from ..products.flat import flatten
from .activation_moments import activation_not_finite
from .initial_agreement import layers_of_probe
from .observable import Layered, Measurement, ObservedStep, Recording, Resting, Unmeasurable
from .representation import nearest
from .turns import Turns

_Each = TypeVar("_Each")
_MOST_EXAMPLES = 256
_FEWEST_EXAMPLES = 16
_MOST_NEIGHBOURS = 10
_MOST_LAYERS = 16
"""Of a deeper network so many are taken, evenly spread: each is a few kilobytes a measurement."""
_LEAST_REST = 8
_REST = 0.25
"""Steps until the next measurement, as a part of those done: representations change ever more slowly."""


class Neighbourhoods(Recording, Layered, Resting):
    """Who is near whom in each layer's representation of the probe set, written down so that runs can be compared on
    the examples that both have had; for images and sequences means over positions:

    - `representation/examples`: a vector of their numbers (`example_numbers`), ascending. Of more than 256 the smallest
      are taken, so that runs on the same data take the same. Written where they are others than before.
    - `representation/neighbours@layer`: a vector of k places among these for each of them in turn: those of the nearest
      others by cosine, the nearest first, of equally near ones the first. k = 10 or a quarter of the examples.
    """

    name = "representation"
    price = 0.4
    in_step_record = False
    needs_products = True
    needs_update = False

    def __init__(self, probe: ProbeSet) -> None:
        self._probe = probe
        self._turns = Turns()
        self._written: list[int] = []
        self._waiting = 0
        """Layers still to be measured in this round."""

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Measurement | None:
        self._probe.look(step)
        if not self._probe.is_complete:
            return None
        self.rests_until = step.step + max(_LEAST_REST, math.ceil(_REST * step.step))
        layers = layers_of_probe(self._probe)
        chosen = self._chosen()
        rows = self._representations(layers, flatten(step.parameters), chosen)
        some = _spread(list(rows), _MOST_LAYERS)
        if self._waiting <= 0:
            self._waiting = len(some)
        numbers = [number for number, _, _ in chosen]
        vectors: dict[str, list[float]] = {}
        if numbers != self._written:
            vectors["representation/examples"] = [*numbers]
            self._written = numbers
        omitted: list[Unmeasurable] = []
        for layer in self._turns.over(some):
            self._waiting -= 1
            if bool(torch.isfinite(rows[layer]).all()):
                near = nearest(rows[layer], min(_MOST_NEIGHBOURS, len(chosen) // 4))
                vectors[f"representation/neighbours@{layer}"] = near.flatten().tolist()
            else:
                omitted.append(activation_not_finite(layer))
        if self._waiting > 0:
            # Those that were left out come next.
            self.rests_until = step.step
        return Measurement({}, f"cosines, {self._probe.describe()}", omitted=omitted, vectors=vectors)

    def _chosen(self) -> list[tuple[int, int, int]]:
        """Number, batch and place in the batch, in ascending order of the numbers, each once."""
        numbers = self._probe.numbers
        if numbers is None:
            raise Unmeasurable(
                "representation-inputs",
                "Representations are not written down for comparisons with other runs: examples are not told apart by "
                "what enters the first layer, as where a normalization stands before it.",
                "information",
            )
        places: dict[int, tuple[int, int]] = {}
        for batch, each in enumerate(numbers):
            for row, number in enumerate(each):
                places.setdefault(number, (batch, row))
        chosen = [(number, *places[number]) for number in sorted(places)[:_MOST_EXAMPLES]]
        if len(chosen) < _FEWEST_EXAMPLES:
            raise Unmeasurable(
                "representation-examples",
                "Representations are not written down for comparisons with other runs where there are fewer than "
                f"{_FEWEST_EXAMPLES} different examples. A probe set of more batches may help.",
                "information",
            )
        return chosen

    def _representations(
        self, layers: KeptLayers, weights: Tensor, chosen: Sequence[tuple[int, int, int]]
    ) -> dict[str, Tensor]:
        """By layer, a row for each of the chosen examples."""
        size = self._probe.batch_size

        batch = itertools.count()

        def rows(point: EvaluationPoint) -> list[Tensor]:
            own = next(batch)
            places = torch.tensor([row for _, each, row in chosen if each == own], dtype=torch.int64, device="cpu")
            every = [each.example_rows(point.others, size) for each in layers.layers]
            return [each[places] if len(each) == size else each[:0] for each in every]

        parts = self._probe.on_each(weights, rows)
        order = torch.tensor(sorted(range(len(chosen)), key=lambda place: chosen[place][1]), device="cpu")
        found: dict[str, Tensor] = {}
        for index, each in enumerate(layers.layers):
            together = torch.cat([part[index] for part in parts])
            if len(together) == len(chosen):
                found[each.layer] = torch.empty_like(together).index_copy_(0, order, together)
        return found


def _spread(everything: Sequence[_Each], most: int) -> list[_Each]:
    """At most so many, evenly spread from the first to the last."""
    if len(everything) <= most:
        return list(everything)
    return [everything[math.floor(index * (len(everything) - 1) / (most - 1) + 0.5)] for index in range(most)]
