"""Activation functions, by the nodes that they leave in the graph."""

from __future__ import annotations

from typing import Any, Callable

from torch import Tensor
from torch.nn import functional

from .forward_graph import kind_of

LINEAR = frozenset(("Add", "Sub", "Rsub", "Neg", "Mul", "Div"))
NONLINEAR = frozenset(
    (
        *(
            "Relu",
            "LeakyRelu",
            "Prelu",
            "PreluKernel",
            "RreluWithNoise",
            "Elu",
            "Gelu",
            "Silu",
            "Mish",
            "Sigmoid",
            "Tanh",
        ),
        *(
            "Softplus",
            "Hardtanh",
            "Hardswish",
            "Hardsigmoid",
            "LogSigmoid",
            "LogSigmoidForward",
            "Threshold",
            "Softshrink",
        ),
        *(
            "Hardshrink",
            "Erf",
            "Exp",
            "Expm1",
            "Log1P",
            "Abs",
            "Pow",
            "Sin",
            "Cos",
            "Maximum",
            "Minimum",
            "Clamp",
            "ClampMin",
        ),
        *("ClampMax", "Sqrt", "Reciprocal"),
    )
)


def function_of(node: Any) -> Callable[[Tensor], Tensor] | None:
    """What a node computes, where it is an activation function with nothing but constants; it works on values without
    graph."""
    make = _FUNCTIONS.get(kind_of(node))
    return None if make is None else make(node)


def is_rectifier(node: Any) -> bool:
    """Whether a unit may be zero on all examples because it is cut off below zero: ReLU and ReLU6."""
    kind = kind_of(node)
    return kind == "Relu" or (kind == "Hardtanh" and float(node._saved_min_val) == 0)


def _elu(node: Any) -> Callable[[Tensor], Tensor]:
    alpha, scale, input_scale = (
        float(each) for each in (node._saved_alpha, node._saved_scale, node._saved_input_scale)
    )

    def elu(x: Tensor) -> Tensor:
        return scale * (x.clamp(min=0) + alpha * (x.clamp(max=0) * input_scale).expm1())

    return elu


def _hardtanh(node: Any) -> Callable[[Tensor], Tensor]:
    least, most = float(node._saved_min_val), float(node._saved_max_val)
    return lambda x: x.clamp(least, most)


def _leaky(node: Any) -> Callable[[Tensor], Tensor]:
    slope = float(node._saved_negative_slope)
    return lambda x: functional.leaky_relu(x, slope)


def _gelu(node: Any) -> Callable[[Tensor], Tensor]:
    how = getattr(node, "_saved_approximate", "none")
    approximate = how.decode() if isinstance(how, bytes) else str(how)
    return lambda x: functional.gelu(x, approximate=approximate)


def _softplus(node: Any) -> Callable[[Tensor], Tensor]:
    beta, threshold = float(node._saved_beta), float(node._saved_threshold)
    return lambda x: functional.softplus(x, beta, threshold)


_FUNCTIONS: dict[str, Callable[[Any], Callable[[Tensor], Tensor]]] = {
    "Relu": lambda _: lambda x: x.relu(),
    "Sigmoid": lambda _: lambda x: x.sigmoid(),
    "Tanh": lambda _: lambda x: x.tanh(),
    "Silu": lambda _: functional.silu,
    "Mish": lambda _: functional.mish,
    "Hardswish": lambda _: functional.hardswish,
    "Hardsigmoid": lambda _: functional.hardsigmoid,
    "Elu": _elu,
    "Hardtanh": _hardtanh,
    "LeakyRelu": _leaky,
    "Gelu": _gelu,
    "Softplus": _softplus,
}
