"""Which of the losses whose gradients wait for a step an optimizer steps on."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from .facts.optimizer_facts import parameters_of
from .free_memory import free_memory
from .pending import PendingLoss
from .products.graph_nodes import share_nodes

_MOST = 4096
"""Losses that are kept: a script that never steps must not fill the memory with them."""
_LEAST_FREE = 0.5
"""Of the memory that was free with one graph kept: the graphs of further ones must leave as much."""


class PendingLosses:
    """Gradients of several backward passes add up, until an optimizer has stepped on them or they have been cleared."""

    def __init__(self) -> None:
        self._losses: list[PendingLoss] = []
        self._users: list[weakref.ref[torch.optim.Optimizer]] = []
        """Who has stepped on these losses. They stay for others, but not for the same again: its weights have moved."""
        self._skipped: weakref.WeakKeyDictionary[torch.optim.Optimizer, int] = weakref.WeakKeyDictionary()
        """How many of the losses had their gradients cleared before the optimizer stepped on them, as in two-step
        methods."""
        self._free = 0
        self._is_used = False

    @property
    def await_a_step(self) -> bool:
        """Whether nobody has stepped on them yet."""
        return bool(self._losses) and not self._is_used

    @property
    def are_plain(self) -> bool:
        """Whether they are one, of a single backward pass without a scale."""
        return len(self._losses) == 1 and self._losses[0].scale is None and not self._skipped

    def of(self, optimizer: torch.optim.Optimizer) -> Sequence[PendingLoss]:
        """Those that its next step is on."""
        if weakref.ref(optimizer) in self._users:
            return []
        losses = self._losses[self._skipped.get(optimizer, 0) if self._skipped else 0 :]
        if all(each.leaves is None for each in losses):
            return losses
        ids = {id(each) for each in parameters_of(optimizer)}
        return [each for each in losses if each.leaves is None or not ids.isdisjoint(each.leaves)]

    def add(self, loss: PendingLoss) -> None:
        self._losses.append(loss)

    def backward_through(self, tensors: Sequence[Tensor]) -> None:
        """A further backward pass: where it goes through a graph that is kept only for us, it shall find what it would
        have found without, a graph that has been freed."""
        kept = [each for each in self._losses if each.graph is not None and not each.is_retained]
        if kept and share_nodes([each.graph for each in kept if each.graph is not None], tensors):
            self.free()

    def free(self) -> None:
        """Lets go of graphs as the script's own backward passes would have done."""
        for each in self._losses:
            each.free()

    def withdraw(self, count: int) -> None:
        """The latest backward pass, of so many losses, has failed: its gradients did not add up."""
        self.free()
        del self._losses[len(self._losses) - count :]

    def evaluation_begins(self, optimizers: Iterable[torch.optim.Optimizer]) -> None:
        """To be called before each backward pass."""
        if self._is_used or len(self._losses) >= _MOST:
            self.forget()
        elif self._losses:
            for optimizer in optimizers:
                if all(each.grad is None for each in parameters_of(optimizer)):
                    self._skip(optimizer)

    def cleared(self, parameters: Iterable[Tensor], optimizers: Iterable[torch.optim.Optimizer]) -> None:
        """The gradients of these parameters have been set to zero, or to None, while the losses await a step."""
        ids = {id(each) for each in parameters}
        for optimizer in optimizers:
            if any(id(each) in ids for each in parameters_of(optimizer)[:1]):
                self._skip(optimizer)

    def leaves_memory_for(self, device: torch.device) -> bool:
        """Whether one more graph may be kept; where not, those that are kept are let go of."""
        kept = [each for each in self._losses if each.graph is not None]
        if not kept:
            self._free = free_memory(device)
            return True
        if free_memory(device) >= _LEAST_FREE * self._free:
            return True
        self.release()
        return False

    def used_by(self, optimizer: torch.optim.Optimizer) -> None:
        self._is_used = True
        self._users.append(weakref.ref(optimizer))
        self.release()

    def release(self) -> None:
        """Lets go of graphs and batches."""
        for each in self._losses:
            each.graph, each.calls, each.root, each.layer_calls = None, [], None, None

    def forget(self) -> None:
        self._losses, self._users = [], []
        if self._skipped:
            self._skipped.clear()
        self._is_used = False

    def _skip(self, optimizer: torch.optim.Optimizer) -> None:
        self._skipped[optimizer] = len(self._losses)
