"""How many dimensions each layer's activations fill."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from .activation_moments import activation_not_finite, which_calls, whole_activations
from .layer_matrices import double, gram_eigenvalues, smaller_gram
from .observable import Layered, Measurement, ObservedStep, Unmeasurable
from .random_matrix import chosen, gaussian_values
from .turns import Turns

_MOST_ROWS = 256
"""Examples and positions that a rank is measured on."""


class ActivationRanks(Layered):
    """Of each layer's activation as a matrix, a row for each example and position (256 of them, chosen at random, if
    there are more) and a column for each unit:

    - `activation/effectiveRank@layer`: exp(−Σ pᵢ·ln pᵢ), with pᵢ = σᵢ/Σσ of its singular values (Roy and Vetterli
    2007). Null:
      the mean over matrices of this shape with independent normal entries.
    - `activation/participationRatio@layer`: (Σλ)²/Σλ² of the eigenvalues of the units' covariance (Gao et al. 2017).
    Null: ratio
      of expectations for r independent normal rows of d units, ((r − 1)·d + 2)/(r + d).
    """

    name = "activation/rank"
    price = 1.5
    in_step_record = False
    needs_products = False
    needs_update = False

    def __init__(self) -> None:
        self._turns = Turns()
        self._nulls: dict[tuple[int, int], float] = {}

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Measurement | None:
        active = step.activations()
        if active is None:
            return None
        values: dict[str, float] = {}
        omitted: list[Unmeasurable] = []
        activations = whole_activations(active)
        for each in self._turns.over(activations):
            some = some_rows(each.rows(), _MOST_ROWS)
            rows, columns = some.shape
            if rows < 2 or columns < 2:
                continue
            if not bool(torch.isfinite(some).all()):
                omitted.append(activation_not_finite(each.layer))
                continue
            rank = _effective_rank(gram_eigenvalues(some))
            if rank is not None:
                values[f"activation/effectiveRank@{each.layer}"] = rank
                values[f"activation/effectiveRank@{each.layer}/null"] = self._null(rows, columns)
            ratio = _participation_ratio(some)
            if ratio is not None:
                values[f"activation/participationRatio@{each.layer}"] = ratio
                values[f"activation/participationRatio@{each.layer}/null"] = ((rows - 1) * columns + 2) / (
                    rows + columns
                )
        method = f"{active.how}, {_MOST_ROWS} rows at most{which_calls(activations)}"
        return Measurement(values, method, omitted=omitted)

    def _null(self, rows: int, columns: int) -> float:
        if (rows, columns) not in self._nulls:
            self._nulls[rows, columns] = _effective_rank_of_random(rows, columns)
        return self._nulls[rows, columns]


def some_rows(rows: Tensor, most: int) -> Tensor:
    """At most that many rows, chosen at random if there are more; in float64."""
    if rows.shape[0] <= most:
        return double(rows)
    return double(rows[torch.tensor(chosen(rows.shape[0], most), device=rows.device)])


def _effective_rank(squares: Sequence[float]) -> float | None:
    """From squared singular values; None for a matrix of zeros."""
    singular = [math.sqrt(each) for each in squares]
    total = sum(singular)
    if total == 0:
        return None
    return math.exp(-sum(each / total * math.log(each / total) for each in singular if each > 0))


def _effective_rank_of_random(rows: int, columns: int) -> float:
    """The mean over as many draws as make up a few thousand numbers: a large matrix' rank hardly varies."""
    draws = min(64, math.ceil(4096 / (rows * columns)))
    drawn = gaussian_values(draws * rows * columns, 1).view(draws, rows, columns)
    return sum(_effective_rank(gram_eigenvalues(each)) or 0.0 for each in drawn) / draws


def _participation_ratio(rows: Tensor) -> float | None:
    """(tr C)²/‖C‖² of the covariance C, which the Gram matrix of the centred rows shares; None where all rows are
    equal."""
    gram = smaller_gram(rows - rows.mean(dim=0))
    trace, norm = float(gram.trace()), float(gram.norm())
    # What remains of equal rows is the rounding of their mean.
    least = float((rows * rows).sum()) * rows.shape[0] * torch.finfo(torch.float64).eps
    return None if trace <= least else (trace / norm) ** 2
