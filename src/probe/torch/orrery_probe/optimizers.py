"""The optimizers of a run, written down when they first step and when their learning rate begins to move."""

from __future__ import annotations

import math
import operator
import weakref
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .facts.model_facts import Modules, distinct, parameter_names
from .facts.optimizer_facts import group_fields, optimizer_kind, parameters_of
from .journal import Journal, site_fields
from .kept_weights import WeightsFolder
from .observables.catalog import create_observables
from .observables.observable import Observable
from .probe_set import ProbeSetLimits
from .sites import SourceSite, caller_site


@dataclass
class KnownOptimizer:
    id: str
    """`optimizer-1`, `optimizer-2`, … in the order of their first steps."""
    is_first: bool
    trained: list[Tensor]
    """As its groups list them."""
    parameters: list[Tensor]
    """The same, each once."""
    names: list[str]
    observables: list[Observable]
    is_described: bool = False
    learning_rates: list[float] = field(default_factory=list)
    moves: bool = False
    """Whether a learning rate has been seen to move."""


class Optimizers:
    def __init__(
        self, journal: Journal, modules: Modules, limits: ProbeSetLimits, folder: WeightsFolder | None = None
    ) -> None:
        self._journal = journal
        self._limits = limits
        self._folder = folder
        self._modules = modules
        self._sites: weakref.WeakKeyDictionary[torch.optim.Optimizer, SourceSite] = weakref.WeakKeyDictionary()
        self._known: weakref.WeakKeyDictionary[torch.optim.Optimizer, KnownOptimizer] = weakref.WeakKeyDictionary()
        self._made: list[weakref.ref[torch.optim.Optimizer]] = []
        self._first: weakref.ref[torch.optim.Optimizer] | None = None
        self._count = 0

    @property
    def likely(self) -> torch.optim.Optimizer | None:
        """The one that is measured: the first that has stepped; before any has, the only one there is."""
        if self._first is not None:
            return self._first()
        living = self.living
        return living[0] if len(living) == 1 else None

    @property
    def living(self) -> list[torch.optim.Optimizer]:
        """Those that have been made and are still there."""
        return [each for each in (reference() for reference in self._made) if each is not None]

    def created(self, optimizer: torch.optim.Optimizer) -> None:
        # Loading a state makes it anew.
        if any(each is optimizer for each in self.living):
            return
        self._made.append(weakref.ref(optimizer))
        site = caller_site(optimizer)
        if site is not None:
            self._sites[optimizer] = site

    def get(self, optimizer: torch.optim.Optimizer) -> KnownOptimizer:
        known = self._known.get(optimizer)
        trained = parameters_of(optimizer)
        if known is not None and _are_the_same(known.trained, trained):
            return known
        parameters = distinct(trained)
        names = parameter_names(self._modules.model_of(parameters), parameters)
        named = [names[id(each)] for each in parameters]
        if known is not None:
            # Frozen or added in mid-training: series go on under the same names.
            known.trained, known.parameters, known.names = trained, parameters, named
            return known
        self._count += 1
        observables = create_observables(self._limits, self._folder if self._count == 1 else None)
        known = KnownOptimizer(f"optimizer-{self._count}", self._count == 1, trained, parameters, named, observables)
        self._known[optimizer] = known
        if known.is_first:
            self._first = weakref.ref(optimizer)
        return known

    def describe(self, optimizer: torch.optim.Optimizer, known: KnownOptimizer) -> float:
        """Writes a record if this step is its first or its learning rate has begun to move; gives the first group's
        rate."""
        rates = [float(group.get("lr", math.nan)) for group in optimizer.param_groups]
        if known.is_described and rates == known.learning_rates:
            return rates[0]
        is_news = not known.moves
        known.moves = known.is_described
        known.is_described = True
        known.learning_rates = rates
        if is_news:
            self._journal.at_step(
                "optimizer",
                id=known.id,
                kind=optimizer_kind(optimizer),
                name=type(optimizer).__name__,
                groups=[group_fields(optimizer, group) for group in optimizer.param_groups],
                schedule="moves" if known.moves else "constant",
                source=site_fields(self.site_of(optimizer)),
            )
        return rates[0]

    def site_of(self, optimizer: torch.optim.Optimizer) -> SourceSite | None:
        return self._sites.get(optimizer)


def _are_the_same(old: list[Tensor], new: list[Tensor]) -> bool:
    return len(old) == len(new) and all(map(operator.is_, old, new))
