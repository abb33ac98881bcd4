"""What each layer gives to the layers after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Callable

import torch
from torch import Tensor

from ..layer_name import layer_name
from .calls import KeptOutput, LayerCalls
from .forward_graph import Edge, ForwardGraph, inputs_of, kind_of
from .functions import LINEAR, NONLINEAR, function_of, is_rectifier
from .recurrences import RecurrentActivation, recurrent_activations

CONVOLUTIONS = torch.nn.modules.conv._ConvNd
_PRODUCTS = (torch.nn.Linear, CONVOLUTIONS, torch.nn.Embedding)
_NORMALIZATIONS = ("NativeBatchNorm", "CudnnBatchNorm", "MiopenBatchNorm", "NativeLayerNorm", "NativeGroupNorm")


@dataclass(frozen=True)
class LayerActivation:
    """A layer's product with its weights, biased, normalized, and through its activation function."""

    layer: str
    weight: Tensor
    product: KeptOutput
    is_rectified: bool
    """Whether a unit may be zero on all examples because it is cut off below zero."""
    calls: int
    """Of the module on the way to the loss; the first one is what this is of."""
    source: KeptOutput
    """Where to read it from."""
    function: Callable[[Tensor], Tensor] | None
    """What is still to be computed of that."""

    @property
    def is_whole(self) -> bool:
        """Whether its values are still there: nobody has written over them."""
        return self.source.is_whole

    def value(self) -> Tensor:
        """[examples, …, units]"""
        kept = self.source.value
        value = kept if self.function is None else self.function(kept)
        return value.movedim(1, -1) if isinstance(self.product.module, CONVOLUTIONS) and value.dim() > 2 else value

    def rows(self) -> Tensor:
        """[examples and positions, units], in the values' own type."""
        value = self.value()
        return value.reshape(-1, value.shape[-1])


class Layers:
    """Layers of one evaluation, in the order in which they ran."""

    def __init__(self, graph: ForwardGraph, calls: LayerCalls, names: Mapping[int, str]) -> None:
        """`names` of the trained parameters, by id."""
        self.graph = graph
        self.activations: list[LayerActivation] = []
        self.products: list[KeptOutput] = []
        """Of every call of a module with trained weights that the loss comes from."""
        self.unclear: list[str] = []
        """Layers whose activation cannot be told."""
        self.calls = calls
        self._names = names
        self._recurrent: list[RecurrentActivation] | None = None
        of_loss = _loss_nodes(graph)
        self._elementwise_nodes = [
            (node, kind, inputs_of(node))
            for node, kind in ((each, kind_of(each)) for each in graph.nodes)
            if (kind in LINEAR or kind in NONLINEAR) and node not in of_loss
        ]
        self._find(names)

    @property
    def recurrent(self) -> list[RecurrentActivation]:
        """Of recurrent modules, which are no sequence of layers and activation functions."""
        if self._recurrent is None:
            self._recurrent = recurrent_activations(self.graph, self.calls.recurrences, self._names)
        return self._recurrent

    def _find(self, names: Mapping[int, str]) -> None:
        modules: dict[int, list[KeptOutput]] = {}
        users: dict[int, set[int]] = {}
        for kept in self.calls.outputs:
            weight = getattr(kept.module, "weight", None)
            if isinstance(kept.module, _PRODUCTS) and id(weight) in names and self.graph.holds(kept.edge):
                self.products.append(kept)
                modules.setdefault(id(kept.module), []).append(kept)
                users.setdefault(id(weight), set()).add(id(kept.module))
        for every in modules.values():
            product = every[0]
            weight = product.module.weight
            layer = layer_name(names[id(weight)])
            source = self._activation(product) if len(users[id(weight)]) == 1 else None
            if source is None:
                self.unclear.append(layer)
                continue
            kept, function, rectifier = source
            self.activations.append(LayerActivation(layer, weight, product, rectifier, len(every), kept, function))

    def _activation(self, product: KeptOutput) -> tuple[KeptOutput, Callable[[Tensor], Tensor] | None, bool] | None:
        """Where to read a layer's activation, what is still to be computed of it, and whether it is rectified."""
        argument = self._through_normalization(product.edge)
        result = self._through_function(argument)
        if result is None:
            return None
        for edge in result:
            kept = self.calls.at(edge)
            if kept is not None and kept.is_whole:
                return kept, None, is_rectifier(edge[0])
        node, _ = result[0]
        kept = self.calls.at(argument)
        if kept is None or inputs_of(node) != [argument]:
            return None
        function = function_of(node)
        if function is None:
            return None
        if kept.is_whole:
            return kept, function, is_rectifier(node)
        # Written over by its own activation function, it is the result already, which does not change by it any more.
        is_same = is_rectifier(node) and kept.value._version == kept.version + 1
        return (replace(kept, version=kept.version + 1), function, True) if is_same else None

    def _through_normalization(self, start: Edge) -> Edge:
        value = start
        while True:
            consumers = self.graph.consumers(value)
            if len(consumers) != 1 or kind_of(consumers[0]) not in _NORMALIZATIONS:
                return value
            if consumers[0].next_functions[0] != value:
                return value
            value = (consumers[0], 0)

    def _through_function(self, argument: Edge) -> list[Edge] | None:
        """The activation function's result: the first value through which all that is computed from its argument must
        go, with a nonlinear operation before it; and that times a constant, where there is such a factor. None where
        there are several results."""
        region = self._elementwise(argument)
        executed: set[Any] = set()
        reached: list[Edge] = [argument]
        nonlinearities = 0
        for node in region:
            executed.add(node)
            reached.append((node, 0))
            nonlinearities += kind_of(node) in NONLINEAR
            live = self._live(reached, executed)
            if nonlinearities == 0 or len(live) != 1:
                continue
            return [live[0], *(self._scaled(live[0], region) if len(executed) > 1 else [])]
        live = self._live(reached, executed)
        if len(live) != 1:
            return None
        return [argument] if nonlinearities == 0 else live

    def _live(self, reached: Sequence[Edge], executed: set[Any]) -> list[Edge]:
        return [
            edge
            for edge in reached
            if not self.graph.consumers(edge) or any(each not in executed for each in self.graph.consumers(edge))
        ]

    def _elementwise(self, argument: Edge) -> list[Any]:
        """Nodes that take the argument, or what was computed from it, and nothing else but constants; in order."""
        reached = {argument}
        region = []
        for node, kind, inputs in self._elementwise_nodes:
            # A slope that is learned, as in PReLU, is the function's own.
            own = inputs[:1] if kind.startswith("Prelu") else inputs
            if own and all(each in reached for each in own):
                reached.add((node, 0))
                region.append(node)
        return region

    def _scaled(self, value: Edge, region: Sequence[Any]) -> list[Edge]:
        """A function that is composed of operations may end with a factor."""
        consumers = self.graph.consumers(value)
        is_scale = len(consumers) == 1 and consumers[0] in region and kind_of(consumers[0]) in ("Mul", "Div")
        return [(consumers[0], 0)] if is_scale else []


_LOSSES = ("BinaryCrossEntropy", "MseLoss", "SmoothL1Loss", "HuberLoss", "KlDiv")


def _loss_nodes(graph: ForwardGraph) -> set[Any]:
    """Nodes between what a network gives and its loss, which are no layer's activation function."""
    found: set[Any] = set()
    for node in graph.nodes:
        below = [each for each, _ in inputs_of(node)]
        if kind_of(node) in _LOSSES:
            found.update(each for each in below if kind_of(each) == "Sigmoid")
        if kind_of(node) in ("Mean", "Sum"):
            _add_error(below, found)
    return found


def _add_error(below: Sequence[Any], found: set[Any]) -> None:
    """Powers, products with itself and absolute values of a difference."""
    for node in below:
        differences = {each for each, _ in inputs_of(node)}
        if kind_of(node) in ("Pow", "Abs", "Mul") and len(differences) == 1:
            difference = differences.pop()
            if kind_of(difference) in ("Sub", "Rsub"):
                found.update((node, difference))
