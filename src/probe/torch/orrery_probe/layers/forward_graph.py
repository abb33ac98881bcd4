"""The forward pass as the graph of its derivatives shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

Edge = tuple[Any, int]
"""A value: the node that made it, and which of its results it is."""


class ForwardGraph:
    """Nodes stand for the operations that values with a gradient went through. It outlives the backward pass, which
    frees only the values that nodes have kept."""

    def __init__(self, roots: Sequence[Edge]) -> None:
        self.roots: list[Edge] = [root for root in roots if root[0] is not None]
        self.nodes: list[Any] = []
        """Each after those that its inputs come from."""
        self._consumers: dict[Edge, list[Any]] = {}
        self._parameters: dict[int, Any] = {}
        self._results: dict[Any, list[Edge]] = {}
        self._walk()
        for value in dict.fromkeys((*self.roots, *self._consumers)):
            self._results.setdefault(value[0], []).append(value)

    @property
    def is_compiled(self) -> bool:
        """Whether some of it was compiled: what went on in there is not seen."""
        return any("CompiledFunction" in node.name() for node in self.nodes)

    def consumers(self, value: Edge) -> list[Any]:
        """Nodes that work on a value; one that takes it twice is there twice."""
        return self._consumers.get(value, [])

    def holds(self, value: Edge) -> bool:
        return value in self._consumers or value in self.roots

    def results(self, node: Any) -> list[Edge]:
        """Values that a node makes, as far as something works on them."""
        return self._results.get(node, [(node, 0)])

    def parameter(self, parameter: Tensor) -> Edge | None:
        """The value of a parameter; None where the graph does not depend on it."""
        node = self._parameters.get(id(parameter))
        return None if node is None else (node, 0)

    def _walk(self) -> None:
        seen = set()
        waiting = [(node, False) for node, _ in reversed(self.roots)]
        while waiting:
            node, is_done = waiting.pop()
            if is_done:
                self.nodes.append(node)
                continue
            if node in seen:
                continue
            seen.add(node)
            waiting.append((node, True))
            waiting.extend((below, False) for below, _ in reversed(node.next_functions) if below is not None)
        for node in self.nodes:
            for edge in node.next_functions:
                if edge[0] is not None:
                    self._consumers.setdefault(edge, []).append(node)
            if kind_of(node) == "AccumulateGrad":
                self._parameters[id(node.variable)] = node


def kind_of(node: Any) -> str:
    """As "Relu": without namespace, and without what says that it is a derivative, and which one."""
    name: str = node.name().rpartition("::")[2]
    return name.rstrip("0123456789").removesuffix("Backward")


def inputs_of(node: Any) -> list[Edge]:
    """Those of its inputs that have a gradient."""
    return [edge for edge in node.next_functions if edge[0] is not None]


def trained_parameter(graph: ForwardGraph, edge: Edge, trained: Mapping[int, str]) -> Tensor | None:
    """The parameter that a value is, where nothing else uses it and it is `trained` (names by id)."""
    node = edge[0]
    if node is None or kind_of(node) != "AccumulateGrad" or len(graph.consumers(edge)) != 1:
        return None
    parameter: Tensor = node.variable
    return parameter if id(parameter) in trained else None
