"""Everything that is measured at the budget's expense, for one optimizer of a run."""

from __future__ import annotations

from typing import List

from .block_sharpness import BlockSharpness
from .eigenvalues import Eigenvalues
from .hessian_spectrum import HessianSpectrum
from .hessian_trace import HessianTrace
from .norms import GradientNorm, UpdateNorm
from .observable import Observable
from .sharpness import BatchSharpness, PreconditionedSharpness


def create_observables() -> List[Observable]:
    return [
        GradientNorm(),
        UpdateNorm(),
        BatchSharpness(),
        PreconditionedSharpness(),
        HessianTrace(),
        BlockSharpness(),
        Eigenvalues(),
        HessianSpectrum(),
    ]
