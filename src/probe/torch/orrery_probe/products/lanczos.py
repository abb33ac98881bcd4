"""The largest eigenvalue of a symmetric operator that is known by its products."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, List

import torch
from torch import Tensor

_CALM = 3
"""Products over which the Ritz value may move by a quarter of the tolerance at most: a residual alone is fooled at the edge
of stability, where eigenvalues cluster."""
_FEWEST = 4
_KEPT = 4
"""Ritz vectors in the start of the next call: the eigenvector may change places with its neighbours."""


class NonFiniteProduct(Exception):
    """A product was not finite: the loss overflows."""


@dataclass(frozen=True)
class Eigenvalue:
    value: float
    """Largest algebraic eigenvalue."""
    error: float
    """Estimate of the absolute error: the Ritz value's last movements, and its bound by residual and gap."""
    products: int
    converged: bool
    start: Tensor
    """To begin the next call with."""


def largest_eigenvalue(
    product: Callable[[Tensor], Tensor], start: Tensor, tolerance: float, most_products: int = 60
) -> Eigenvalue:
    """By Lanczos' method with full reorthogonalization (Golub and Van Loan 2013, §10.1, §10.3.6).

    `tolerance` is relative. Raises NonFiniteProduct.
    """
    basis = torch.empty(min(most_products, start.numel()), start.numel(), dtype=start.dtype, device=start.device)
    vector = start / start.norm()
    diagonal: List[Tensor] = []
    beside: List[Tensor] = []
    ritz_values: List[float] = []
    while True:
        size = len(diagonal) + 1
        basis[size - 1] = vector
        image = product(vector)
        diagonal.append(torch.dot(vector, image))
        known = basis[:size]
        # Twice is enough (Parlett 1998, §6.9).
        image = image - known.t().mv(known.mv(image))
        image = image - known.t().mv(known.mv(image))
        remainder = image.norm()
        beside.append(remainder)
        projected = _tridiagonal(diagonal, beside[:-1])
        if not bool(torch.isfinite(projected).all()) or not bool(torch.isfinite(remainder)):
            raise NonFiniteProduct("a Hessian-vector product is not finite")
        values, vectors = torch.linalg.eigh(projected)
        top = values[-1].item()
        ritz_values.append(top)
        residual = abs(remainder.item() * vectors[-1, -1].item())
        invariant = remainder.item() <= 1e-6 * max(abs(top), abs(values[0].item())) or size == start.numel()
        moved = max(abs(top - each) for each in ritz_values[-1 - _CALM :])
        calm = size >= _FEWEST and moved <= tolerance / 4 * abs(top)
        if invariant or calm or size == len(basis):
            kept = min(_KEPT, size)
            weights = torch.ones(kept, dtype=torch.float64)
            weights[-1] = 2
            combination = (vectors[:, -kept:] @ weights).to(basis)
            gap = top - values[-2].item() if size > 1 else 0.0
            bound = min(residual, residual**2 / gap) if gap > 0 else residual
            return Eigenvalue(top, bound if invariant else max(bound, moved), size, invariant or calm, combination @ known)
        vector = image / remainder


def _tridiagonal(diagonal: List[Tensor], beside: List[Tensor]) -> Tensor:
    matrix = torch.diag(torch.stack(diagonal).double().cpu())
    if beside:
        off = torch.stack(beside).double().cpu()
        matrix += torch.diag(off, 1) + torch.diag(off, -1)
    return matrix
