"""Where a loss compares what the model gives with what it should give, as the graph shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from ..facts.objective_facts import main_term
from .forward_graph import Edge, ForwardGraph, kind_of

_HANDING_ON = ("View", "UnsafeView", "ReshapeAlias", "Alias", "Clone", "Squeeze", "Unsqueeze")


@dataclass(frozen=True)
class Comparison:
    outputs: Edge
    """What is compared: logits, for a cross-entropy."""
    is_regularized: bool
    """Whether other terms are added to it."""
    squares: Any | None
    """Of a squared error, the node that holds its errors, or what they are the difference of."""
    is_negative: bool
    """Whether outputs are taken from targets."""

    def errors(self) -> Tensor:
        """Outputs less targets, of a squared error, in float64 on the processor. Raises RuntimeError where there is
        none, or its graph was freed."""
        if self.squares is None:
            raise RuntimeError("the loss is no squared error")
        errors = self.squares._saved_self.detach().cpu().double()
        if kind_of(self.squares) != "Pow":
            errors = errors - self.squares._saved_target.detach().cpu().double()
        return -errors if self.is_negative else errors


def comparison_of(graph: ForwardGraph) -> Comparison | None:
    """None where the loss is not of a known form, or compares with something that depends on weights as well."""
    node, is_regularized = main_term(graph.roots[0][0]) if graph.roots else (None, False)
    if node is None:
        return None
    kind = kind_of(node)
    if kind.startswith("NllLoss"):
        below = node.next_functions[0][0]
        if below is None or kind_of(below) != "LogSoftmax":
            return None
        return Comparison(below.next_functions[0], is_regularized, None, False)
    if kind == "BinaryCrossEntropyWithLogits":
        return Comparison(node.next_functions[0], is_regularized, None, False)
    if kind == "MseLoss":
        return _difference(node.next_functions, is_regularized, node)
    # The mean or the sum of squares of a difference.
    power = node.next_functions[0][0]
    difference = power.next_functions[0][0]
    is_reversed = kind_of(difference) == "Rsub"
    found = _difference(difference.next_functions, is_regularized, power, is_reversed)
    # Only the side that is taken away has a factor.
    is_scaled = found is not None and found.is_negative and float(difference._saved_alpha) != 1
    return None if is_scaled else found


def is_handed_on(value: Edge) -> bool:
    """Whether a value is a view or a copy of another, the first that its node works on."""
    return value[0] is not None and kind_of(value[0]) in _HANDING_ON


def handed_on(value: Edge) -> Edge:
    """What a value is a view or a copy of; else itself."""
    while is_handed_on(value):
        value = value[0].next_functions[0]
    return value


def _difference(
    sides: Sequence[Edge], is_regularized: bool, squares: Any, is_reversed: bool = False
) -> Comparison | None:
    """Of two sides one depends on the weights."""
    depending = [index for index, side in enumerate(sides) if side[0] is not None]
    if len(depending) != 1:
        return None
    is_negative = (depending[0] == 1) != is_reversed
    return Comparison(sides[depending[0]], is_regularized, squares, is_negative)
