"""The local learning coefficient of singular learning theory."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..budget import Saving
from ..probe_set import ProbeSet
from ..products.evaluation import EvaluationPoint
from ..products.flat import flatten, or_zeros
from ..products.living_graph import LivingGraph
from ..products.local_posterior import (
    RESOLUTION,
    USUAL_EVALUATIONS,
    LocalPosterior,
    LossAndGradient,
    TooManyEvaluations,
    sample_locally,
)
from ..products.operator import RandomVectors, SymmetricOperator, unit
from .observable import Measurement, ObservedStep, Recording, Resting, Unmeasurable

_FEWEST_EXAMPLES = 16
_MOST_SECONDS = 3.0
"""A sample that would take longer is not drawn."""
_VECTORS = 12
"""Of the weights' length, that are held at once."""
_POWER_ITERATIONS = 12
"""Products by which the largest curvature is found, to some 20 %: a step size is corrected afterwards."""
_NEARBY = 1e-3
"""Distance over which gradients are compared, relative to the weights' norm: float32 shows a difference to 1e-4 of
it."""
_MOST_GAIN = 0.05
"""What descent along the gradient can still gain, times nβ: a tenth of what chance gives to each weight of a regular
model."""
_MOST_ROUNDING = 0.5
"""Bound on the loss's rounding, times nβ: what chance gives to one weight. Usually it is a tenth of its bound."""
_LEAST_ACCEPTANCE = 0.5
"""Draws are not believed where fewer are accepted."""
_MOST_DRIFT = 4
"""Nor where their two halves differ by more standard errors."""


@dataclass(frozen=True)
class _Rest:
    """Steps until the next look."""

    least: int
    part: float
    """Of the steps done."""

    def until(self, step: int) -> int:
        return step + max(self.least, math.ceil(self.part * step))


_WAITING = _Rest(16, 0.25)
"""Where the gradient is not small yet."""
_MEASURED = _Rest(64, 3)
"""After a sample, the dearest of all."""


class LearningCoefficient(Recording, Resting, Saving):
    """`learningCoefficient/local`: the local learning coefficient λ = nβ·(E[L] - L(w*)), β = 1/ln n, with n the
    examples of the probe set, L the mean loss over them, and the mean over the density ∝ exp(-nβ·L) about the present
    weights w* (Lau et al. 2023; Watanabe 2013); a pure number. It counts directions in which the loss rises: each for a
    half, if as a square, and for less if more slowly. `learningCoefficient/local/null`: half the number of weights, as
    in a regular model. `learningCoefficient/acceptance`: of its draws. The error is one standard error.

    The literature draws by stochastic gradients with noise (SGLD). Here gradients are those of the whole probe set, so
    that draws can be refused (`sample_locally`), which leaves no error of the step size; and what cannot be sampled is
    told by few accepted, or by a drift. A direction whose curvature is less than a 400th of the largest is not told
    from one that is flat: λ is that at this resolution.

    Measured where the gradient is so small that descent along it would gain less than a tenth of what chance gives to
    one weight: else w* is no minimum and λ means nothing. Not measured where the loss may be rounded by as much as one
    weight counts for, nor in half precision, where weights a draw apart may be the same.
    """

    name = "learningCoefficient"
    price = 3.0
    in_step_record = False
    needs_products = True
    needs_update = False
    least_cost = 0.0
    """Seconds that a sample is expected to take; unknown until the weights have been at a minimum once."""

    def __init__(self, probe: ProbeSet, most_seconds: float = _MOST_SECONDS) -> None:
        """`most_seconds` that a sample may take."""
        self._probe = probe
        self._most_seconds = most_seconds

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Measurement | None:
        self._probe.look(step)
        examples = self._probe.examples
        if not self._probe.is_complete or examples is None:
            return None
        self.rests_until = _WAITING.until(step.step)
        if examples < _FEWEST_EXAMPLES:
            raise _too_few(examples)
        rounding = step.products().rounding
        if rounding > LivingGraph.rounding:
            raise _too_coarse()
        surroundings = _Surroundings(self._probe, step.parameters)
        inverse_temperature = examples / math.log(examples)
        if not surroundings.are_of_a_minimum(inverse_temperature):
            return None
        if inverse_temperature * abs(surroundings.loss) * rounding > _MOST_ROUNDING:
            raise _too_coarse()
        random = RandomVectors(surroundings.hessian, step.step)
        curvature = surroundings.largest_curvature(random)
        if curvature is None:
            return None
        seconds = surroundings.seconds
        most_evaluations = self._most_seconds / seconds
        if most_evaluations < USUAL_EVALUATIONS:
            raise _too_long(USUAL_EVALUATIONS * seconds, self._most_seconds)
        if not step.is_unlimited and self.least_cost == 0:
            # A look costs next to nothing, and has not been saved up for more.
            self.least_cost, self.rests_until = USUAL_EVALUATIONS * seconds, 0
            return None
        self.rests_until = _MEASURED.until(step.step)
        try:
            return self._sampled(surroundings, LocalPosterior(inverse_temperature, curvature, most_evaluations), random)
        except TooManyEvaluations as error:
            raise _too_long(error.expected * seconds, self._most_seconds) from None

    def _sampled(self, surroundings: _Surroundings, posterior: LocalPosterior, random: RandomVectors) -> Measurement:
        """Raises Unmeasurable where the draws do not stay about the start, or hardly any is accepted."""
        sample = sample_locally(surroundings.at, surroundings.weights, posterior, random)
        if sample is None or sample.acceptance < _LEAST_ACCEPTANCE:
            raise _not_at_rest()
        above = [posterior.inverse_temperature * (each - surroundings.loss) for each in sample.losses]
        half = len(above) // 2
        mean, error = _mean_and_error(above)
        (first, first_error), (second, second_error) = _mean_and_error(above[:half]), _mean_and_error(above[half:])
        is_still = abs(first - second) <= _MOST_DRIFT * math.hypot(first_error, second_error)
        if not (is_still and mean > 0):
            raise _not_at_rest()
        return Measurement(
            {
                "learningCoefficient/local": mean,
                "learningCoefficient/local/null": surroundings.weights.numel() / 2,
                "learningCoefficient/acceptance": sample.acceptance,
            },
            f"Hamiltonian Monte Carlo about the weights, {len(sample.losses)} draws by {sample.evaluations} gradients, "
            f"{self._probe.describe()}; directions of less than a {RESOLUTION}th of the largest curvature count as "
            "flat (error: one standard error)",
            {"learningCoefficient/local": error},
            sample=self._probe.examples,
        )


class _Surroundings:
    """The mean loss over the probe set's batches, about the present weights."""

    def __init__(self, probe: ProbeSet, parameters: Sequence[Tensor]) -> None:
        """Raises Unmeasurable where there is no room for vectors of the weights' length."""
        self._probe = probe
        self._dimension = sum(each.numel() for each in parameters)
        self._device = parameters[0].device
        if self.hessian.most_basis_vectors < _VECTORS:
            raise _too_large(self._dimension)
        self.weights = flatten(parameters).to(self.hessian.working_type)
        self._distance = _NEARBY * float(self.weights.norm())
        here = self.at(self.weights)
        self.loss, self._gradient = here.loss, here.gradient
        self.seconds = math.inf
        """Of the quickest product, which takes one evaluation: the first ones take longer than those that follow."""

    @property
    def hessian(self) -> SymmetricOperator:
        """For unit vectors, by differences of gradients."""
        # Not kept: it would hold these vectors, and they it, until the next collection of garbage.
        return SymmetricOperator(self._dimension, self._device, self._product)

    def at(self, weights: Tensor) -> LossAndGradient:
        gradient = torch.zeros_like(weights)

        def add(point: EvaluationPoint) -> float:
            gradients = torch.autograd.grad(point.losses, point.leaves, allow_unused=True)
            gradient.add_(flatten(or_zeros(gradients, point.leaves)))
            # Read last: a device is waited for until it has the gradient as well, so that the time taken is of both.
            return sum(float(each.detach()) for each in point.losses)

        # One batch after the other, so that no more than one evaluation is held.
        losses = self._probe.on_each(weights, add)
        return LossAndGradient(sum(losses) / len(losses), gradient / len(losses))

    def are_of_a_minimum(self, inverse_temperature: float) -> bool:
        """Whether descent along the gradient would gain next to nothing."""
        square = float(self._gradient @ self._gradient)
        if not (self._distance > 0 and math.isfinite(self.loss) and math.isfinite(square)):
            return False
        if square == 0:
            return True
        direction = unit(self._gradient)
        along = float(direction @ self.hessian.product(direction))
        return inverse_temperature * square <= _MOST_GAIN * 2 * along

    def largest_curvature(self, random: RandomVectors) -> float | None:
        """Of either sign, without it, by power iteration; None where there is none."""
        direction = unit(random.normal())
        curvature = 0.0
        for _ in range(_POWER_ITERATIONS):
            start = time.perf_counter()
            product = self.hessian.product(direction)
            curvature = float(product.norm())
            self.seconds = min(self.seconds, time.perf_counter() - start)
            if not 0 < curvature < math.inf:
                return None
            direction = unit(product)
        return curvature

    def _product(self, direction: Tensor) -> Tensor:
        moved = torch.add(self.weights, direction, alpha=self._distance)
        return (self.at(moved).gradient - self._gradient) / self._distance


def _mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """And one standard error of it, with neighbouring draws' correlation taken for that of a first-order process. A
    trajectory of any length leaves half of a square well's energy where it was, by the mean of cos², so that the
    correlation is no less; and thirty draws do not tell it well."""
    mean = sum(values) / len(values)
    away = [each - mean for each in values]
    squares = sum(each * each for each in away)
    if not squares > 0:
        return mean, math.nan
    correlation = min(0.9, max(0.5, sum(one * next_one for one, next_one in zip(away, away[1:])) / squares))
    variance = squares / (len(values) - 1)
    return mean, math.sqrt(variance * (1 + correlation) / ((1 - correlation) * len(values)))


def _too_few(examples: int) -> Unmeasurable:
    return Unmeasurable(
        "learning-coefficient-examples",
        f"The local learning coefficient is not measured on fewer than {_FEWEST_EXAMPLES} kept examples; there are "
        f"{examples}.",
        "information",
    )


def _too_coarse() -> Unmeasurable:
    return Unmeasurable(
        "learning-coefficient-precision",
        "The local learning coefficient is not measured in half precision, or where the loss is so large that it is "
        "rounded by about as much as it differs between draws.",
        "information",
    )


def _too_large(dimension: int) -> Unmeasurable:
    return Unmeasurable(
        "learning-coefficient-memory",
        f"The local learning coefficient is not measured: {_VECTORS} vectors of {dimension} weights would not fit in "
        "the memory set aside for them.",
        "information",
    )


def _too_long(seconds: float, most: float) -> Unmeasurable:
    return Unmeasurable(
        "learning-coefficient-time",
        f"The local learning coefficient was left out at some steps: it would take {seconds:.2g} s, more than "
        f"{most:g}.",
        "information",
    )


def _not_at_rest() -> Unmeasurable:
    return Unmeasurable(
        "learning-coefficient-drift",
        "The local learning coefficient was left out at some steps: draws about the weights went on to lower losses or "
        "did not come to rest, as where the weights are at no minimum, or hardly any was accepted.",
        "information",
    )
