"""Where the layers of an evaluation are found when it is computed again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Callable

import torch
from torch import Tensor

from ..facts.objective_facts import main_term
from .activations import CONVOLUTIONS, Layers


@dataclass(frozen=True)
class KeptLayer:
    layer: str
    weight: int
    """Index of its parameter."""
    activation: int
    """Place of its activation among the values that are computed again, or of what `function` makes it of."""
    function: Callable[[Tensor], Tensor] | None
    is_convolution: bool
    is_dense: bool
    product: int | None
    """Place of a dense layer's product with its weights, which no operation has written over."""

    def example_rows(self, values: Sequence[Tensor], batch: int | None) -> Tensor:
        """A row for each example: the mean of its activation over positions, which the script may have joined with the
        examples; `batch` is the number of these, where known. In float64, on the processor."""
        value = values[self.activation].detach()
        with torch.no_grad():
            value = value if self.function is None else self.function(value)
        if self.is_convolution and value.dim() > 2:
            value = value.movedim(1, -1)
        value = value.cpu().double()
        is_joined = batch is not None and value.dim() == 2 and len(value) % batch == 0
        return value.reshape(batch if is_joined else len(value), -1, value.shape[-1]).mean(1)


@dataclass(frozen=True)
class KeptLayers:
    layers: list[KeptLayer]
    outputs: int | None
    """Place of the model's outputs, [examples, outputs]."""
    features: int | None
    """Place of what the last layer makes the outputs of, where that is a dense layer."""
    classifier: int | None
    """Index of its weight."""
    is_cross_entropy: bool


def kept_layers(
    layers: Layers, parameters: Sequence[Tensor], outputs: Tensor | None
) -> tuple[KeptLayers, list[Tensor]]:
    """And the values themselves, `outputs` first."""
    values: list[Tensor] = [] if outputs is None else [outputs]

    def place(tensor: Tensor) -> int:
        index = next((index for index, each in enumerate(values) if each is tensor), len(values))
        if index == len(values):
            values.append(tensor)
        return index

    index = {id(each): position for position, each in enumerate(parameters)}
    kept: list[KeptLayer] = []
    features: int | None = None
    classifier: int | None = None
    for each in layers.activations:
        weight = index.get(id(each.weight))
        if weight is None or not each.is_whole:
            continue
        is_dense = isinstance(each.product.module, torch.nn.Linear)
        kept.append(
            KeptLayer(
                each.layer,
                weight,
                place(each.source.output),
                each.function,
                isinstance(each.product.module, CONVOLUTIONS),
                is_dense,
                place(each.product.output) if is_dense and each.product.is_whole else None,
            )
        )
        argument = each.product.argument
        is_head = is_dense and each.product.is_whole and each.product.output is outputs
        if is_head and argument is not None and argument.requires_grad and argument.dim() == 2:
            features, classifier = place(argument), weight
    node = _main_node(layers)
    is_cross_entropy = node is not None and node.name().startswith(("NllLoss", "CrossEntropyLoss"))
    return KeptLayers(kept, None if outputs is None else 0, features, classifier, is_cross_entropy), values


def _main_node(layers: Layers) -> Any | None:
    return main_term(layers.graph.roots[0][0])[0] if layers.graph.roots else None
