"""Keeps a step's graph from being kept where it would not fit in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Callable

import torch

from .free_memory import free_memory, used_memory
from .journal import Journal

_LEFT_ALONE = 128 * 1024**2
"""Bytes that are left to the script whatever is measured, and all that is asked for before the first measurement."""
_COPIES = 3
"""Of what products hold: the graph of the gradient, what a product takes on its way, and an evaluation at other
weights."""


class MemoryGuard:
    """By what the last products held."""

    def __init__(
        self,
        journal: Journal,
        free: Callable[[torch.device], int] = free_memory,
        used: Callable[[torch.device], int] = used_memory,
    ) -> None:
        """`free` gives bytes that can still be allocated on a device, `used` those that the process has allocated
        there."""
        self._journal = journal
        self._free = free
        self._used = used
        self._held = 0

    @contextmanager
    def watch(self, device: torch.device) -> Iterator[None]:
        """Its block makes products."""
        before = self._used(device)
        try:
            yield
        finally:
            self._held = max(0, self._used(device) - before)

    def admits(self, device: torch.device) -> bool:
        """Whether products may be made now; the first time that they may not, a note says so."""
        needed = _COPIES * self._held + _LEFT_ALONE
        free = self._free(device)
        if needed <= free:
            return True
        self._journal.note_once(
            "warning",
            "curvature-memory-scarce",
            "Curvature is not measured while memory is scarce: it takes more than is free beside the script's own. "
            "Smaller batches need less.",
        )
        return False
