"""Vectors over all parameters, flat, in the order of the parameters."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def flatten(tensors: Sequence[Tensor]) -> Tensor:
    """One vector of all, of their widest floating type: half-precision parameters would lose sums. Raises
    TypeError for complex ones."""
    kind = flat_type(tensors)
    return torch.cat([tensor.detach().reshape(-1).to(kind) for tensor in tensors])


def flat_type(tensors: Sequence[Tensor]) -> torch.dtype:
    """Of `flatten`'s vector. Raises TypeError."""
    if any(tensor.is_complex() for tensor in tensors):
        raise TypeError("what is complex has no flat vector of real numbers")
    return torch.float64 if any(tensor.dtype == torch.float64 for tensor in tensors) else torch.float32


def split(flat: Tensor, like: Sequence[Tensor]) -> list[Tensor]:
    """The parts of a flat vector, each of the shape and type of its parameter."""
    parts = flat.split([each.numel() for each in like])
    return [part.view_as(each).to(each.dtype) for part, each in zip(parts, like)]


def or_zeros(tensors: Sequence[Tensor | None], like: Sequence[Tensor]) -> list[Tensor]:
    """Gradients of parameters that a loss does not depend on are zero."""
    return [torch.zeros_like(each) if tensor is None else tensor for tensor, each in zip(tensors, like)]
