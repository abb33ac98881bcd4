"""Gradients that a script computes by `autograd.grad` and hands to its optimizer itself."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .facts.optimizer_facts import parameters_of
from .pending import PendingLoss


class GivenGradients:
    """Of the latest such computation."""

    def __init__(self, loss: PendingLoss) -> None:
        self.loss = loss
        self._given: Sequence[tuple[weakref.ref[Tensor], Tensor]] = []

    def computed(self, inputs: Any, results: Any) -> None:
        """What `autograd.grad` was asked for and what it gave."""
        asked = [inputs] if isinstance(inputs, Tensor) else list(inputs)
        self._given = [(weakref.ref(of), by.detach()) for of, by in zip(asked, results) if by is not None]

    def are_stepped_on_by(self, optimizer: torch.optim.Optimizer) -> bool:
        """Whether they lie, as they are or in the same memory, in the fields that the optimizer reads."""
        given = {id(of()): by for of, by in self._given}
        held = [(each.grad, given.get(id(each))) for each in parameters_of(optimizer)]
        pairs = [(grad, by) for grad, by in held if grad is not None]
        return bool(pairs) and all(by is not None and _is_same(grad, by) for grad, by in pairs)


def towards_parameters(inputs: Any, create_graph: bool) -> bool:
    """Whether gradients may be meant for an optimizer, by the first thing that they are with respect to."""
    first: Any | None = inputs if isinstance(inputs, Tensor) else next(iter(inputs), None)
    return not create_graph and first is not None and isinstance(first, torch.nn.Parameter) and first.is_leaf


def _is_same(held: Tensor, given: Tensor) -> bool:
    if held.layout != torch.strided or given.layout != torch.strided:
        return False
    return held.data_ptr() == given.data_ptr() or (held.shape == given.shape and bool(torch.equal(held, given)))
