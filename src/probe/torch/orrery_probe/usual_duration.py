"""How long something that recurs usually takes."""

from __future__ import annotations

from collections import deque

_REMEMBERED = 32
_FEWEST = 12
"""Fewer durations than this say nothing."""
_PATIENCE = 8
"""Durations after which the mean is taken anew."""
_LONGEST = 3
"""In medians: what is longer counts as that long, be it the end of an epoch or another process that had its turn."""


class UsualDuration:
    """By its latest occurrences."""

    def __init__(self) -> None:
        self._latest: deque[float] = deque(maxlen=_REMEMBERED)
        self._count = 0
        self._computed_at = 0
        self._median: float | None = None
        self._mean = 0.0

    def add(self, seconds: float) -> None:
        """Seconds of one occurrence."""
        self._latest.append(seconds)
        self._count += 1

    def excess(self, seconds: float) -> float | None:
        """Seconds by which a duration exceeds the mean, negative where it is shorter; None before enough is known."""
        self._compute()
        return None if self._median is None else min(seconds, _LONGEST * self._median) - self._mean

    def _compute(self) -> None:
        if self._count < _FEWEST or (self._median is not None and self._count < self._computed_at + _PATIENCE):
            return
        self._computed_at = self._count
        ordered = sorted(self._latest)
        median = ordered[len(ordered) // 2]
        self._median = median
        self._mean = sum(min(each, _LONGEST * median) for each in ordered) / len(ordered)
