"""Vectors that go from process to process."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Callable

import torch
from torch import Tensor

from ..observables.observable import Unmeasurable
from .unheard import without_greeting

PATIENCE = 5.0
"""Seconds that one process waits for another."""


class ProcessesApart(Unmeasurable):
    """The processes have not come together, and will not any more."""

    def __init__(self) -> None:
        super().__init__(
            "several-processes-apart",
            "Curvature is measured no more: the processes that train together did not come to a measurement within "
            f"{PATIENCE:.0f} seconds of each other, as where one has ended, or has fewer batches than the others.",
        )


class Channel:
    """By way of the processors, in a process group of our own: what goes wrong in it leaves the script's alone, and
    what takes too long is an error here, where NCCL would end the process."""

    def __init__(self, store: Any, rank: int, size: int) -> None:
        """Waits for the other processes. Raises RuntimeError where they do not come."""
        distributed: Any = torch.distributed
        with without_greeting():
            self._group: Any = distributed.ProcessGroupGloo(
                distributed.PrefixStore("orrery", store), rank, size, timedelta(seconds=PATIENCE)
            )
        self.rank = rank
        self.is_broken = False
        """Whether nothing comes through any more."""

    def hand_on(self, vector: Tensor) -> None:
        """Writes the first process's vector into that of every other. Raises ProcessesApart."""
        self._finish(lambda: self._group.broadcast(vector, 0))

    def add_up(self, vector: Tensor) -> None:
        """Writes the sum of all processes' vectors into each. Raises ProcessesApart."""
        self._finish(lambda: self._group.allreduce([vector]))

    def _finish(self, begin: Callable[[], Any]) -> None:
        if self.is_broken:
            raise ProcessesApart
        try:
            begin().wait()
        except RuntimeError as error:
            self.is_broken = True
            raise ProcessesApart from error
