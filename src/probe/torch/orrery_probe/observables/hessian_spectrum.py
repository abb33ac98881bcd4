"""The spectral density of the Hessian."""

from __future__ import annotations

import math

import torch

from ..products.spectral_quadrature import spectral_quadrature
from .hessian import hessian_of
from .observable import Measurement, ObservedStep

_DIRECTIONS = 3
_PRODUCTS = 30


class HessianSpectrum:
    """`hessian/spectrum`: the spectral density of the Hessian of the loss that is stepped on, by stochastic Lanczos
    quadrature, as two vectors: shares of the spectrum, and as `hessian/spectrum/at` the eigenvalues, ascending, that
    they lie at.

    `hessian/meanEigenvalue` and `hessian/rootMeanSquareEigenvalue` are its first moments; errors are one standard
    error.
    """

    name = "hessian/spectrum"
    price = 3.6
    in_step_record = False
    needs_products = True
    needs_update = False

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Measurement | None:
        density = spectral_quadrature(hessian_of(step.products(), _PRODUCTS), _DIRECTIONS, _PRODUCTS, step.step)
        root = math.sqrt(density.mean_square)
        return Measurement(
            {"hessian/meanEigenvalue": density.mean, "hessian/rootMeanSquareEigenvalue": root},
            f"stochastic Lanczos quadrature, {_DIRECTIONS} directions, {density.products} Hessian-vector products "
            "(errors: one standard error)",
            {
                "hessian/meanEigenvalue": density.mean_error,
                "hessian/rootMeanSquareEigenvalue": 0.0 if root == 0 else density.mean_square_error / (2 * root),
            },
            vectors={"hessian/spectrum": density.weights, "hessian/spectrum/at": density.nodes},
        )
