"""How many units are dormant without having died."""

from __future__ import annotations

import math
import sys

DORMANCY = 0.025
"""Of the mean over a layer's units, up to which a unit is dormant (Sokar et al. 2023, §3)."""


def dormant_by_chance(count: int, is_rectified: bool) -> float:
    """Chance that a unit of independent standard normal activations, rectified or not, is dormant on n examples and
    positions, in a layer of many such units: that the sum of their absolute values is at most t = 0.025·n of their
    mean.

    k half-normal numbers have density (2/π)^(k/2) where they are small, so that this is (2/π)^(k/2)·tᵏ/k!. Without a
    rectifier k = n; with one, k of n are positive with the binomial chances of even ones. An upper bound, since the
    density falls; where it is not negligible, n is small and it is as good as exact.
    """
    return _of_rectified(count) if is_rectified else _of_normal(count)


def _of_normal(count: int) -> float:
    # The mean is √(2/π).
    volume = DORMANCY * count * 2 / math.pi
    return math.exp(min(0.0, count * math.log(volume) - math.lgamma(count + 1)))


def _of_rectified(count: int) -> float:
    # The mean is 1/√(2π).
    volume = DORMANCY * count / math.pi
    term = 0.5**count
    chance = term
    for positive in range(1, count + 1):
        if term <= sys.float_info.epsilon * chance:
            break
        term *= volume * (count - positive + 1) / positive**2
        chance += term
    return chance
