"""Consecutive layers with nothing else between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from .forward_graph import Edge, ForwardGraph, kind_of, trained_parameter

_RECTIFIERS = ("Relu", "LeakyRelu")
_TRANSPARENT = ("View", "UnsafeView", "ReshapeAlias", "Alias", "Clone")


@dataclass(frozen=True)
class LayerPair:
    """Two consecutive weight matrices, x ↦ B·f(A·x + a)."""

    first: Tensor
    """A, of shape [hidden, inputs]."""
    bias: Tensor | None
    """a, of shape [hidden]."""
    second: Tensor
    """B, of shape [outputs, hidden]."""
    is_rectified: bool
    """Whether f is a rectifier, so that only the diagonal of the balance is conserved; else it is linear."""


def layer_pairs(graph: ForwardGraph, trained: Mapping[int, str]) -> list[LayerPair]:
    """Pairs whose balance gradient descent conserves to first order: every weight and every value between them is used
    once on the way to the loss, and is `trained` (names by id). A weight penalty, a shared weight, a skip connection, a
    normalization or dropout breaks it, so such pairs are left out."""
    pairs: list[LayerPair] = []
    for node in graph.nodes:
        product = _product(graph, node, trained)
        if product is None:
            continue
        first, bias, is_biased = product
        if is_biased and bias is None:
            continue
        pair = _follow(graph, (node, 0), first, bias, trained)
        if pair is not None:
            pairs.append(pair)
    return pairs


def _follow(
    graph: ForwardGraph, start: Edge, first: Tensor, bias: Tensor | None, trained: Mapping[int, str]
) -> LayerPair | None:
    is_rectified = False
    value = start
    while True:
        consumers = graph.consumers(value)
        if len(consumers) != 1 or value in graph.roots:
            return None
        node = consumers[0]
        kind = kind_of(node)
        second = _product(graph, node, trained)
        if second is not None:
            weight = second[0]
            is_matched = weight is not first and _factor(node) == value and weight.shape[1] == first.shape[0]
            return LayerPair(first, bias, weight, is_rectified) if is_matched else None
        if kind == "Add" and bias is None and not is_rectified:
            others = [edge for edge in node.next_functions if edge != value]
            bias = trained_parameter(graph, others[0], trained) if len(others) == 1 else None
            if bias is None or bias.shape != first.shape[:1]:
                return None
        elif kind in _RECTIFIERS:
            is_rectified = True
        elif kind not in _TRANSPARENT:
            return None
        value = (node, 0)


def _product(graph: ForwardGraph, node: Any, trained: Mapping[int, str]) -> tuple[Tensor, Tensor | None, bool] | None:
    """The weight matrix that a plain product multiplies by from the right, transposed, its bias, and whether it has
    one."""
    kind = kind_of(node)
    if kind not in ("Addmm", "Mm"):
        return None
    transposition = node.next_functions[-1][0]
    if transposition is None or kind_of(transposition) != "T" or len(graph.consumers((transposition, 0))) != 1:
        return None
    weight = trained_parameter(graph, transposition.next_functions[0], trained)
    if weight is None or weight.dim() != 2:
        return None
    if kind == "Mm":
        return weight, None, False
    is_plain = float(node._saved_alpha) == 1 and float(node._saved_beta) == 1
    bias = trained_parameter(graph, node.next_functions[0], trained) if is_plain else None
    return weight, bias if bias is not None and bias.shape == weight.shape[:1] else None, True


def _factor(node: Any) -> Edge:
    """What a product works on that is not its weight."""
    edge: Edge = node.next_functions[-2]
    return edge
