"""What measuring costs beyond what it times itself."""

from __future__ import annotations

from .usual_duration import UsualDuration

_LONGEST_MEMORY = 128
"""Steps in a row at which something is measured, after which it is no longer known how long a step takes without."""
_MOST_TAKEN_BACK = 0.5
"""Of what was timed: a script whose measured steps happen to be its short ones does not measure for nothing."""
_LEARNING_RATE = 1 / 32
"""Weight of the latest step in the running means: noise of single steps must not be charged."""
_WAKE = 16
"""Steps after a measurement that are longer by what it leaves behind."""
_WAKE_LEARNING_RATE = 1 / 256
"""The same for each of those: what one of them is longer by is less than single steps differ."""


class UnseenCosts:
    """Garbage, caches gone cold, graphs that are kept, bookkeeping.

    It is the time by which steps at which something is measured, less what was timed, and those that come next are
    longer than those that come later, on average. Where none comes later, it is by how much steps at which something is
    measured are longer than the others; none where that is not known either.
    """

    def __init__(self) -> None:
        self._plain = UsualDuration()
        self._since_plain = 0
        self._excess: dict[bool, float] = {True: 0.0, False: 0.0}
        """Running means of the excess, of steps whose graph is kept and of those whose is not."""
        self._rested = UsualDuration()
        self._since_rested = 0
        self._since_measured = _WAKE
        self._wake_excess = 0.0
        """Running mean of the excess of a step in the wake of a measurement."""
        self._wakes = 0.0
        """Seconds of wakes, not charged yet."""

    def add_plain(self, seconds: float) -> None:
        """A step at which nothing was measured has taken so many seconds."""
        self._plain.add(seconds)
        self._since_plain = 0
        if self._since_measured >= _WAKE:
            self._rested.add(seconds)
            self._since_rested = 0
            return
        excess = self._rested.excess(seconds) if self._since_rested < _LONGEST_MEMORY else None
        self._since_measured += 1
        self._since_rested += 1
        self._wake_excess += _WAKE_LEARNING_RATE * ((excess or 0.0) - self._wake_excess)
        self._wakes += self._wake_excess

    def of(self, keeps_graph: bool, untimed: float, timed: float) -> float:
        """Seconds to charge beyond what was timed, for a step at which something was measured and the wake of the last.

        Negative where noise has charged too much before: to charge only what is positive would let a noisy machine use
        up a budget. `untimed` are the seconds that the step took, less those that were `timed` as measuring.
        """
        excess = self._rested.excess(untimed) if self._since_rested < _LONGEST_MEMORY else None
        if excess is None and self._since_plain < _LONGEST_MEMORY:
            excess = self._plain.excess(untimed)
        self._since_rested += 1
        self._since_plain += 1
        # Forgotten by and by, where it is not known any more.
        self._excess[keeps_graph] += _LEARNING_RATE * ((excess or 0.0) - self._excess[keeps_graph])
        charge = self._excess[keeps_graph] + self._wakes
        self._since_measured = 0
        self._wakes = 0.0
        return max(-_MOST_TAKEN_BACK * timed, charge)
