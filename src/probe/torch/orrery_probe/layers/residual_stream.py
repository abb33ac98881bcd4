"""The stream that residual blocks add to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from .activations import Layers
from .calls import LayerCalls
from .forward_graph import Edge, ForwardGraph, inputs_of, kind_of

_HANDING_ON = ("T", "Transpose", "Permute", "View", "UnsafeView", "Reshape", "Unsqueeze", "Expand")


@dataclass
class _Stream:
    before: Edge
    sums: list[Any]


def residual_stream(layers: Layers) -> list[Tensor]:
    """The values before the first residual block and after each of them: a block adds to a value what weights have made
    of it. Of several such streams the longest; empty where there is none, or its values are not known from what modules
    gave."""
    graph = layers.graph
    places = {node: place for place, node in enumerate(graph.nodes)}
    streams: list[_Stream] = []
    for place, node in enumerate(graph.nodes):
        before = _skipped(graph, places, place, node)
        if before is None:
            continue
        known = next((each for each in streams if each.sums[-1] is before[0]), None)
        if known is None:
            streams.append(_Stream(before, [node]))
        else:
            known.sums.append(node)
    longest = max(streams, key=lambda each: len(each.sums), default=None)
    return [] if longest is None else _values(layers.calls, longest)


def _skipped(graph: ForwardGraph, places: dict[Any, int], place: int, node: Any) -> Edge | None:
    """Which of a sum's two values the other was made of by weights; None where neither."""
    inputs = inputs_of(node)
    if not _is_sum(node):
        return None
    one, other = inputs
    if any(kind_of(each[0]) == "AccumulateGrad" for each in inputs):
        return None
    for origin, value in ((one, other), (other, one)):
        if value in _made_by_weights(graph.nodes[places[origin[0]] + 1 : place], origin):
            return origin
    return None


def _is_sum(node: Any) -> bool:
    return kind_of(node) == "Add" and len(inputs_of(node)) == 2 and float(node._saved_alpha) == 1


def _made_by_weights(nodes: Sequence[Any], origin: Edge) -> set[Edge]:
    """Values among the results of some nodes in a row that depend on a value by way of weights."""
    reached: set[Any] = {origin[0]}
    weighted: set[Any] = set()
    found: set[Edge] = set()
    for node in nodes:
        inputs = inputs_of(node)
        if not any(edge == origin or (edge[0] in reached and edge[0] is not origin[0]) for edge in inputs):
            continue
        reached.add(node)
        if any(edge[0] in weighted or _is_matrix(edge[0]) for edge in inputs):
            weighted.add(node)
            found.add((node, 0))
    return found


def _is_matrix(node: Any) -> bool:
    """Whether a node hands on a weight that is no vector."""
    while kind_of(node) in _HANDING_ON and len(inputs_of(node)) == 1:
        node = inputs_of(node)[0][0]
    return kind_of(node) == "AccumulateGrad" and node.variable.dim() >= 2


def _values(calls: LayerCalls, stream: _Stream) -> list[Tensor]:
    value = _value_of(calls, stream.before)
    found: list[Tensor] = []
    for node in stream.sums:
        added = [edge for edge in inputs_of(node) if edge != stream.before and edge[0] not in stream.sums]
        branch = _value_of(calls, added[0]) if len(added) == 1 else None
        if value is None or branch is None:
            return []
        found.append(value)
        value = value + branch
    return [*found, *([] if value is None else [value])]


def _value_of(calls: LayerCalls, edge: Edge) -> Tensor | None:
    """What a module gave, or a sum of such."""
    kept = calls.at(edge)
    if kept is not None:
        return kept.value if kept.is_whole else None
    if not _is_sum(edge[0]):
        return None
    one, other = (_value_of(calls, each) for each in inputs_of(edge[0]))
    return None if one is None or other is None else one + other
