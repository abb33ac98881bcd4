"""When the script's operations are recorded."""

from __future__ import annotations

import sys
from typing import Any, Callable

from .products.captured_call import tensors_in
from .products.tape import Tape


class Tapes:
    """One a step at most: from the end of the step before, since nobody tells where an evaluation begins, to the step
    itself, without backward passes."""

    def __init__(self) -> None:
        self.is_ours: Callable[[], bool] = lambda: False
        """Tells whether what happens is the probe's own doing."""
        self.current: Tape | None = None
        self.is_wanted = False
        """Whether curvature is not to be had without."""
        self.compiles = False
        """Whether the script has asked for something to be compiled."""

    @property
    def is_possible(self) -> bool:
        """Whether recording changes nothing: what is compiled would run uncompiled, and round otherwise."""
        dynamo = sys.modules.get("torch._dynamo.utils")
        return not self.compiles and (dynamo is None or not dynamo.counters["frames"])

    def begin(self) -> None:
        if self.current is None and self.is_possible:
            self.current = Tape(self.is_ours)
            self.current.resume()

    def pause(self) -> None:
        if self.current is not None:
            self.current.pause()

    def resume(self) -> None:
        if self.current is not None:
            self.current.resume()

    def without(self, run: Callable[[], Any]) -> Any:
        """Runs something that is not recorded."""
        tape = self.current
        if tape is None or not tape.is_recording:
            return run()
        tape.pause()
        try:
            result = run()
        finally:
            tape.resume()
        tape.pass_over(list(tensors_in(result)))
        return result

    def end(self) -> None:
        if self.current is not None:
            self.current.discard()
        self.current = None
