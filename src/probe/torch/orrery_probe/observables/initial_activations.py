"""Activations of the first step."""

from __future__ import annotations

import torch

from .activation_moments import ActivationMoments
from .observable import FREE, Layered, Measurement, ObservedStep


class InitialActivations(Layered):
    """`activation/rms@layer` of the first step, which theory forecasts, whether or not the budget has come to
    activations by then."""

    name = "activation/initial"
    price = FREE
    in_step_record = False
    needs_products = True
    needs_update = False

    def __init__(self) -> None:
        self._is_late = False

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return not self._is_late

    def measure(self, step: ObservedStep) -> Measurement | None:
        self._is_late = True
        measured = ActivationMoments().measure(step) if step.step == 0 else None
        if measured is None:
            return None
        sizes = {name: value for name, value in measured.values.items() if name.startswith("activation/rms@")}
        return Measurement(sizes, measured.method)
