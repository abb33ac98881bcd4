"""Keeps what is no finite number out of records of measurements."""

from __future__ import annotations

import math
from dataclasses import replace

from .observable import Measurement, Unmeasurable


def finite(measurement: Measurement) -> Measurement:
    """What of a measurement is finite, errors included; what is not is left out of it, and told."""
    values, errors = measurement.values, measurement.error
    broken = [
        name for name, value in values.items() if not math.isfinite(value) or not math.isfinite(errors.get(name, 0.0))
    ]
    broken += [name for name, vector in measurement.vectors.items() if not all(map(math.isfinite, vector))]
    if not broken:
        return measurement
    return replace(
        measurement,
        values={name: value for name, value in values.items() if name not in broken},
        error={name: value for name, value in errors.items() if name not in broken},
        vectors={name: vector for name, vector in measurement.vectors.items() if name not in broken},
        omitted=[*measurement.omitted, *map(_not_finite, broken)],
    )


def _not_finite(name: str) -> Unmeasurable:
    return Unmeasurable("value-not-finite", f"{name} was left out at some steps: it is no finite number there.")
