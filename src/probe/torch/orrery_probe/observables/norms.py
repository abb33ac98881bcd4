"""Norms over all parameters, for the step record."""

from __future__ import annotations

from typing import Iterable, List, Optional

import torch
from torch import Tensor

from .observable import Measurement, ObservedStep


class GradientNorm:
    """`gradient/norm`: Euclidean norm of the gradient that the optimizer is given, over all its parameters."""

    name = "gradient/norm"
    price = "cheap"
    in_step_record = True
    needs_products = False
    needs_update = False

    def applies(self, optimizer: Optional[torch.optim.Optimizer]) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Optional[Measurement]:
        given = [each for each in step.gradients if each is not None]
        return Measurement({"gradient/norm": norm_of(given)}, "of the gradients given to the optimizer")


class UpdateNorm:
    """`update/norm`: Euclidean norm of the change of all weights in this step."""

    name = "update/norm"
    price = "cheap"
    in_step_record = True
    needs_products = False
    needs_update = True

    def applies(self, optimizer: Optional[torch.optim.Optimizer]) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Optional[Measurement]:
        if step.before is None:
            return None
        change = [after.detach() - before for after, before in zip(step.parameters, step.before)]
        return Measurement({"update/norm": norm_of(change)}, "difference of the weights")


def norm_of(tensors: Iterable[Tensor]) -> float:
    """Over all of them together, each summed in its own type at least single precision."""
    norms: List[Tensor] = [
        _real(each.coalesce().values() if each.is_sparse else each.detach()).float().norm() for each in tensors
    ]
    return float(torch.stack([each.to(norms[0].device) for each in norms]).double().norm()) if norms else 0.0


def _real(values: Tensor) -> Tensor:
    return torch.view_as_real(values.resolve_conj()) if values.is_complex() else values
