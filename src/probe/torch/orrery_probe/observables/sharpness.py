"""The largest eigenvalue of the Hessian of the loss that is stepped on, and of the preconditioned one."""

from __future__ import annotations

from typing import Callable, Optional

import torch
from torch import Tensor

from ..facts.optimizer_facts import optimizer_kind
from ..preconditioner import ADAPTIVE, preconditioner_of
from ..products.lanczos import NonFiniteProduct, largest_eigenvalue
from .observable import Measurement, ObservedStep, Unmeasurable

TOLERANCE = 1e-3
"""Relative accuracy of a measured eigenvalue."""


class _WarmEigenvalue:
    """Begins each search where the last one ended."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._start: Optional[Tensor] = None

    def measure(self, like: Tensor, product: Callable[[Tensor], Tensor], how: str) -> Measurement:
        warm = self._start is not None and self._start.shape == like.shape and self._start.device == like.device
        start = self._start if warm and self._start is not None else _seeded(like)
        try:
            found = largest_eigenvalue(product, start, TOLERANCE)
        except NonFiniteProduct as error:
            raise Unmeasurable("product-not-finite", f"{self._name} was left out at some steps: {error}.") from error
        if bool(torch.isfinite(found.start).all()):
            self._start = found.start
        if not found.converged:
            raise Unmeasurable(
                "sharpness-not-converged",
                f"{self._name} was left out at some steps: {found.products} Hessian-vector products were not enough for an "
                f"accuracy of {100 * TOLERANCE} %.",
            )
        plural = "product" if found.products == 1 else "products"
        return Measurement(
            {self._name: found.value},
            f"Lanczos, {found.products} Hessian-vector {plural} {how}, {'warm' if warm else 'cold'} start",
            {self._name: found.error},
        )


class BatchSharpness:
    """`sharpness/batch`: largest algebraic eigenvalue of the Hessian of the loss that is stepped on."""

    name = "sharpness/batch"
    price = "sharpness"
    in_step_record = False
    needs_products = True
    needs_update = False

    def __init__(self) -> None:
        self._eigenvalue = _WarmEigenvalue(self.name)

    def applies(self, optimizer: Optional[torch.optim.Optimizer]) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Optional[Measurement]:
        products = step.products()
        return self._eigenvalue.measure(products.gradient(), products.product, products.how)


class PreconditionedSharpness:
    """`sharpness/preconditioned`: largest eigenvalue of P^(-1/2) H P^(-1/2), with the diagonal P that this step's update
    divides by (Cohen et al. 2022, eq. 2)."""

    name = "sharpness/preconditioned"
    price = "sharpness"
    in_step_record = False
    needs_products = True
    needs_update = False

    def __init__(self) -> None:
        self._eigenvalue = _WarmEigenvalue(self.name)

    def applies(self, optimizer: Optional[torch.optim.Optimizer]) -> bool:
        return optimizer is not None and optimizer_kind(optimizer) in ADAPTIVE

    def measure(self, step: ObservedStep) -> Optional[Measurement]:
        diagonal = preconditioner_of(step.optimizer, step.parameters, step.gradients)
        if diagonal is None:
            return None
        products = step.products()
        scale = diagonal.rsqrt()
        return self._eigenvalue.measure(
            diagonal, lambda direction: scale * products.product(scale * direction), products.how
        )


def _seeded(like: Tensor) -> Tensor:
    """From a generator of its own: the script's random numbers are untouched."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(like.shape, generator=generator, dtype=torch.float32).to(like)
