"""How runs that began at the same weights lie to each other."""

from __future__ import annotations

import math
from typing import Callable

import torch
from torch import Tensor

from ..kept_weights import MOST_KEPT_BYTES, KeptWeights, WeightsFolder, fingerprint_of
from ..probe_set import ProbeSet
from ..products.flat import flatten
from .initial_weights import InitialWeights
from .observable import Measurement, ObservedStep, Recording, Resting, Unmeasurable

_MOST_OTHERS = 3
"""Runs that this one is compared with, the newest ones."""
_LONGEST = 1.25
"""Steps of this run over those of the other's weights up to which the two are compared."""
_PLACES = 7
"""The line between the two weights is looked at in so many places between its ends."""
_LEAST_REST = 8
_REST = 0.1
"""Steps until the next measurement, as a part of those done."""


class Connectivity(Recording, Resting):
    """Each run keeps its weights on disk (`WeightsFolder`) whenever a tenth more steps are done. With an earlier run's
    weights w′ of as many steps or up to a quarter fewer, the newest of these,

        connectivity/barrier@run  =  max over a ∈ [0, 1] of L(a·w + (1 - a)·w′)  -  (L(w) + L(w′))/2

    (Frankle et al. 2020, §2; nine values of a), L being the mean of the loss over the probe set, in its unit. Without a
    barrier it is half of what the two losses differ by, or less than rounding where they do not. Batch normalization
    has each batch's own statistics everywhere on the line. Only runs that began at the same weights are compared.
    """

    name = "connectivity"
    price = 0.6
    in_step_record = False
    needs_products = True
    needs_update = False

    def __init__(self, folder: WeightsFolder, initial: InitialWeights, probe: ProbeSet) -> None:
        self._folder = folder
        self._initial = initial
        self._probe = probe
        self._fingerprint: str | None = None
        self._others: list[KeptWeights] | None = None

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Measurement | None:
        first = self._initial.of(step)
        _require_room(first)
        self._probe.look(step)
        if not self._probe.is_complete:
            return None
        self.rests_until = step.step + max(_LEAST_REST, math.ceil(_REST * step.step))
        if self._fingerprint is None:
            self._fingerprint = fingerprint_of(first)
        weights = flatten(step.parameters)
        self._keep(weights, step.step, self._fingerprint)
        if self._others is None:
            self._others = self._folder.alike(self._fingerprint)[:_MOST_OTHERS]
        values: dict[str, float] = {}
        for other in self._others:
            at = max((each for each in other.steps if each <= step.step), default=None)
            if at is None or step.step > _LONGEST * at or other.count != weights.numel():
                continue
            there = self._folder.read(other, at)
            if there is not None:
                values[f"connectivity/barrier@{other.run}"] = _barrier_between(weights, there, self._probe.loss)
        if not values:
            return None
        method = f"loss in {_PLACES + 2} places on the line between the weights, {self._probe.describe()}"
        return Measurement(values, method, sample=self._probe.examples)

    def _keep(self, weights: Tensor, step: int, first: str) -> None:
        try:
            self._folder.write(weights, step, first)
        except OSError as error:
            raise Unmeasurable(
                "weights-not-kept",
                "The weights are not kept for later runs to be compared with: they could not be written to the run's "
                f"folder ({error}).",
            ) from error


def _require_room(weights: Tensor) -> None:
    size = 4 * weights.numel()
    if size > MOST_KEPT_BYTES:
        raise Unmeasurable(
            "weights-size",
            f"The weights are not kept for later runs to be compared with: they take {size / 1024**2:.0f} MiB, and at "
            f"most {MOST_KEPT_BYTES / 1024**2:.0f} are kept.",
            "information",
        )


def _barrier_between(one: Tensor, other: Tensor, loss_at: Callable[[Tensor], float]) -> float:
    there = other.to(one.device, one.dtype)
    shares = [index / (_PLACES + 1) for index in range(_PLACES + 2)]
    losses = [loss_at((1 - share) * one + share * there) for share in shares]
    # `max` would pass over one that is not a number.
    highest = math.nan if any(map(math.isnan, losses)) else max(losses)
    return highest - (losses[0] + losses[-1]) / 2
