"""The weights of step 0, for what is compared with the initialization."""

from __future__ import annotations

from torch import Tensor

from ..products.flat import flatten
from .observable import AtFirstStep, Measurement, ObservedStep, Unmeasurable

_MOST_BYTES = 1024**3


class InitialWeights:
    def __init__(self) -> None:
        self._flat: Tensor | None = None

    def of(self, step: ObservedStep) -> Tensor:
        """Keeps the weights at step 0, flat.

        Raises Unmeasurable where there are no weights of step 0 to compare with, or keeping them takes too much memory.
        """
        count = sum(each.numel() for each in step.parameters)
        if 4 * count > _MOST_BYTES:
            raise Unmeasurable(
                "initialization-memory",
                "Nothing is compared with the initialization: it would take more than 1 GiB to keep the initial "
                "weights.",
            )
        if step.step == 0 and self._flat is None:
            self._flat = flatten(step.parameters).clone()
        if self._flat is None or len(self._flat) != count:
            raise Unmeasurable(
                "initialization-unknown",
                "Nothing is compared with the initialization: the weights of step 0 were not recorded, or there are "
                "others now.",
            )
        return self._flat


class KeepInitialWeights(AtFirstStep):
    """Measures nothing, but is there at step 0, when what is compared with the initialization is too dear to be
    measured."""

    name = "initialization"

    def __init__(self, initial: InitialWeights) -> None:
        self._initial = initial

    def measure_first(self, step: ObservedStep) -> Measurement | None:
        self._initial.of(step)
        return None
