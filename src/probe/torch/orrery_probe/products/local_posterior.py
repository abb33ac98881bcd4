"""Draws from the density that a loss gives about some weights."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Callable

import torch
from torch import Tensor

from .operator import RandomVectors

RESOLUTION = 400
"""Curvatures below this part of the largest are held by the localization, and their directions do not count."""
_WARM_UP = 8
"""Draws that are left out while the step size is found."""
_DRAWS = 30
"""Draws that count."""
_FIRST_STEP = 0.7
"""A leapfrog step, in units of the stiffest direction's 1/√curvature: at 2 it would be unstable."""
_LEAST_WANTED, _MOST_WANTED = 0.6, 0.9
"""Probabilities of acceptance between which the step size is right."""
_SHORTER, _LONGER = 0.75, 1.15
"""By what it is changed else."""


@dataclass(frozen=True)
class LossAndGradient:
    """At some weights, flat."""

    loss: float
    gradient: Tensor


Landscape = Callable[[Tensor], LossAndGradient]


@dataclass(frozen=True)
class LocalPosterior:
    inverse_temperature: float
    """nβ, what the loss is multiplied by in the exponent."""
    curvature: float
    """Largest curvature of the loss at the start."""
    most_evaluations: float = math.inf
    """That a sample may take."""


class TooManyEvaluations(Exception):
    """A sample would take more evaluations of loss and gradient than it may, since only short steps are accepted."""

    def __init__(self, expected: int) -> None:
        super().__init__(f"A sample would take {expected} evaluations.")
        self.expected = expected


@dataclass(frozen=True)
class LocalSample:
    losses: list[float]
    """Mean losses along the draws' trajectories, one after the other."""
    acceptance: float
    """Mean probability with which draws were accepted."""
    evaluations: int
    """Of loss and gradient that were spent."""


def _quarter_period(localization: float) -> float:
    """Time in which the slowest direction goes from its middle to its end: any draw has then forgotten the one
    before."""
    return math.pi / (2 * math.sqrt(localization))


def _per_draw(step: float, localization: float) -> float:
    """Evaluations that a draw takes on average."""
    return 0.75 * _quarter_period(localization) / step


USUAL_EVALUATIONS = math.ceil((_WARM_UP + _DRAWS) * _per_draw(_FIRST_STEP / math.sqrt(RESOLUTION), 1))
"""That a sample takes, but for what changes of the step size make of it."""


@dataclass(frozen=True)
class _Place:
    weights: Tensor
    loss: float
    force: Tensor
    """Less the potential's gradient."""
    potential: float


def sample_locally(
    landscape: Landscape, start: Tensor, posterior: LocalPosterior, random: RandomVectors
) -> LocalSample | None:
    """Draws from the density ∝ exp(-nβ·L(w) - γ‖w - w*‖²/2) about a start w*, γ being nβ times the largest curvature
    over `RESOLUTION`: by Hamiltonian Monte Carlo with trajectories of half to all of the slowest direction's quarter
    period (Duane et al. 1987; Neal 2011). With one step a trajectory it would be Langevin dynamics with Metropolis'
    correction, whose number of steps goes with the ratio of curvatures and not its root. All points of a trajectory
    count, each as if it had been proposed itself (Nishimura and Dunson 2020); a trajectory is given up where it leaves
    all that could be accepted.

    None where an evaluation is not finite and the draw cannot be refused for it, as at the start. Raises
    TooManyEvaluations as soon as the step size shows that a sample would take more than it may.
    """
    inverse_temperature = posterior.inverse_temperature
    localization = inverse_temperature * posterior.curvature / RESOLUTION

    def at(weights: Tensor) -> _Place:
        here = landscape(weights)
        away = weights - start
        force = torch.add(here.gradient * -inverse_temperature, away, alpha=-localization)
        potential = inverse_temperature * here.loss + localization * _square(away) / 2
        return _Place(weights, here.loss, force, potential)

    here = at(start)
    if not math.isfinite(here.potential):
        return None
    step = _FIRST_STEP / math.sqrt(inverse_temperature * posterior.curvature + localization)
    evaluations, accepted = 1, 0.0
    losses: list[float] = []
    for draw in range(_WARM_UP + _DRAWS):
        expected = math.ceil(evaluations + (_WARM_UP + _DRAWS - draw) * _per_draw(step, localization))
        # Afterwards it only strays with the trajectories' lengths, and none is to be given up that is nearly drawn.
        if draw <= _WARM_UP and expected > posterior.most_evaluations:
            raise TooManyEvaluations(expected)
        momentum = random.normal()
        before = here.potential + _square(momentum) / 2
        time = _quarter_period(localization) * (0.5 + 0.5 * random.uniform())
        steps = max(1, round(time / step))
        there, probability, along = here, 1.0, 0.0
        for _ in range(steps):
            if probability > 0:
                momentum.add_(there.force, alpha=step / 2)
                there = at(torch.add(there.weights, momentum, alpha=step))
                momentum.add_(there.force, alpha=step / 2)
                evaluations += 1
                probability = _chance(before - there.potential - _square(momentum) / 2)
            # What is never accepted may have no finite loss.
            moved = probability * there.loss + (1 - probability) * here.loss if probability > 0 else here.loss
            along += moved / steps
        if draw < _WARM_UP:
            step *= _LONGER if probability > _MOST_WANTED else _SHORTER if probability < _LEAST_WANTED else 1
        else:
            accepted += probability
            losses.append(along)
        if random.uniform() < probability:
            here = there
    return LocalSample(losses, accepted / _DRAWS, evaluations)


def _square(vector: Tensor) -> float:
    return float(vector @ vector)


def _chance(gain: float) -> float:
    """Of accepting a draw, by the logarithm of what it gains in density (Metropolis et al. 1953)."""
    return 0.0 if math.isnan(gain) else math.exp(min(0.0, gain))
