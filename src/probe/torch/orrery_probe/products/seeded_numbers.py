"""Random numbers from seeds of their own; of equal seeds those of the TensorFlow.js probe."""

from __future__ import annotations

import random

import torch
from torch import Tensor

_WORDS = 624
"""Of the Mersenne Twister's state."""


def permutation(count: int, seed: int) -> list[int]:
    """0 … count − 1 in a seeded random order (Fisher and Yates)."""
    uniform = iter(uniform_numbers(max(0, count - 1), seed).tolist())
    order = list(range(count))
    for index in range(count - 1, 0, -1):
        other = int(next(uniform) * (index + 1))
        order[index], order[other] = order[other], order[index]
    return order


def uniform_numbers(count: int, seed: int) -> Tensor:
    """Numbers from [0, 1) of 53 bits, by a Mersenne Twister seeded with one word (Matsumoto and Nishimura 1998)."""
    if count == 0:
        return torch.zeros(0, dtype=torch.float64, device="cpu")
    state = [seed & 0xFFFFFFFF]
    for index in range(1, _WORDS):
        previous = state[-1] ^ (state[-1] >> 30)
        state.append((1812433253 * previous + index) & 0xFFFFFFFF)
    generator = random.Random()
    generator.setstate((3, (*state, _WORDS), None))
    # `getrandbits` puts the generator's words one behind the other.
    words = bytearray(generator.getrandbits(64 * count).to_bytes(8 * count, "little"))
    drawn = torch.frombuffer(words, dtype=torch.int32).to(torch.int64).view(count, 2)
    high, low = drawn[:, 0] & 0x3FFFFFF, drawn[:, 1] & 0x7FFFFFF
    return high.double() * 2.0**-26 + low.double() * 2.0**-53
