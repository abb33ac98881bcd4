"""The largest eigenvalue of the Hessian of the loss that is stepped on, and of the preconditioned one."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from ..budget import Price
from ..facts.optimizer_facts import optimizer_kind
from ..preconditioner import ADAPTIVE, preconditioner_of
from ..products.lanczos import largest_eigenvalue
from ..products.operator import SymmetricOperator
from .hessian import hessian_of
from .observable import Measurement, ObservedStep, Unmeasurable

TOLERANCE = 1e-3
"""Relative accuracy of a measured eigenvalue."""
FEWEST_VECTORS = 4
"""Without room for so many, nothing is begun."""
_MEASUREMENTS_PER_COLD_START = 8
"""One measurement in so many is begun at random: where a third eigenvalue overtakes the two that are followed, it may
be missed for as long as the products hardly show it."""


class WarmEigenvalue:
    """Begins each search where the last one ended."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._starts: list[Tensor] = []
        self._measurements = 0

    def measure(self, operator: SymmetricOperator, how: str) -> Measurement:
        is_cold = self._measurements % _MEASUREMENTS_PER_COLD_START == 0
        self._measurements += 1
        starts = [] if is_cold else [each for each in self._starts if len(each) == operator.dimension]
        found = largest_eigenvalue(operator, starts, TOLERANCE)
        self._starts = found.next_starts
        if not found.converged:
            raise Unmeasurable(
                "sharpness-not-converged",
                f"{self._name} was left out at some steps: {found.products} Hessian-vector products were not enough "
                f"for an accuracy of {100 * TOLERANCE} %.",
            )
        plural = "product" if found.products == 1 else "products"
        return Measurement(
            {self._name: found.value},
            f"Lanczos, {found.products} Hessian-vector {plural} {how}, {'warm' if starts else 'cold'} start",
            {self._name: found.error},
        )


class BatchSharpness:
    """`sharpness/batch`: largest algebraic eigenvalue of the Hessian of the loss that is stepped on."""

    name = "sharpness/batch"
    price: Price = "sharpness"
    in_step_record = False
    needs_products = True
    needs_update = False

    def __init__(self) -> None:
        self._eigenvalue = WarmEigenvalue(self.name)

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Measurement | None:
        products = step.products()
        return self._eigenvalue.measure(hessian_of(products, FEWEST_VECTORS), products.how)


class PreconditionedSharpness:
    """`sharpness/preconditioned`: largest eigenvalue of P^(-1/2) H P^(-1/2), with the diagonal P that this step's
    update divides by (Cohen et al. 2022, eq. 2)."""

    name = "sharpness/preconditioned"
    price: Price = "sharpness"
    in_step_record = False
    needs_products = True
    needs_update = False

    def __init__(self) -> None:
        self._eigenvalue = WarmEigenvalue(self.name)

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return optimizer is not None and optimizer_kind(optimizer) in ADAPTIVE

    def measure(self, step: ObservedStep) -> Measurement | None:
        diagonal = preconditioner_of(step.optimizer, step.parameters, step.gradients)
        if diagonal is None:
            return None
        products = step.products()
        hessian = hessian_of(products, FEWEST_VECTORS)
        root = diagonal.to(hessian.working_type).rsqrt()
        if not bool(torch.isfinite(root).all()):
            raise Unmeasurable(
                "preconditioner-not-positive",
                f"{self.name} was left out at some steps: the preconditioner has elements that are not positive.",
            )
        scaled = replace(hessian, multiply=lambda vector: root * hessian.product(root * vector))
        return self._eigenvalue.measure(scaled, products.how)
