"""Activations of the first step."""

from __future__ import annotations

from .activation_moments import ActivationMoments
from .observable import AtFirstStep, Layered, Measurement, ObservedStep


class InitialActivations(AtFirstStep, Layered):
    """`activation/rms@layer` and `stream/rms` of the first step, which theory forecasts, whether or not the budget has
    come to activations by then."""

    name = "activation/initial"

    def measure_first(self, step: ObservedStep) -> Measurement | None:
        measured = ActivationMoments().measure(step)
        if measured is None:
            return None
        sizes = {name: value for name, value in measured.values.items() if name.startswith("activation/rms@")}
        return Measurement(sizes, measured.method, vectors=measured.vectors)
