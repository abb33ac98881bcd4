"""Size of each layer's activations, and units that are dead."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from ..layer_name import layer_name
from ..layers.activations import LayerActivation
from ..layers.evaluated import ActiveLayers
from ..layers.recurrences import RecurrentActivation
from ..layers.residual_stream import residual_stream
from .dormant_by_chance import DORMANCY, dormant_by_chance
from .layer_matrices import double, layer_matrices, read
from .observable import Layered, Measurement, ObservedStep, Unmeasurable


class ActivationMoments(Layered):
    """Of each layer's activation on the step's batch, after its activation function and at the weights before the step:

    - `activation/rms@layer`, `activation/mean@layer`: over examples, positions and units.
    - `activation/deadFraction@layer`: share of the units that are zero on the whole batch, for rectifiers. Null: 2⁻ⁿ,
    that of
      signs which are even chances, independent over n examples and positions.
    - `activation/dormantFraction@layer`: share of the units whose mean absolute activation is at most 0.025 of the mean
    of these
      over the layer (Sokar et al. 2023, definition 3.1); all of them, where the whole layer is zero. Null: see
      `dormant_by_chance`.
    - `stream/rms`: a vector of the root mean squares of the residual stream, before its first block and after each
      (`residual_stream`).
    """

    name = "activation/rms"
    price = 0.05
    in_step_record = False
    needs_products = False
    needs_update = False

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Measurement | None:
        active = step.activations()
        if active is None:
            return None
        omitted = unclear_layers(step, active)
        activations = whole_activations(active)
        counts: list[int] = []
        scalars: list[Tensor] = []
        for each in activations:
            rows = double(each.rows())
            counts.append(rows.shape[0])
            sizes = rows.abs().sum(dim=0)
            dormant = (sizes <= DORMANCY * sizes.mean()).double().mean()
            scalars.extend(((rows * rows).mean(), rows.mean(), (rows == 0).all(dim=0).double().mean(), dormant))
        numbers = read(scalars)
        values: dict[str, float] = {}
        for index, each in enumerate(activations):
            square, mean, dead, dormant_fraction = numbers[4 * index : 4 * index + 4]
            if not math.isfinite(square):
                omitted.append(activation_not_finite(each.layer))
                continue
            values[f"activation/rms@{each.layer}"] = math.sqrt(square)
            values[f"activation/mean@{each.layer}"] = mean
            values[f"activation/dormantFraction@{each.layer}"] = dormant_fraction
            by_chance = dormant_by_chance(counts[index], each.is_rectified)
            values[f"activation/dormantFraction@{each.layer}/null"] = by_chance
            if each.is_rectified:
                values[f"activation/deadFraction@{each.layer}"] = dead
                values[f"activation/deadFraction@{each.layer}/null"] = 0.5 ** counts[index]
        stream = _stream_sizes(active)
        vectors = {"stream/rms": stream} if stream else {}
        return Measurement(values, f"{active.how}{which_calls(activations)}", omitted=omitted, vectors=vectors)


def _stream_sizes(active: ActiveLayers) -> list[float]:
    return [math.sqrt(each) for each in read([(double(value) ** 2).mean() for value in residual_stream(active.layers)])]


def whole_activations(active: ActiveLayers) -> list[LayerActivation | RecurrentActivation]:
    whole = [each for each in active.layers.activations if each.is_whole and each.product.value.numel() > 0]
    return [*whole, *(each for each in active.layers.recurrent if each.states.numel() > 0)]


def which_calls(activations: Sequence[LayerActivation | RecurrentActivation]) -> str:
    """Words for a method, where layers ran several times."""
    several = [each.layer for each in activations if each.calls > 1]
    return f"; first call only, of {', '.join(several)}" if several else ""


def unclear_layers(step: ObservedStep, active: ActiveLayers) -> list[Unmeasurable]:
    """Notes about the layers whose activation is not known."""
    known = {each.layer for each in active.layers.activations if each.is_whole}
    known.update(layer_name(name) for each in active.layers.recurrent for name in each.weights)
    if active.refusal is not None:
        return [
            Unmeasurable(
                "activation-unclear",
                "Activations of what is compiled are not measured: when the model is run again uncompiled, "
                f"{active.refusal}.",
            )
        ]
    if not known:
        text = "Activations are not measured: no layer was seen to run, as where the model is no module."
        return [Unmeasurable("activation-unclear", text)]
    return [
        Unmeasurable(
            "activation-unclear",
            f"Activations of {each.layer} are not measured: what it gives is not the result of a module of its own, as "
            "in recurrent cells, or between recurrent layers with dropout, was written over, or its activation "
            "function has several results.",
        )
        for each in layer_matrices(step)
        if each.layer not in known
    ]


def activation_not_finite(layer: str) -> Unmeasurable:
    return Unmeasurable("activations-not-finite", f"Activations of {layer} are not finite; they are not measured.")
