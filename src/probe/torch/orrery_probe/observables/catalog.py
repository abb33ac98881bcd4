"""Everything that is measured at the budget's expense, for one optimizer of a run."""

from __future__ import annotations

from ..kept_weights import WeightsFolder
from ..probe_set import ProbeSet, ProbeSetLimits
from .activation_moments import ActivationMoments
from .activation_ranks import ActivationRanks
from .balance import Balance
from .block_sharpness import BlockSharpness
from .connectivity import Connectivity
from .directional_sharpness import DirectionalSharpness
from .eigenvalues import Eigenvalues
from .hessian_spectrum import HessianSpectrum
from .hessian_trace import HessianTrace
from .initial_activations import InitialActivations
from .initial_agreement import InitialAgreement
from .initial_signal import InitialSignal
from .initial_weights import InitialWeights, KeepInitialWeights
from .layer_updates import LayerUpdates
from .learning_coefficient import LearningCoefficient
from .linear_modes import LinearModes
from .machine import Machine
from .neighbourhoods import Neighbourhoods
from .neural_collapse import NeuralCollapse
from .neural_features import NeuralFeatures
from .noise_scale import NoiseScale
from .norms import GradientAlongWeights, GradientNorm, UpdateNorm
from .observable import Observable
from .probe import KeepProbeSet, ProbeLoss, ProbeSharpness
from .progressive_sharpening import ProgressiveSharpening
from .scale_invariance import ScaleInvariance
from .sharpness import BatchSharpness, PreconditionedSharpness
from .spectral_norms import SpectralNorms
from .stationary_features import StationaryFeatures
from .tangent_kernel import TangentKernel
from .update_ranks import UpdateRanks
from .weight_spectra import WeightSpectra


def create_observables(limits: ProbeSetLimits | None = None, folder: WeightsFolder | None = None) -> list[Observable]:
    """Without a folder, nothing that compares the run with others on disk."""
    initial = InitialWeights()
    probe = ProbeSet(limits or ProbeSetLimits())
    return [
        KeepInitialWeights(initial),
        KeepProbeSet(probe),
        InitialSignal(),
        InitialActivations(),
        GradientNorm(),
        GradientAlongWeights(),
        UpdateNorm(),
        Machine(),
        LayerUpdates(),
        Balance(),
        LinearModes(),
        ScaleInvariance(),
        ActivationMoments(),
        SpectralNorms(),
        UpdateRanks(initial),
        BatchSharpness(),
        PreconditionedSharpness(),
        ProbeLoss(probe),
        ProbeSharpness(probe),
        TangentKernel(initial, probe),
        NoiseScale(),
        DirectionalSharpness(),
        ProgressiveSharpening(),
        NeuralCollapse(probe),
        ActivationRanks(),
        NeuralFeatures(probe),
        StationaryFeatures(),
        InitialAgreement(initial, probe),
        Neighbourhoods(probe),
        WeightSpectra(),
        HessianTrace(),
        BlockSharpness(),
        Eigenvalues(),
        HessianSpectrum(),
        LearningCoefficient(probe),
        *([] if folder is None else [Connectivity(folder, initial, probe)]),
    ]
