"""A network that is nothing but products."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from .comparison import Comparison, comparison_of, is_handed_on
from .forward_graph import Edge, ForwardGraph, kind_of, trained_parameter


@dataclass(frozen=True)
class LinearLayer:
    weight: Tensor
    is_transposed: bool
    """Whether it has a row for each unit, as modules have it."""
    bias: Tensor | None

    @property
    def matrix(self) -> Tensor:
        """W as it is now, [inputs, units], in float64 on the processor."""
        values = self.weight.detach().cpu().double()
        return values.t() if self.is_transposed else values


@dataclass(frozen=True)
class LinearStack:
    """x ↦ x·W₁·…·W_L, with biases or without, under a squared error and nothing else."""

    layers: list[LinearLayer]
    """From inputs to outputs."""
    is_biased: bool
    """Whether the last layer has a bias, so that means are fitted apart from the rest."""
    comparison: Comparison
    first: Any
    """The node of the first layer's product."""

    def inputs(self) -> Tensor:
        """[examples, inputs], without a graph. Raises RuntimeError where the graph was freed."""
        saved: Tensor = self.first._saved_mat1 if _is(self.first, "Addmm") else self.first._saved_self
        return saved.detach()

    def outputs(self, inputs: Tensor) -> Tensor:
        """[examples, outputs] for [examples, inputs] in float64, at the weights as they are now."""
        values = inputs
        for layer in self.layers:
            values = values @ layer.matrix
            if layer.bias is not None:
                values = values + layer.bias.detach().cpu().double()
        return values


def linear_stack(graph: ForwardGraph, trained: Mapping[int, str]) -> LinearStack | None:
    """None where there is anything else between inputs and loss, where a weight or a value between is used twice or is
    not `trained` (names by id), or where there are biases, but none in the last layer."""
    comparison = comparison_of(graph)
    if comparison is None or comparison.squares is None or comparison.is_regularized:
        return None
    layers: list[LinearLayer] = []
    first: Any = None
    value = _only(graph, comparison.outputs)
    while value is not None and value[0] is not None:
        found = _product(graph, value[0])
        layer = None if found is None else _layer(graph, *found, trained)
        if found is None or layer is None or (layer.bias is not None and layers and layers[-1].bias is None):
            return None
        layers.insert(0, layer)
        first = found[0]
        # The last but one, before the weight.
        value = _only(graph, first.next_functions[-2])
    is_whole = value is not None and len(layers) > 0
    return LinearStack(layers, layers[-1].bias is not None, comparison, first) if is_whole else None


def _only(graph: ForwardGraph, value: Edge) -> Edge | None:
    """What a value is a view or a copy of; None where anything else uses one of them."""
    while value[0] is not None:
        if len(graph.consumers(value)) != 1:
            return None
        if not is_handed_on(value):
            return value
        value = value[0].next_functions[0]
    return value


def _product(graph: ForwardGraph, node: Any) -> tuple[Any, Edge | None] | None:
    """The node of the product that a node gives, and the bias that it gives it with."""
    if _is(node, "Mm"):
        return node, None
    if _is(node, "Addmm"):
        is_plain = float(node._saved_alpha) == 1 and float(node._saved_beta) == 1
        return (node, node.next_functions[0]) if is_plain else None
    biases = [edge for edge in node.next_functions if _is(edge[0], "AccumulateGrad")]
    if not _is(node, "Add") or len(biases) != 1 or float(node._saved_alpha) != 1:
        return None
    value = _only(graph, next(edge for edge in node.next_functions if edge != biases[0]))
    return (value[0], biases[0]) if value is not None and _is(value[0], "Mm") else None


def _is(node: Any, kind: str) -> bool:
    return node is not None and kind_of(node) == kind


def _layer(graph: ForwardGraph, product: Any, bias: Edge | None, trained: Mapping[int, str]) -> LinearLayer | None:
    by: Edge = product.next_functions[-1]
    is_transposed = _is(by[0], "T")
    if is_transposed and len(graph.consumers(by)) != 1:
        return None
    weight = trained_parameter(graph, by[0].next_functions[0] if is_transposed else by, trained)
    if weight is None or weight.dim() != 2:
        return None
    units = weight.shape[0 if is_transposed else 1]
    added = None if bias is None else trained_parameter(graph, bias, trained)
    if bias is not None and (added is None or tuple(added.shape) != (units,)):
        return None
    return LinearLayer(weight, is_transposed, added)
