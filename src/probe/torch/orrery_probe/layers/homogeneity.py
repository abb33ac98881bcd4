"""How the values of an evaluation scale with some weights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Optional

from .forward_graph import Edge, ForwardGraph, kind_of

Degree = Optional[float]
"""How a value scales where some weights are multiplied by c > 0: by cᵏ, with this k; None where by no power of c."""

_PRODUCTS = frozenset(("Mul", "Mm", "Bmm", "Mv", "Dot"))
_TOGETHER = frozenset(
    (
        *(
            "Add",
            "Sub",
            "Rsub",
            "Cat",
            "Stack",
            "Maximum",
            "Minimum",
            "Neg",
            "Abs",
            "Relu",
            "LeakyRelu",
            "Sum",
            "Mean",
            "Max",
        ),
        *(
            "Amax",
            "Min",
            "Amin",
            "View",
            "UnsafeView",
            "ReshapeAlias",
            "Alias",
            "Clone",
            "T",
            "Transpose",
            "Permute",
            "Expand",
        ),
        *(
            "Squeeze",
            "Unsqueeze",
            "Slice",
            "Select",
            "Split",
            "SplitWithSizes",
            "Unbind",
            "Index",
            "IndexSelect",
            "Gather",
        ),
        *(
            "Repeat",
            "Flip",
            "Roll",
            "AvgPool1D",
            "AvgPool2D",
            "AvgPool3D",
            "MaxPool2DWithIndices",
            "MaxPool3DWithIndices",
        ),
        *("AdaptiveAvgPool2D", "AdaptiveAvgPool3D", "AdaptiveMaxPool2D", "UpsampleNearest2D"),
        *("UpsampleBilinear2D", "Cumsum", "ToCopy", "NativeDropout", "Embedding", "AsStrided"),
    )
)
_POWERS = {"Sqrt": 0.5, "Rsqrt": -0.5, "Reciprocal": -1.0}
_NORMALIZATIONS = frozenset(
    ("NativeBatchNorm", "CudnnBatchNorm", "MiopenBatchNorm", "NativeLayerNorm", "NativeGroupNorm")
)


def degrees_of(graph: ForwardGraph, weights: Iterable[Edge]) -> dict[Edge, Degree]:
    """Of the values that depend on the weights, found node by node: through products, averages, rectifiers, roots,
    quotients and normalizations, whose guard against division by zero is overlooked. Where the loss has degree 0, it is
    invariant."""
    degrees: dict[Edge, Degree] = dict.fromkeys(weights, 1.0)
    depending = {node for node, _ in degrees}
    for node in graph.nodes:
        edges = list(node.next_functions)
        if node in depending or not any(edge[0] in depending for edge in edges):
            continue
        depending.add(node)
        degree = _degree(node, [degrees.get(edge, None if edge[0] in depending else 0.0) for edge in edges])
        for value in graph.results(node):
            degrees[value] = degree
    return degrees


def _degree(node: Any, inputs: Sequence[Degree]) -> Degree:
    # Whatever is made of values that stay the same stays the same.
    if all(each == 0 for each in inputs):
        return 0.0
    kind = kind_of(node)
    if kind in _PRODUCTS:
        return _sum(inputs)
    if kind == "Addmm":
        return _common([inputs[0], _sum(inputs[1:])])
    if kind == "Convolution":
        return _common([_sum(inputs[:2]), *(inputs[2:] if _is_biased(node) else [])])
    if kind == "Div":
        return _sum([inputs[0], _scaled(inputs[1] if len(inputs) > 1 else 0.0, -1)])
    if kind == "Pow":
        return (
            _scaled(inputs[0], float(node._saved_exponent))
            if hasattr(node, "_saved_exponent") and len(inputs) == 1
            else None
        )
    if kind in _POWERS:
        return _scaled(inputs[0], _POWERS[kind])
    if kind in _NORMALIZATIONS:
        # With statistics of its own: those that were kept do not scale.
        is_normalized = bool(getattr(node, "_saved_training", True))
        return 0.0 if is_normalized and inputs[0] is not None and all(each == 0 for each in inputs[1:]) else None
    return _common(inputs) if kind in _TOGETHER else None


def _is_biased(convolution: Any) -> bool:
    sizes = getattr(convolution, "_saved_bias_sym_sizes_opt", None) or getattr(
        convolution, "_saved_bias_sizes_opt", None
    )
    return bool(sizes) and any(int(each) > 0 for each in sizes)


def _sum(degrees: Sequence[Degree]) -> Degree:
    total = 0.0
    for each in degrees:
        if each is None:
            return None
        total += each
    return total


def _scaled(degree: Degree, factor: float) -> Degree:
    return None if degree is None else factor * degree


def _common(degrees: Sequence[Degree]) -> Degree:
    given: list[Degree] = list(degrees)
    return given[0] if all(each == given[0] for each in given) else None
