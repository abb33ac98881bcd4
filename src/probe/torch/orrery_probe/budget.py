"""When to measure, so that training takes longer by a given fraction."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Callable, Protocol, Union

from .dear_queue import DearMeasurable, DearQueue

Price = Union[str, float]
"""What a measurement is expected to cost: "cheap", linear in the weights; that of a "sharpness"; or a multiple of the
run's first sharpness, which shows how dear the script's own evaluations are."""

_CREDIT_WEIGHTS = {"cheap": 1.0, "sharpness": 2.0}
_DEAR_WEIGHT = 2.0
_LOAN_WEIGHT = 1.0
"""Of the income, as long as they need it: of what the cheap ones leave half goes into the sharpness, which laws follow
from one measurement to the next, and half into the dear ones, of which there are many."""
_SMALLEST_INCOME = 1e-12
"""Seconds: rounding could divide ever smaller remainders without end."""
_NOTHING: frozenset[str] = frozenset()


class Measurable(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def price(self) -> Price: ...


class Saving:
    """Parent of dear measurables for which seconds are saved up however little the last time took."""

    least_cost: float


@dataclass(frozen=True)
class _Account:
    """Something that has to be paid for."""

    weight: float
    """Of the income, relative to the others that are in need."""
    owed: float
    pay: Callable[[float], None]


class Budget:
    """That fraction of the script's own time is income.

    The cheap ones and the sharpness are measured on credit, and again as soon as that is paid off. The dear ones save
    up in one purse for whose turn it is (`DearQueue`), so that none holds a young run up. A first sharpness is much
    dearer than those that follow, which begin where it ended: it is a loan, paid off by the side. What nobody needs is
    forgotten, for a long rest must not be followed by a rush.
    """

    def __init__(self, fraction: float) -> None:
        """`fraction` of the script's own time, from 0, which never measures, to 1, which always does."""
        self.fraction = fraction
        self._debts: dict[str, float] = {}
        self._dear = DearQueue()
        self._loan = 0.0
        self._requested = False
        self._last_time: float | None = None
        self._income = 0.0
        """Not divided yet."""
        self._least_income = 0.0
        """With less than this, nothing can become due."""

    def request(self) -> None:
        """Everything is to be measured at the next opportunity, whatever it costs."""
        self._requested = True

    @property
    def is_requested(self) -> bool:
        """Whether everything is to be measured at the next opportunity."""
        return self._requested

    @property
    def takes_all(self) -> bool:
        """Whether everything is measured at the next opportunity, whatever it costs."""
        return self._requested or self.fraction >= 1

    @property
    def rests_until(self) -> float:
        """The script's time before which nothing can be due, unless it is requested or the fraction changes."""
        if self.takes_all or self._last_time is None:
            return -math.inf
        if self.fraction <= 0:
            return math.inf
        return self._last_time + (self._least_income - self._income) / self.fraction

    def earn(self, time: float) -> None:
        """To be called before the fraction changes: what has passed until now is paid by the old one."""
        self._income += self.fraction * (time - (time if self._last_time is None else self._last_time))
        self._last_time = time

    def choose(self, applicable: Callable[[], Sequence[Measurable]], time: float) -> frozenset[str]:
        """Which measurements to take now.

        `applicable` gives what could be measured, and is not called where nothing can be due. `time` is in seconds that
        the script itself has run, without measurements; never decreasing.
        """
        self.earn(time)
        takes_all = self.takes_all
        if not takes_all and (self.fraction <= 0 or self._income < self._least_income):
            return _NOTHING
        self._requested = False
        measurables = applicable()
        self._divide(measurables)
        due = frozenset(each.name for each in measurables if takes_all or self._is_due(each))
        if due:
            # A backward pass need not become a step, and then nothing is spent: they stay due.
            self._least_income = 0.0
        return due

    def spend(self, measurable: Measurable, seconds: float) -> None:
        """A measurement has taken this many seconds; a negative number takes back what was counted too much before."""
        self._least_income = 0.0
        name, price = measurable.name, measurable.price
        # Where all may be measured all the time, nothing is owed for it afterwards.
        owed = 0.0 if self.fraction >= 1 else seconds
        if not isinstance(price, str):
            self._dear.spend(name, seconds, owed)
        elif price == "sharpness" and name not in self._debts:
            self._debts[name] = 0.0
            self._loan += owed
            if self._dear.unit is None:
                self._dear.unit = seconds
        else:
            self._debts[name] = self._owed(name) + owed

    def _owed(self, name: str) -> float:
        return self._debts.get(name, 0.0)

    def _is_due(self, measurable: Measurable) -> bool:
        on_credit = isinstance(measurable.price, str)
        return self._owed(measurable.name) <= 0 if on_credit else self._dear.is_due(measurable.name)

    def _divide(self, measurables: Sequence[Measurable]) -> None:
        """Divides the income by weights among the accounts in need, until it or their need is used up."""
        accounts = self._accounts(measurables)
        while self._income > _SMALLEST_INCOME and accounts:
            per_weight = self._income / sum(each.weight for each in accounts)
            self._income = 0.0
            for account in accounts:
                paid = min(account.owed, per_weight * account.weight)
                account.pay(paid)
                self._income += per_weight * account.weight - paid
            accounts = self._accounts(measurables)
        self._income = 0.0
        # Until the first of them is paid off, each gets its part by weight.
        total = sum(each.weight for each in accounts)
        self._least_income = min((each.owed * total / each.weight for each in accounts), default=math.inf)

    def _accounts(self, measurables: Sequence[Measurable]) -> list[_Account]:
        """Those in need."""
        in_debt = [each for each in measurables if isinstance(each.price, str) and self._owed(each.name) > 0]
        accounts: list[_Account] = []
        for price, weight in _CREDIT_WEIGHTS.items():
            debtors = [each.name for each in in_debt if each.price == price]
            accounts += [_Account(weight / len(debtors), self._owed(each), self._payer(each)) for each in debtors]
        dear = [
            DearMeasurable(each.name, each.price, each.least_cost if isinstance(each, Saving) else 0.0)
            for each in measurables
            if not isinstance(each.price, str)
        ]
        accounts.append(_Account(_DEAR_WEIGHT, self._dear.missing(dear), self._dear.save))
        accounts.append(_Account(_LOAN_WEIGHT, self._loan, self._repay))
        return [each for each in accounts if each.owed > 0]

    def _payer(self, name: str) -> Callable[[float], None]:
        def pay(seconds: float) -> None:
            self._debts[name] -= seconds

        return pay

    def _repay(self, seconds: float) -> None:
        self._loan -= seconds
