"""Weights as matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..layer_name import layer_name
from .observable import ObservedStep, Unmeasurable


@dataclass(frozen=True)
class LayerMatrix:
    layer: str
    index: int
    """Of the parameter."""
    weight: Tensor
    """[units, …]: a convolution's kernel has a column for each offset and channel. At its value now, without a
    graph."""

    @property
    def values(self) -> Tensor:
        """[units, inputs], in float64."""
        return matrix_of(self.weight)


def layer_matrices(step: ObservedStep) -> list[LayerMatrix]:
    """Parameters of at least two axes that the optimizer has a gradient for; biases and gains are no matrices."""
    return [
        LayerMatrix(layer_name(name), index, parameter.detach())
        for index, (name, parameter, gradient) in enumerate(zip(step.names, step.parameters, step.gradients))
        if parameter.dim() >= 2 and parameter.numel() > 0 and parameter.is_floating_point() and gradient is not None
    ]


def matrix_of(tensor: Tensor) -> Tensor:
    """The first axis against all others, in float64."""
    return double(tensor).reshape(tensor.shape[0], -1)


def double(tensor: Tensor) -> Tensor:
    """In float64, on its own device where that knows it."""
    detached = tensor.detach()
    return (detached.cpu() if detached.device.type == "mps" else detached).double()


def read(scalars: Sequence[Tensor]) -> list[float]:
    """Tensors of one element, brought from the device at once."""
    if not scalars:
        return []
    device = scalars[0].device
    return torch.stack([each.reshape(()).double().to(device) for each in scalars]).tolist()  # type: ignore[no-any-return]


def weights_not_finite(layer: str) -> Unmeasurable:
    return Unmeasurable("weights-not-finite", f"Weights of {layer} have ceased to be finite; they are not measured.")


def gram_eigenvalues(matrix: Tensor) -> list[float]:
    """Of A·Aᵀ or Aᵀ·A, whichever is smaller, descending; what rounding has left of zero is zero. In float64."""
    gram = smaller_gram(matrix)
    eigenvalues: list[float] = torch.linalg.eigvalsh(gram).flip(0).tolist()
    smallest = eigenvalues[0] * gram.shape[0] * torch.finfo(torch.float64).eps
    return [each if each > smallest else 0.0 for each in eigenvalues]


def smaller_gram(matrix: Tensor) -> Tensor:
    return matrix @ matrix.t() if matrix.shape[0] <= matrix.shape[1] else matrix.t() @ matrix
