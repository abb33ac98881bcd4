"""Everything that is measured at the budget's expense, for one optimizer of a run."""

from __future__ import annotations

from typing import List

from .block_sharpness import BlockSharpness
from .directional_sharpness import DirectionalSharpness
from .eigenvalues import Eigenvalues
from .hessian_spectrum import HessianSpectrum
from .hessian_trace import HessianTrace
from .noise_scale import NoiseScale
from .layer_updates import LayerUpdates
from .machine import Machine
from .norms import GradientNorm, UpdateNorm
from .observable import Observable
from .sharpness import BatchSharpness, PreconditionedSharpness
from .spectral_norms import SpectralNorms
from .weight_spectra import WeightSpectra


def create_observables() -> List[Observable]:
    return [
        GradientNorm(),
        UpdateNorm(),
        Machine(),
        LayerUpdates(),
        SpectralNorms(),
        BatchSharpness(),
        PreconditionedSharpness(),
        NoiseScale(),
        DirectionalSharpness(),
        WeightSpectra(),
        HessianTrace(),
        BlockSharpness(),
        Eigenvalues(),
        HessianSpectrum(),
    ]
