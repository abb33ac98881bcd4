"""Whether the probe's gradient is the one that the optimizer steps on: told in every record of curvature."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

_LEAST_COSINE = 1 - 1e-4
"""Below this the optimizer steps on something else than what was differentiated."""
_LEAST_COSINE_HALF = 1 - 1e-2
"""In half precision gradients themselves are known to a few parts in a thousand."""


@dataclass(frozen=True)
class Agreement:
    cosine: float
    ratio: float
    """Norm of the optimizer's gradient over that of the probe's: below 1 where it was clipped."""
    is_half: bool

    @property
    def holds(self) -> bool:
        """A common factor is no hindrance: curvature is that of the loss, whatever the step's length."""
        return self.cosine >= (_LEAST_COSINE_HALF if self.is_half else _LEAST_COSINE)

    @property
    def is_finite(self) -> bool:
        return math.isfinite(self.cosine)


def agreement_of(
    own: Tensor, given: Sequence[Tensor | None], like: Sequence[Tensor], is_half: bool
) -> Agreement | None:
    """`own` is flat; `given` are the optimizer's, None where a parameter has none. None for sparse gradients."""
    if any(each is not None and each.is_sparse for each in given):
        return None
    parts = [torch.zeros_like(parameter) if each is None else each for each, parameter in zip(given, like)]
    theirs = torch.cat([each.detach().reshape(-1).double() for each in parts])
    ours = own.double()
    product, squares, own_squares = torch.stack([ours @ theirs, theirs @ theirs, ours @ ours]).tolist()
    if squares == 0 and own_squares == 0:
        return Agreement(1, 1, is_half)
    if squares == 0 or own_squares == 0:
        return Agreement(0, 0 if own_squares > 0 else math.inf, is_half)
    return Agreement(product / math.sqrt(squares * own_squares), math.sqrt(squares / own_squares), is_half)
