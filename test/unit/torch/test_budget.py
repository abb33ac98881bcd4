"""The Python budget in simulated time, by the same claims as the TensorFlow.js one is held to."""

import random
import unittest
from dataclasses import dataclass
from typing import Optional, Union

from orrery_probe.budget import Budget, Saving
from orrery_probe.unseen_costs import UnseenCosts


@dataclass(frozen=True)
class Simulated:
    """`cost` in seconds, and `first` that of the first measurement where it is another."""

    name: str
    price: Union[str, float]
    cost: float
    first: Optional[float] = None


@dataclass(frozen=True)
class Sampled(Simulated, Saving):
    least_cost: float = 0.0


CHEAP = Simulated("cheap", "cheap", 0.0001)
SHARPNESS = Simulated("sharpness", "sharpness", 0.02, first=0.2)
DEAR = [Simulated(str(price), price, 0.2 * price) for price in (0.5, 1.0, 2.0, 6.0)]
ALL = [CHEAP, SHARPNESS, *DEAR]


class Run:
    def __init__(self, budget: Budget, measurables: list[Simulated], step: float) -> None:
        """`step` is in seconds of the script's own."""
        self.budget, self.measurables, self.seconds = budget, measurables, step
        self.order: list[str] = []
        self.spent: dict[str, float] = {}
        self.own = 0.0

    @property
    def measuring(self) -> float:
        return sum(self.spent.values())

    def step(self) -> None:
        due = self.budget.choose(lambda: self.measurables, self.own)
        self.own += self.seconds
        for each in self.measurables:
            if each.name in due:
                cost = each.cost if each.first is None or each.name in self.spent else each.first
                self.budget.spend(each, cost)
                self.order.append(each.name)
                self.spent[each.name] = self.spent.get(each.name, 0.0) + cost

    def until(self, seconds: float) -> "Run":
        while self.own < seconds:
            self.step()
        return self


class TheBudget(unittest.TestCase):
    def test_what_has_passed_is_paid_by_the_fraction_that_it_passed_under(self):
        budget = Budget(0.0)
        budget.choose(lambda: [CHEAP], 0.0)
        budget.spend(CHEAP, 1.0)
        budget.earn(100.0)
        budget.fraction = 0.05
        self.assertEqual(budget.choose(lambda: [CHEAP], 101.0), frozenset())
        # A twentieth of twenty seconds pays it off.
        self.assertEqual(budget.choose(lambda: [CHEAP], 121.0), {CHEAP.name})

    def test_spends_the_fraction_that_it_is_given(self) -> None:
        for fraction in (0.01, 0.05, 0.2):
            run = Run(Budget(fraction), ALL, 0.02).until(300)
            # The dearest may just have been taken or be about to.
            self.assertLess(abs(run.measuring - fraction * run.own), 1.3)

    def test_measures_what_is_cheap_at_every_step_where_that_is_afforded(self) -> None:
        run = Run(Budget(0.05), ALL, 0.02).until(100)
        self.assertGreater(run.order.count("cheap"), 0.99 * 100 / 0.02)

    def test_gives_the_sharpness_half_of_what_the_cheap_leave_and_the_dear_the_other_half(self) -> None:
        run = Run(Budget(0.05), ALL, 0.005).until(400)
        left = run.measuring - run.spent["cheap"]
        # The dearest may just have been taken or be about to, and the first sharpness is paid off by the side.
        self.assertLess(abs(run.spent["sharpness"] - 0.5 * left), 0.8)

    def test_takes_nothing_on_credit_but_the_cheap_and_the_first_sharpness(self) -> None:
        run = Run(Budget(0.05), ALL, 0.001)
        run.step()
        self.assertEqual(run.order, ["cheap", "sharpness"])

    def test_takes_each_dear_one_when_it_is_paid_for_the_cheapest_first(self) -> None:
        run = Run(Budget(0.05), ALL, 0.02).until(600)
        firsts = [name for name in dict.fromkeys(run.order) if name not in ("cheap", "sharpness")]
        self.assertEqual(firsts, [each.name for each in DEAR])
        self.assertGreaterEqual(run.order.count("6.0"), 2)

    def test_measures_nothing_at_zero_and_everything_always_at_one(self) -> None:
        self.assertEqual(Run(Budget(0), ALL, 0.01).until(1).order, [])
        run = Run(Budget(1), ALL, 0.01)
        for _ in range(20):
            run.step()
        self.assertEqual([run.order.count(each.name) for each in ALL], [20] * len(ALL))

    def test_measures_everything_once_on_request_whatever_the_fraction(self) -> None:
        for fraction in (0.0, 0.05):
            run = Run(Budget(fraction), ALL, 0.001).until(10)
            before = len(run.order)
            run.budget.request()
            run.step()
            self.assertEqual(set(run.order[before:]), {each.name for each in ALL})
            run.step()
            self.assertEqual(run.order.count("6.0"), 1)

    def test_is_not_stalled_by_a_first_measurement_dearer_than_its_price(self) -> None:
        run = Run(Budget(0.05), [SHARPNESS, Simulated("surprising", 0.5, 3.0)], 0.01).until(300)
        self.assertLess(abs(run.measuring - 0.05 * run.own), 3.1)

    def test_saves_up_for_one_that_may_take_far_longer_than_the_last_time(self) -> None:
        run = Run(Budget(0.05), [SHARPNESS, *DEAR, Sampled("sampled", 0.5, 0.001, least_cost=3.0)], 0.005).until(600)
        # 15 s go into the dear ones. As cheap as its looks are it would come round first, and hundreds of times.
        firsts = [name for name in dict.fromkeys(run.order) if name != "sharpness"]
        self.assertEqual(firsts, [*(each.name for each in DEAR), "sampled"])
        self.assertLess(run.order.count("sampled"), run.order.count("0.5"))

    def test_does_not_rush_after_a_long_rest(self) -> None:
        run = Run(Budget(0.05), [CHEAP, SHARPNESS], 0.02).until(10)
        run.own += 1000
        before = len(run.order)
        run.until(run.own + 2)
        # 2 s of 0.02 s steps: at most one of each a step, and 0.1 s earned for sharpnesses of 0.02 s after the one due.
        self.assertLessEqual(run.order[before:].count("sharpness"), 2 + 0.1 / 0.02)

    def test_takes_up_another_fraction_in_mid_run(self) -> None:
        run = Run(Budget(0.0), ALL, 0.02).until(10)
        self.assertEqual(run.order, [])
        run.budget.fraction = 0.2
        run.until(610)
        self.assertLess(abs(run.measuring - 0.2 * 600), 1.3 + 0.2)
        spent = run.measuring
        run.budget.fraction = 0.0
        run.until(700)
        self.assertEqual(run.measuring, spent)

    def test_gives_back_what_was_charged_too_much(self) -> None:
        run = Run(Budget(0.05), ALL, 0.02)
        while run.own < 200:
            run.step()
            run.budget.spend(CHEAP, 0.01)
            run.budget.spend(CHEAP, -0.01)
        # As without: the dearest may just have been taken or be about to.
        self.assertLess(abs(run.measuring - 0.05 * run.own), 1.3)

    def test_does_not_ask_what_is_there_while_nothing_can_be_due(self) -> None:
        budget = Budget(0.05)
        asked: list[float] = []
        for step in range(1000):
            own = 0.001 * step
            due = budget.choose(lambda own=own: asked.append(own) or [SHARPNESS], own)
            if due:
                budget.spend(SHARPNESS, 0.02)
        # A sharpness of 0.02 s is earned in 0.4 s, the first on a loan beside: each is looked for once or twice.
        self.assertLess(len(asked), 12)


class UnseenCostsOfMeasuring(unittest.TestCase):
    def test_are_also_what_steps_after_a_measured_one_take_longer_than_later_ones(self) -> None:
        generator = random.Random(1)
        costs = UnseenCosts()
        step, timed, wakes = 0.001, 0.0004, [0.25, 0.1] + 14 * [0.05]
        charges: list[float] = []
        for index in range(40_000):
            own = step * (0.8 + 0.4 * generator.random())
            after = index % 24
            if after > 0:
                costs.add_plain(own + (step * wakes[after - 1] if after <= len(wakes) else 0.0))
            else:
                charges.append(costs.of(False, own, timed))
        # The means need some hundred steps to become what they are. Against all other steps, those of the wake among
        # them, the charge would be a twenty-fifth too little.
        settled = charges[200:]
        charged = sum(settled) / len(settled) / step
        self.assertGreater(charged, 0.97 * sum(wakes))
        self.assertLess(charged, 1.03 * sum(wakes))


if __name__ == "__main__":
    unittest.main()
