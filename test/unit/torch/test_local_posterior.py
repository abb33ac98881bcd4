"""Draws about a minimum against means of the same density that are known: in closed form, by quadrature, and the
learning coefficients of models whose own is known."""

from __future__ import annotations

import math
import unittest

import torch
from torch import Tensor

from orrery_probe.products.local_posterior import (
    RESOLUTION,
    USUAL_EVALUATIONS,
    Landscape,
    LocalPosterior,
    LocalSample,
    LossAndGradient,
    TooManyEvaluations,
    sample_locally,
)
from orrery_probe.products.operator import RandomVectors, SymmetricOperator

INVERSE_TEMPERATURE = 1000 / math.log(1000)
SAMPLES = 8
TOLERANCE = 0.2
"""Asked for by the literature's own comparisons (Lau et al. 2023), where λ is that of the limit of many examples."""


def drawn(landscape: Landscape, start: Tensor, curvature: float, seed: int) -> LocalSample | None:
    space = SymmetricOperator(start.numel(), start.device, lambda vector: vector)
    return sample_locally(landscape, start, LocalPosterior(INVERSE_TEMPERATURE, curvature), RandomVectors(space, seed))


def coefficients(landscape: Landscape, start: Tensor, curvature: float) -> Tensor:
    """Of several samples; each of thirty draws."""
    least = landscape(start).loss
    found, acceptance = [], 0.0
    for seed in range(SAMPLES):
        sample = drawn(landscape, start, curvature, seed)
        assert sample is not None and len(sample.losses) == 30
        acceptance += sample.acceptance / SAMPLES
        found.append(INVERSE_TEMPERATURE * (sum(sample.losses) / 30 - least))
    assert acceptance > 0.6
    return torch.tensor(found, dtype=torch.float64)


def of_reduced_rank(inputs: int, outputs: int, units: int, rank: int) -> float:
    """λ of reduced-rank regression y = B·A·x: so many inputs, outputs and units between them, and the rank of the true
    map. Source: Aoyagi and Watanabe 2005, main theorem."""
    if inputs + units < outputs + rank:
        return (units * inputs - units * rank + outputs * rank) / 2
    if outputs + units < inputs + rank:
        return (units * outputs - units * rank + inputs * rank) / 2
    if inputs + outputs < units + rank:
        return inputs * outputs / 2
    both = units + rank
    total = 2 * both * (inputs + outputs) + 2 * inputs * outputs - both**2 - inputs**2 - outputs**2
    return (total + (inputs + outputs + both) % 2) / 8


def reduced_rank(below: Tensor, above: Tensor) -> Landscape:
    """E‖B·A·x - truth·x‖² for white inputs."""
    truth = above @ below

    def landscape(weights: Tensor) -> LossAndGradient:
        first, second = weights.split([below.numel(), above.numel()])
        a, b = first.view_as(below), second.view_as(above)
        error = b @ a - truth
        gradients = [2 * b.t() @ error, 2 * error @ a.t()]
        return LossAndGradient(float(error.square().sum()), torch.cat([each.reshape(-1) for each in gradients]))

    return landscape


class DrawsThatAreLimited(unittest.TestCase):
    def test_are_given_up_early_where_they_would_take_more_evaluations_than_they_may(self) -> None:
        # 25 times as sharp as is said: steps are refused until they are half as long or shorter.
        start = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
        evaluations = 0

        def landscape(weights: Tensor) -> LossAndGradient:
            nonlocal evaluations
            evaluations += 1
            return LossAndGradient(12.5 * float((weights - start).square().sum()), 25 * (weights - start))

        def drawn_within(most: float) -> LocalSample | None:
            space = SymmetricOperator(3, start.device, lambda vector: vector)
            return sample_locally(landscape, start, LocalPosterior(10, 1, most), RandomVectors(space, 1))

        sample = drawn_within(math.inf)
        assert sample is not None
        self.assertGreater(sample.evaluations, 1.5 * USUAL_EVALUATIONS)
        evaluations = 0
        with self.assertRaises(TooManyEvaluations):
            drawn_within(USUAL_EVALUATIONS)
        # Eight draws of 38 find the step size.
        self.assertLess(evaluations, 0.3 * sample.evaluations)
        # Trajectories are of half to all of a length: the mean of thirty strays by 5 %.
        self.assertEqual(drawn_within(1.2 * sample.evaluations), sample)


class DrawsAboutAMinimum(unittest.TestCase):
    def assert_mean(self, found: Tensor, exact: float) -> None:
        """By the samples' own scatter: 4 standard errors, of which eight samples tell the size to a quarter. Seeds are
        fixed, so that this does not come out otherwise another time."""
        error = float(found.std()) / math.sqrt(len(found))
        self.assertLess(abs(float(found.mean()) - exact), 4 * error)
        # The comparison tells something: a direction counts for a half.
        self.assertLess(4 * error, 0.6)

    def test_have_the_mean_of_a_square_well(self) -> None:
        curvatures = torch.tensor([5.0, 3.0, 2.0, 1.0, 0.5, 0.1], dtype=torch.float64)
        start = torch.linspace(-1, 1, 6, dtype=torch.float64)

        def landscape(weights: Tensor) -> LossAndGradient:
            gradient = curvatures * (weights - start)
            return LossAndGradient(float(gradient @ (weights - start)) / 2, gradient)

        found = coefficients(landscape, start, 5.0)
        # Each weight is normal with the precision nβ(h + h₁/400), of which the loss takes nβ·h.
        self.assert_mean(found, float((curvatures / (curvatures + 5.0 / RESOLUTION)).sum()) / 2)

    def test_have_the_mean_of_a_valley_by_quadrature(self) -> None:
        # (w₁w₂ - 1)²: one direction rises, along the other the loss stays what it is.
        start = torch.ones(2, dtype=torch.float64)

        def landscape(weights: Tensor) -> LossAndGradient:
            error = float(weights[0] * weights[1]) - 1
            return LossAndGradient(error * error, 2 * error * weights.flip(0))

        found = coefficients(landscape, start, 4.0)
        axis = torch.linspace(1e-3, 6, 2001, dtype=torch.float64)
        first, second = axis[:, None], axis[None, :]
        loss = INVERSE_TEMPERATURE * (first * second - 1).square()
        distance = (first - 1).square() + (second - 1).square()
        density = torch.exp(-loss - INVERSE_TEMPERATURE * 4.0 / RESOLUTION * distance / 2)
        exact = float((density * loss).sum() / density.sum())
        self.assert_mean(found, exact)
        # Half a weight of two, though both matter.
        self.assertAlmostEqual(exact, 0.5, delta=0.05)

    def test_give_the_learning_coefficient_of_reduced_rank_regression(self) -> None:
        for inputs, outputs, units, rank in ((3, 3, 2, 1), (4, 4, 3, 1), (6, 3, 4, 2)):
            with self.subTest(inputs=inputs, outputs=outputs, units=units, rank=rank):
                generator = torch.Generator().manual_seed(inputs + 10 * rank)
                below = torch.zeros(units, inputs, dtype=torch.float64)
                above = torch.zeros(outputs, units, dtype=torch.float64)
                below[:rank] = 1.5 * torch.randn(rank, inputs, generator=generator) / math.sqrt(inputs)
                above[:, :rank] = 1.5 * torch.randn(outputs, rank, generator=generator) / math.sqrt(outputs)
                start = torch.cat([below.reshape(-1), above.reshape(-1)])
                # An upper bound, as loose as what a few products would tell.
                curvature = 2 * float(below.square().sum() + above.square().sum())
                found = float(coefficients(reduced_rank(below, above), start, curvature).mean())
                exact = of_reduced_rank(inputs, outputs, units, rank)
                self.assertLess(abs(found / exact - 1), TOLERANCE)
                # It is told from a regular model of as many weights.
                self.assertLess(found, (1 - TOLERANCE) * start.numel() / 2)

    def test_never_leave_a_start_that_is_finite_alone(self) -> None:
        start = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)

        def landscape(weights: Tensor) -> LossAndGradient:
            loss = 0.0 if torch.equal(weights, start) else math.nan
            return LossAndGradient(loss, torch.zeros_like(weights))

        sample = drawn(landscape, start, 1.0, 1)
        assert sample is not None
        self.assertEqual((sample.acceptance, set(sample.losses)), (0.0, {0.0}))
        nowhere = drawn(lambda weights: LossAndGradient(math.nan, torch.zeros_like(weights)), start, 1.0, 1)
        self.assertIsNone(nowhere)

    def test_of_equal_seeds_are_the_same_and_leave_the_random_numbers_of_others_alone(self) -> None:
        start = torch.zeros(3, dtype=torch.float64)

        def landscape(weights: Tensor) -> LossAndGradient:
            return LossAndGradient(float(weights @ weights) / 2, weights)

        before = torch.get_rng_state()
        one, other, third = (drawn(landscape, start, 1.0, seed) for seed in (4, 4, 5))
        self.assertEqual(one, other)
        self.assertNotEqual(one, third)
        self.assertTrue(torch.equal(before, torch.get_rng_state()))


if __name__ == "__main__":
    unittest.main()
