"""Derivatives of what is known at single points only."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor


def central_difference(samples: Sequence[Tensor], step: float, rounding: float) -> tuple[Tensor, float]:
    """Derivative at 0 by central differences over τ and 2τ, extrapolated to τ = 0, and a bound on the norm of its
    error. Where the function jumps on the way it is the rate over this way, and the error grows by the jumps.

    `samples` are of a function of time with several elements, at -2τ, -τ, 0, τ and 2τ, in float64 where there is that;
    `step` is τ; `rounding` is the norm of the samples' own errors.
    """
    long_before, before, here, after, long_after = samples
    near, far = (after - before) / (2 * step), (long_after - long_before) / (4 * step)
    correction = (near - far) / 3
    # Fourth difference: next to nothing where the function is smooth, and at least the jump where one is crossed.
    jump = long_after - 4 * after + 6 * here - 4 * before + long_before
    # The two differences have errors of rounding/step and half that, which extrapolation weighs by 4/3 and 1/3.
    smooth = float(correction.norm()) + 1.5 * rounding / step
    return near + correction, smooth + float(jump.norm()) / (2 * step)
