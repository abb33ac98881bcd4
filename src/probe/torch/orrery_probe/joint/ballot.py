"""Whether all processes can measure a step, found out before any waits for the others' numbers."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from .counters import Counters

_REFUSAL = 1 << 32
"""More than there are processes."""
_UNKNOWN = 1 << 48
"""More than there are examples."""
_PARTS = ("votes", "sum", "squares", "examples", "squared examples")


@dataclass(frozen=True)
class Outcome:
    is_unanimous: bool
    have_same_weights: bool
    examples: int | None
    """In all batches together, where every process knows its own."""
    examples_each: int | None
    """In the batch of each, where they are of one size."""


class Ballot:
    def __init__(self, counters: Counters, step: int, size: int) -> None:
        """`size` is the number of processes."""
        self._counters = counters
        self._step = step
        self._size = size

    def cast(self, parameters: Sequence[Tensor], examples: int | None) -> None:
        """For the measurement. Raises RuntimeError."""
        signature = _signature_of(parameters)
        self._add("sum", signature)
        self._add("squares", signature * signature)
        self._add("examples", _UNKNOWN if examples is None else examples)
        self._add("squared examples", 0 if examples is None else examples * examples)
        self._add("votes", 1)

    def refuse(self) -> None:
        """One vote against it is enough. Raises RuntimeError."""
        self._add("votes", _REFUSAL)

    def outcome(self, patience: float) -> Outcome | None:
        """The same for all; None where too few have voted in so many seconds. Raises RuntimeError."""
        votes = self._counters.wait(self._name("votes"), lambda each: each >= _REFUSAL or each == self._size, patience)
        if votes is None:
            return None
        total, squares, sum_of_examples, squared_examples = (self._add(part, 0) for part in _PARTS[1:])
        examples = _known(sum_of_examples)
        is_even = examples is not None and self._are_equal(examples, squared_examples)
        return Outcome(
            votes == self._size,
            self._are_equal(total, squares),
            examples,
            examples // self._size if examples is not None and is_even else None,
        )

    def _are_equal(self, total: int, squares: int) -> bool:
        """Whether numbers of this sum, and of this sum of squares, are all the same: equality in the inequality of
        Cauchy and Schwarz."""
        return self._size * squares == total * total

    def forget(self) -> None:
        """To be called when all have voted at a later one."""
        for part in _PARTS:
            self._counters.forget(self._name(part))

    def _add(self, part: str, value: int) -> int:
        return self._counters.add(self._name(part), value)

    def _name(self, part: str) -> str:
        return f"{self._step}/{part}"


def _known(examples: int) -> int | None:
    return examples if examples < _UNKNOWN else None


def _signature_of(parameters: Sequence[Tensor]) -> int:
    """Of 24 bits, so that sums of squares over many processes are whole numbers that the store can hold."""
    shapes = repr([(tuple(each.shape), str(each.dtype)) for each in parameters])
    return zlib.crc32(shapes.encode()) & 0xFFFFFF
