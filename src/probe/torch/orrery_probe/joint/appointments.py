"""Agreement on the steps that all processes measure together."""

from __future__ import annotations

from dataclasses import dataclass

from .counters import Counters

_FIRST = 3
"""Nobody knows before that all processes run under the probe: they say so after their first step."""
_SLOTS = 64
"""Of decisions that can be read. The first process's thread may be ahead of its device, but never by so many."""
_GAPS = 1 << 20
LONGEST_GAP = _GAPS - 1
NEVER = 0


@dataclass(frozen=True)
class Decision:
    measures: bool
    """Whether all measure the step."""
    is_last: bool
    """Whether no other follows."""


class Appointments:
    """Decisions of the first process, each about one step, and about when the next is made.

    A decision is published after the last step but one, and read after the last one. In between lies a backward pass in
    which all processes wait for each other's gradients, so that it is there when it is read, however long the first
    process has been paused: nobody waits for it. Where processes do not wait for each other's gradients, whoever reads
    has to wait.
    """

    def __init__(self, counters: Counters) -> None:
        self.step = _FIRST
        """That the next decision is about; steps count from 0."""
        self._counters = counters
        self._count = 0
        self._published: dict[int, int] = {}

    def is_to_be_published(self, done: int) -> bool:
        """After so many steps."""
        return self.step == done + 1

    def is_to_be_read(self, done: int) -> bool:
        """After so many steps."""
        return self.step == done

    def publish(self, measures: bool, gap: int) -> None:
        """The next decision is about the step so many later; after `NEVER`, there is none. Raises RuntimeError."""
        slot = self._count % _SLOTS
        value = 2 * (self.step * _GAPS + gap) + measures
        self._counters.add(_name(slot), value - self._published.get(slot, 0))
        self._published[slot] = value
        self._go_on(gap)

    def read(self, patience: float) -> Decision | None:
        """None where it was not to be had in so many seconds. Raises RuntimeError."""
        least = 2 * self.step * _GAPS
        value = self._counters.wait(_name(self._count % _SLOTS), lambda each: each >= least, patience)
        if value is None or value >= least + 2 * _GAPS:
            return None
        gap = (value - least) // 2
        self._go_on(gap)
        return Decision(value % 2 == 1, gap == NEVER)

    def _go_on(self, gap: int) -> None:
        self.step += gap
        self._count += 1


def _name(slot: int) -> str:
    return f"decision/{slot}"
