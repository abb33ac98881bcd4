"""Everything that is measured at the budget's expense, for one optimizer of a run."""

from __future__ import annotations

from typing import List

from .norms import GradientNorm, UpdateNorm
from .observable import Observable
from .sharpness import BatchSharpness, PreconditionedSharpness


def create_observables() -> List[Observable]:
    return [GradientNorm(), UpdateNorm(), BatchSharpness(), PreconditionedSharpness()]
