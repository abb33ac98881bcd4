"""The latest steps, where they outlive the process although they are not in the spool yet: a file's memory."""

from __future__ import annotations

import functools
import math
import mmap
import os
import struct
from collections.abc import Iterator
from typing import NamedTuple

NAME = "latest-steps.bin"
"""In the run's folder; what it holds is in `record.ts`."""

_HEAD = struct.Struct("<3d8x")
_STEP = struct.Struct("<4d")
_SIZE = 16_384


class StoredStep(NamedTuple):
    time: float
    """When it ended, in seconds since the run began."""
    loss: float
    learning_rate: float
    step: int
    seconds: float
    """That it took."""


class LatestSteps:
    """Plain steps, one after the other, as four numbers each.

    Next to steps of a millisecond it is dear to write records: some twenty microseconds, most of them for fetching the
    instructions anew that training has displaced. To store numbers takes one, and fifty records together take little
    more than one does.
    """

    def __init__(self, directory: str) -> None:
        """Raises OSError or ValueError where there can be no such memory."""
        self._path = os.path.join(directory, NAME)
        with open(self._path, "w+b") as file:
            # On disk, and not only promised: to touch a page for which there is no room would end the process.
            file.write(bytes(_SIZE))
            file.flush()
            self._memory: mmap.mmap | bytearray = mmap.mmap(file.fileno(), _SIZE)
        self._before = 0.0
        self.end = _HEAD.size
        """Where the next step goes; no further than to `size`."""
        self.width, self.size = _STEP.size, _SIZE
        self.store = functools.partial(_STEP.pack_into, self._memory)
        """At a place: when the step ended, in seconds since the run began, its loss, its learning rate, its number."""
        self.clear()

    @property
    def is_empty(self) -> bool:
        return self.end == _HEAD.size

    def begin(self, spool: int, step: int, before: float) -> None:
        """What is stored from now on comes behind so many bytes of the spool. The first of the steps is number `step`;
        the one before it ended at `before`."""
        self.end = _HEAD.size
        self._before = before
        _HEAD.pack_into(self._memory, 0, spool, step, before)

    def __iter__(self) -> Iterator[StoredStep]:
        before = self._before
        for time, loss, learning_rate, step in _STEP.iter_unpack(self._memory[_HEAD.size : self.end]):
            yield StoredStep(time, loss, learning_rate, int(step), time - before)
            before = time

    def clear(self) -> None:
        """To be called when it is in the spool; what is stored before the next `begin` does not outlive the process."""
        if not self.is_empty:
            self._before, *_ = _STEP.unpack_from(self._memory, self.end - self.width)
        self.end = _HEAD.size
        _HEAD.pack_into(self._memory, 0, math.nan, math.nan, math.nan)

    def remove(self) -> None:
        """To be called when all is in the spool; what is stored afterwards is nobody's. Raises OSError."""
        memory, self._memory = self._memory, bytearray(_SIZE)
        self.store = functools.partial(_STEP.pack_into, self._memory)
        if isinstance(memory, mmap.mmap):
            memory.close()
        os.remove(self._path)
