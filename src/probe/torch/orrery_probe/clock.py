"""Times of a run, in seconds. What the probe itself takes is kept apart from what the script takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType


class RunClock:
    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._aside = 0.0
        self._block = _MeasuringBlock(self)
        self.measuring = 0.0
        """Seconds spent on measuring so far."""

    @property
    def time(self) -> float:
        """Seconds since the run began."""
        return self.time_at(time.perf_counter())

    def time_at(self, moment: float) -> float:
        """`time` at a moment of `time.perf_counter`."""
        return moment - self._start

    @property
    def script_time(self) -> float:
        """Seconds that the script has run, without measurements and pauses."""
        return self.script_time_at(time.perf_counter())

    def script_time_at(self, moment: float) -> float:
        """`script_time` at a moment of `time.perf_counter` since which nothing has been measured or set aside."""
        return moment - self._start - self.measuring - self._aside

    def measure(self) -> AbstractContextManager[None]:
        """Counts the time of its block as measuring; blocks may not be nested."""
        return self._block

    def add_measuring(self, seconds: float) -> None:
        """Counts so much of the time that has passed as measuring, which nobody has timed."""
        self.measuring += seconds

    @contextmanager
    def set_aside(self) -> Iterator[None]:
        """Counts the time of its block as neither the script's nor a measurement's, as a pause."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self._aside += time.perf_counter() - start


class _MeasuringBlock(AbstractContextManager[None]):
    """One for all blocks, as there is one at every step."""

    def __init__(self, clock: RunClock) -> None:
        self._clock = clock
        self._start = 0.0

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> None:
        self._clock.measuring += time.perf_counter() - self._start
