"""The ratio of two means, with its uncertainty."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_NORMAL_QUANTILE = 1.96


@dataclass(frozen=True)
class RatioOfMeans:
    value: float
    low: float
    """Ends of the interval of 95 % confidence."""
    high: float


def ratio_of_means(pairs: Sequence[tuple[float, float]]) -> RatioOfMeans | None:
    """Mean of the numerators over mean of the denominators, with Fieller's (1954) interval of 95 % confidence. The mean
    of the ratios would be biased.

    None where the denominators' mean is not clear of zero, for then the interval has no end.
    """
    count = len(pairs)
    if count < 2:
        return None
    top, bottom = (sum(pair[side] for pair in pairs) / count for side in (0, 1))

    def covariance(a: int, b: int) -> float:
        means = (top, bottom)
        return sum((pair[a] - means[a]) * (pair[b] - means[b]) for pair in pairs) / ((count - 1) * count)

    of_top, of_both, of_bottom = covariance(0, 0), covariance(0, 1), covariance(1, 1)
    quantile = _student_quantile(count - 1)
    if not bottom > 0:
        return None
    doubt = quantile**2 * of_bottom / bottom**2
    if not doubt < 1:
        return None
    value = top / bottom
    centre = value - quantile**2 * of_both / bottom**2
    spread = (
        of_top
        - 2 * value * of_both
        + value**2 * of_bottom
        - quantile**2 / bottom**2 * (of_top * of_bottom - of_both**2)
    )
    half = quantile / bottom * math.sqrt(max(0.0, spread))
    return RatioOfMeans(value, (centre - half) / (1 - doubt), (centre + half) / (1 - doubt))


def _student_quantile(freedom: int) -> float:
    """Student's quantile by its expansion about the normal one, to the second order (Abramowitz and Stegun 1964,
    26.7.5)."""
    z = _NORMAL_QUANTILE
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
