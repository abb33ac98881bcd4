"""How far a step moves each layer's weights."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..budget import Price
from .layer_matrices import double, layer_matrices, read, weights_not_finite
from .observable import Measurement, ObservedStep, Unmeasurable


class LayerUpdates:
    """Of each layer's weights W, by a step from W to W′:

    - `weight/norm@layer`: ‖W‖, the Frobenius norm, before the step.
    - `update/relative@layer`: ‖W′ − W‖ / ‖W‖.
    - `update/angle@layer`: angle between W and W′ as vectors, in radians (Kosson et al. 2023, eq. 5).
    """

    name = "update/layers"
    price: Price = "cheap"
    in_step_record = False
    needs_products = False
    needs_update = True

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Measurement | None:
        if step.before is None:
            return None
        layers: list[str] = []
        scalars: list[Tensor] = []
        for matrix in layer_matrices(step):
            layers.append(matrix.layer)
            scalars.extend(_lengths(double(step.before[matrix.index]), double(matrix.weight)))
        numbers = read(scalars)
        values: dict[str, float] = {}
        omitted: list[Unmeasurable] = []
        for index, layer in enumerate(layers):
            norm, norm_after, change, difference, total = numbers[5 * index : 5 * index + 5]
            if not math.isfinite(norm) or not math.isfinite(norm_after):
                omitted.append(weights_not_finite(layer))
                continue
            values[f"weight/norm@{layer}"] = norm
            if norm == 0:
                continue
            values[f"update/relative@{layer}"] = change / norm
            if norm_after > 0:
                values[f"update/angle@{layer}"] = 2 * math.atan2(difference, total)
        return Measurement(values, "from weights before and after", omitted=omitted)


def _lengths(before: Tensor, after: Tensor) -> tuple[Tensor, ...]:
    """Of W, W′ and W′ − W, and of the difference and the sum of W and W′ at unit length.

    The angle is 2·atan2 of the last two: an arc cosine would lose angles below 1e-8 (Kahan 2006, §13).
    """
    norm, norm_after = before.norm(), after.norm()
    u, v = before / norm, after / norm_after
    return norm, norm_after, (after - before).norm(), (u - v).norm(), (u + v).norm()
