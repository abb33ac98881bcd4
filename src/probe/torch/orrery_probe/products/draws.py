"""What a call of the model draws at random, drawn again by some of its examples alone: dropout's masks above all."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from .tape import is_random, tensors_of


class OtherDraws(Exception):
    """A part of the batch draws something else than the whole does."""


class DrawsOfWhole(TorchDispatchMode):
    """Within its block, notes what is drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.results: list[list[Tensor]] = []

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        if is_random(function):
            self.results.append([each.detach().clone() for each in tensors_of(result)])
        return result


class DrawsOfPart(TorchDispatchMode):
    """Within its block, what is drawn are the rows that the examples had in the whole batch.

    Results of an operation that depend on its inputs as well, as those of dropout, have these very rows too, since the
    inputs are the same. Raises OtherDraws.
    """

    def __init__(self, whole: DrawsOfWhole, examples: Tensor, batch: int) -> None:
        super().__init__()
        self._whole = iter(whole.results)
        self._examples = examples
        self._batch = batch

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        if not is_random(function):
            return result
        for own, drawn in zip(tensors_of(result), next(self._whole, [])):
            holds_examples = drawn.dim() > 0 and drawn.shape[0] == self._batch
            rows = drawn[self._examples.to(drawn.device)] if holds_examples else drawn
            if rows.shape != own.shape:
                raise OtherDraws("it draws other random numbers for a part of the batch than for the whole")
            with torch.no_grad():
                own.copy_(rows)
        return result
