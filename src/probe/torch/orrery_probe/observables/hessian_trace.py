"""The trace of the Hessian."""

from __future__ import annotations

import torch

from ..products.hutch_plus_plus import hutch_plus_plus
from .hessian import hessian_of
from .observable import Measurement, ObservedStep

_PRODUCTS = 30


class HessianTrace:
    """`hessian/trace`: trace of the Hessian of the loss that is stepped on, by Hutch++; its error is one standard
    error."""

    name = "hessian/trace"
    price = 1.2
    in_step_record = False
    needs_products = True
    needs_update = False

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Measurement | None:
        operator = hessian_of(step.products(), _PRODUCTS // 3)
        estimate = hutch_plus_plus(operator, _PRODUCTS, step.step)
        return Measurement(
            {"hessian/trace": estimate.value},
            f"Hutch++, {estimate.products} Hessian-vector products (error: one standard error)",
            {"hessian/trace": estimate.standard_error + operator.rounding * abs(estimate.value)},
        )
