"""A symmetric operator that is known by its products with vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import torch
from torch import Tensor

from ..free_memory import free_memory

_MOST_BASIS_BYTES = 512 * 1024**2


@dataclass(frozen=True)
class SymmetricOperator:
    dimension: int
    device: torch.device
    multiply: Callable[[Tensor], Tensor]
    """A·v for a flat v of `dimension` elements; of whatever floating type."""
    rounding: float = 1e-6
    """Relative error of products, to the operator's scale. Measured in single precision: 1e-7 to 2e-6."""

    @property
    def working_type(self) -> torch.dtype:
        """Of basis vectors: products carry the rounding of the weights' own type, their combinations shall add none."""
        return torch.float32 if self.device.type == "mps" else torch.float64

    def product(self, vector: Tensor) -> Tensor:
        return self.multiply(vector).to(self.working_type)

    @property
    def most_basis_vectors(self) -> int:
        """How many vectors fit into memory, of which at most half of what is free is taken."""
        size = 4 if self.working_type == torch.float32 else 8
        return int(min(_MOST_BASIS_BYTES, free_memory(self.device) / 2)) // (size * self.dimension)


class RandomVectors:
    """From a seed of their own: equal seeds give equal vectors, and the script's random numbers are untouched."""

    def __init__(self, operator: SymmetricOperator, seed: int) -> None:
        self._operator = operator
        self._generator = torch.Generator("cpu").manual_seed(seed)

    def signs(self) -> Tensor:
        """Independent elements of -1 or 1."""
        drawn = torch.randint(
            0, 2, (self._operator.dimension,), generator=self._generator, dtype=torch.int8, device="cpu"
        )
        return drawn.to(self._operator.device).to(self._operator.working_type) * 2 - 1

    def normal(self) -> Tensor:
        """Independent standard normal elements."""
        drawn = torch.randn(self._operator.dimension, generator=self._generator, dtype=torch.float32, device="cpu")
        return drawn.to(self._operator.device).to(self._operator.working_type)

    def uniform(self) -> float:
        """One number from [0, 1)."""
        return float(torch.rand((), generator=self._generator, dtype=torch.float64, device="cpu"))


def unit(vector: Tensor) -> Tensor:
    return vector / vector.norm()
