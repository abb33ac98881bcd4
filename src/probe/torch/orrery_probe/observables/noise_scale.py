"""How noisy the gradient is."""

from __future__ import annotations

from collections import deque

import torch

from .observable import Measurement, ObservedStep
from .ratio_of_means import ratio_of_means

MOST_PARTS = 8
"""Enough for a spread among parts, few enough that kernels still have work to do."""
_LONGEST_WINDOW = 100
"""Measurements that the ratio is taken over: more would be of other weights."""
_FEWEST_MEASUREMENTS = 10
"""Fewer say nothing certain about the spread of either side of the ratio."""


class NoiseScale:
    """Gradient noise scale tr Σ/|G|² (McCandlish et al. 2018, eq. 2.8 and appendix A.1), Σ the covariance of an
    example's gradient and G its mean: the batch size, in examples, at which noise and signal are equal.

    `gradient/noise`: unbiased estimate of tr Σ at this step, from the spread of micro-batches of the same weights.
    `gradient/signal`: unbiased estimate of |G|², which may be negative.
    `gradient/noiseScale`: mean of the one over mean of the other, over the last measurements, with the ends of its
    interval of 95 % confidence as `…/low` and `…/high`. The interval treats measurements as independent.
    """

    name = "gradient/noiseScale"
    price = 0.7
    in_step_record = False
    needs_products = True
    needs_update = False

    def __init__(self) -> None:
        self._window: deque[tuple[float, float]] = deque(maxlen=_LONGEST_WINDOW)

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Measurement | None:
        found = step.curvature.visit_parts(MOST_PARTS, step.step, lambda part, gradient: None)
        noise = sum(each.examples * each.squared_deviation for each in found.parts) / (len(found.parts) - 1)
        gradient = step.products().gradient()
        signal = float(gradient.norm()) ** 2 - noise / found.batch
        self._window.append((noise, signal))
        ratio = ratio_of_means(self._window) if len(self._window) >= _FEWEST_MEASUREMENTS else None
        values: dict[str, float] = {"gradient/noise": noise, "gradient/signal": signal}
        errors: dict[str, float] = {}
        if ratio is not None:
            values["gradient/noiseScale"] = ratio.value
            values["gradient/noiseScale/low"] = ratio.low
            values["gradient/noiseScale/high"] = ratio.high
            errors["gradient/noiseScale"] = max(ratio.high - ratio.value, ratio.value - ratio.low)
        return Measurement(
            values,
            f"{len(found.parts)} micro-batches of the same weights; ratio of the means of {len(self._window)} "
            "measurements",
            errors,
            sample=found.batch,
        )
