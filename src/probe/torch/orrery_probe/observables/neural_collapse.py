"""Neural collapse on the probe set."""

from __future__ import annotations

import math
from dataclasses import fields

import torch
from torch import Tensor

from ..layers.kept_layers import KeptLayers
from ..probe_set import ProbeSet
from ..products.evaluation import EvaluationPoint
from ..products.flat import flatten
from .collapse import ClassifiedFeatures, Collapse, collapse, collapse_null
from .observable import Layered, Measurement, ObservedStep, Recording, Unmeasurable


class NeuralCollapse(Recording, Layered):
    """`collapse/nc1` … `collapse/nc4` and `collapse/equinorm` of a classifier's last features on the probe set (Papyan,
    Han and Donoho 2020), as defined in `Collapse`, each with its null. Left out where a class has fewer than two
    examples in it."""

    name = "collapse"
    price = 0.5
    in_step_record = False
    needs_products = True
    needs_update = False

    def __init__(self, probe: ProbeSet) -> None:
        self._probe = probe

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Measurement | None:
        self._probe.look(step)
        layers = self._probe.layers
        if not self._probe.is_complete or layers is None or not layers.is_cross_entropy:
            return None
        given = self._classified(layers, flatten(step.parameters))
        if given is None:
            return None
        _require_examples(given)
        measured, expected = collapse(given), collapse_null(given)
        values: dict[str, float] = {}
        for name in (each.name for each in fields(Collapse)):
            value, null = getattr(measured, name), getattr(expected, name)
            if math.isfinite(value) and math.isfinite(null):
                values[f"collapse/{name}"] = value
                values[f"collapse/{name}/null"] = null
        method = f"of the last features {self._probe.describe()}; null by shuffled labels or random class means"
        return Measurement(values, method, sample=len(given.labels))

    def _classified(self, layers: KeptLayers, weights: Tensor) -> ClassifiedFeatures | None:
        """Of all batches together; None where one of them has no class for each example."""
        outputs, features, classifier = layers.outputs, layers.features, layers.classifier
        if outputs is None or features is None or classifier is None:
            return None
        labels = [_one_hot_labels(each) for each in self._probe.targets]

        def values(point: EvaluationPoint) -> list[Tensor]:
            parts = (point.others[features], point.others[outputs], point.leaves[classifier])
            return [each.detach().cpu().double() for each in parts]

        batches = self._probe.on_each(weights, values)
        known = [each for each in labels if each is not None]
        if len(known) < len(batches) or any(len(each[0]) != len(label) for each, label in zip(batches, known)):
            return None
        return ClassifiedFeatures(
            torch.cat([each[0].flatten(1) for each in batches]),
            torch.cat([each[1] for each in batches]),
            batches[0][2],
            torch.cat(known),
        )


def _require_examples(given: ClassifiedFeatures) -> None:
    counts = torch.bincount(given.labels, minlength=given.logits.shape[1])
    if len(counts) >= 2 and int(counts.min()) >= 2:
        return
    raise Unmeasurable(
        "collapse-examples",
        "Neural collapse is not measured: the batches kept for it hold fewer than two examples of some class. A probe "
        "set of more batches may help.",
    )


def _one_hot_labels(targets: Tensor | None) -> Tensor | None:
    """The class of each row's single largest target; None where some row has none."""
    if targets is None:
        return None
    values = targets.detach().cpu()
    largest = values.max(dim=1).values
    is_single = (values == largest[:, None]).sum(1) == 1
    return values.argmax(1) if bool(((largest > 0) & is_single).all()) else None
