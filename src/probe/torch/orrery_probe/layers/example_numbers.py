"""Examples told apart by what enters a network's layers for them."""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor

from .activations import CONVOLUTIONS, Layers
from .calls import KeptOutput


def layer_inputs(layers: Layers, examples: int | None) -> list[Tensor]:
    """What enters layers from outside with a row for each example, each once, in the order in which the layers ran;
    of images the channels last. The first layer may join examples and positions. Empty where the first layer takes what
    weights have changed, as where a normalization stands before it."""
    found: dict[int, Tensor] = {}
    for index, kept in enumerate(layers.products):
        value = _from_outside(kept)
        leading = 0 if value is None else next((extent for extent in value.shape if extent != 1), 0)
        if index == 0 and (examples is None or leading == 0 or leading % examples != 0):
            return []
        # What is the same number all over, as an initial state, tells nothing.
        if value is not None and (index == 0 or leading == examples) and _varies(value):
            found.setdefault(id(kept.argument), value)
    return list(found.values())


def _from_outside(kept: KeptOutput) -> Tensor | None:
    argument = kept.argument
    if argument is None or argument.requires_grad or argument._version != kept.argument_version:
        return None
    is_image = isinstance(kept.module, CONVOLUTIONS) and argument.dim() > 2
    return argument.movedim(1, -1) if is_image else argument


def _varies(value: Tensor) -> bool:
    return bool((value != value.flatten()[0]).any())


def example_numbers(inputs: Sequence[Tensor], examples: int) -> list[int]:
    """A number for each example of a batch, the same in every run that has it: the first 48 bits of the SHA-256 of what
    enters the layers for it, as float32 of this machine, one input after the other. The other probe gives the same."""
    rows = [each.detach().reshape(examples, -1).to("cpu", torch.float32).contiguous() for each in inputs]
    numbers: list[int] = []
    for example in range(examples):
        digest = hashlib.sha256()
        for each in rows:
            row = each[example]
            digest.update(ctypes.string_at(row.data_ptr(), row.numel() * row.element_size()))
        numbers.append(int.from_bytes(digest.digest()[:6], "big"))
    return numbers
