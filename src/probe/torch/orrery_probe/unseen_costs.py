"""What measuring costs beyond what it times itself."""

from __future__ import annotations

from .usual_duration import UsualDuration

_LONGEST_MEMORY = 128
"""Steps in a row at which something is measured, after which it is no longer known how long a step takes without."""
_MOST_TAKEN_BACK = 0.5
"""Of what was timed: a script whose measured steps happen to be its short ones does not measure for nothing."""
_LEARNING_RATE = 1 / 32
"""Weight of the latest step in the running means: noise of single steps must not be charged."""


class UnseenCosts:
    """Garbage, caches gone cold, graphs that are kept, bookkeeping.

    It is the time by which steps at which something is measured, less what was timed, are longer than those at which
    nothing is, on average; none where that is not known.
    """

    def __init__(self) -> None:
        self._plain = UsualDuration()
        self._since_plain = 0
        self._excess: dict[bool, float] = {True: 0.0, False: 0.0}
        """Running means of the excess, of steps whose graph is kept and of those whose is not."""

    def add_plain(self, seconds: float) -> None:
        """A step at which nothing was measured has taken so many seconds."""
        self._plain.add(seconds)
        self._since_plain = 0

    def of(self, keeps_graph: bool, untimed: float, timed: float) -> float:
        """Seconds to charge beyond what was timed, for a step at which something was measured.

        Negative where noise has charged too much before: to charge only what is positive would let a noisy machine use
        up a budget. `untimed` are the seconds that the step took, less those that were `timed` as measuring.
        """
        excess = self._plain.excess(untimed) if self._since_plain < _LONGEST_MEMORY else None
        self._since_plain += 1
        # Forgotten by and by, where it is not known any more.
        self._excess[keeps_graph] += _LEARNING_RATE * ((excess or 0.0) - self._excess[keeps_graph])
        return max(-_MOST_TAKEN_BACK * timed, self._excess[keeps_graph])
