"""Records the operations of an evaluation, so that the loss can be computed again from other weights.

Where a custom function's backward cannot be differentiated, the operations of its forward still can.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Callable

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from ..free_memory import free_memory

_MOST_BYTES = 2 * 1024**3
"""That the recorded values may hold; a quarter of what is free, where that is less."""
_MOST_OPERATIONS = 200_000
ATTENTION = "scaled_dot_product"
"""In the names of fused attention, which is said to be random, but is so only with dropout."""
_RANDOM = torch.Tag.nondeterministic_seeded


@dataclass(frozen=True)
class Operation:
    function: Any
    args: Any
    kwargs: Any
    result: Any
    versions: list[tuple[Tensor, int | None]]
    """Of the tensors that went in, before it ran: they count how often each has been written to."""
    drawn: list[Tensor] | None
    """Copies of the results of random draws, since what is drawn may be written over."""

    @property
    def name(self) -> str:
        return str(self.function._schema.name)


class Tape(TorchDispatchMode):
    """Runs every operation as it is, and notes it.

    A mode that lies over others, or under them, cannot be taken away in the middle: then this one stays and does
    nothing. A compiled function would run uncompiled under it, so nothing may be compiled.
    """

    def __init__(self, is_ours: Callable[[], bool]) -> None:
        """`is_ours` tells whether what happens is the probe's own doing."""
        super().__init__()
        self.operations: list[Operation] = []
        self._gaps: dict[int, weakref.ref[Tensor]] = {}
        """What was given by evaluations without gradients, which are passed over, by its ids."""
        self._is_ours = is_ours
        self.is_recording = False
        self._is_entered = False
        self._is_full = False
        self.bytes = 0
        """That the noted results hold."""
        self._process = os.getpid()

    @property
    def is_whole(self) -> bool:
        """Whether everything was noted since the start, but for gaps."""
        return not self._is_full

    def pass_over(self, results: Sequence[Tensor]) -> None:
        """An evaluation that was not noted has given these."""
        results_before = (each for operation in reversed(self.operations) for each in tensors_of(operation.result))
        if not any(each.requires_grad for each in results_before):
            # As if it began here: else the tape of a step would hold the whole validation before it.
            for each in self._spread():
                self._mark(each)
            self.operations, self.bytes = [], 0
        for each in results:
            self._mark(each)

    def has_gap_among(self, tensors: Sequence[Tensor]) -> bool:
        """Whether one of them came of an evaluation that was passed over."""
        from_gaps = {id(each) for each in self._spread()}
        return any(id(each) in from_gaps or id(each) in self._gaps for each in tensors)

    def _spread(self) -> list[Tensor]:
        """What was computed from results of gaps."""
        found: dict[int, Tensor] = {}
        if self._gaps:
            for operation in self.operations:
                if any(id(each) in self._gaps or id(each) in found for each, _ in operation.versions):
                    found.update((id(each), each) for each in tensors_of(operation.result))
        return list(found.values())

    def _mark(self, result: Tensor) -> None:
        key = id(result)
        self._gaps[key] = weakref.ref(result, lambda _: self._gaps.pop(key, None))

    def resume(self) -> None:
        if self._is_full:
            return
        if not self._is_entered:
            if torch._C._len_torch_dispatch_stack() > 0:
                return
            self.__enter__()
            self._is_entered = True
        self.is_recording = True

    def pause(self) -> None:
        self.is_recording = False
        stack = torch._C._len_torch_dispatch_stack()
        if self._is_entered and stack > 0 and torch._C._get_dispatch_stack_at(stack - 1) is self:
            self.__exit__(None, None, None)
            self._is_entered = False

    def discard(self) -> None:
        self.pause()
        self._is_full = True
        self.operations = []

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if not self.is_recording or self._is_ours() or os.getpid() != self._process:
            return function(*args, **kwargs)
        versions = [(each, _version(each)) for each in tensors_of((args, kwargs))]
        result = function(*args, **kwargs)
        self._note(function, args, kwargs, result, versions)
        return result

    def _note(self, function: Any, args: Any, kwargs: Any, result: Any, versions: Any) -> None:
        results = list(tensors_of(result))
        if not results:
            return
        drawn = None
        if is_random(function):
            # Below the mode nothing of this is noted; the copy has no part in the script's graph.
            drawn = [each.detach().clone() for each in results]
        self.operations.append(Operation(function, args, kwargs, result, versions, drawn))
        known = {id(tensor) for tensor, _ in versions}
        self.bytes += sum(each.numel() * each.element_size() for each in results if id(each) not in known)
        if (
            self.bytes > min(_MOST_BYTES, free_memory(results[0].device) // 4)
            or len(self.operations) > _MOST_OPERATIONS
        ):
            self._is_full = True
            self.is_recording = False
            self.operations = []


def is_random(function: Any) -> bool:
    """Whether an operation draws random numbers."""
    return _RANDOM in function.tags and ATTENTION not in function._schema.name


def tensors_of(tree: Any) -> Iterator[Tensor]:
    """In what operations take and give: nested lists and tuples, and dictionaries of arguments."""
    if isinstance(tree, Tensor):
        yield tree
    elif isinstance(tree, (list, tuple)):
        for each in tree:
            yield from tensors_of(each)
    elif isinstance(tree, dict):
        for each in tree.values():
            yield from tensors_of(each)


def _version(tensor: Tensor) -> int | None:
    return None if tensor.is_inference() else tensor._version
