"""How much of the data a step sees."""

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch import Tensor

from ..joint.processes import training_processes

_COMPARED = 3
"""Steps that must have read the very same tensors before the batch is said to be always the same."""


class DataFacts:
    def __init__(self) -> None:
        self._loader: dict[str, Any] | None = None
        self._last: list[tuple[weakref.ref[Tensor], int]] = []
        self._same = 0
        self._seen = 0

    @property
    def wants_inputs(self) -> bool:
        """Whether the next step's inputs would tell something that is not known yet."""
        return self._loader is None and self._seen < _COMPARED

    def iterating(self, loader: Any) -> None:
        """A data loader begins to be read; the first that is read while gradients are on is the one that is trained
        on."""
        if self._loader is not None or not torch.is_grad_enabled():
            return
        try:
            examples = len(loader.dataset)
        except (TypeError, NotImplementedError):
            return
        if loader.batch_size is None or examples < 1:
            return
        batch = min(int(loader.batch_size), examples)
        self._loader = {
            "examples": examples,
            "batch": batch,
            "fullBatch": batch == examples,
            "how": "from the data loader",
        }

    def saw_no_inputs(self) -> None:
        """Of a step before which no module was called: where that goes on, none is going to be."""
        self._seen += 1

    def of_step(self, inputs: list[Tensor], batch: int | None) -> dict[str, Any] | None:
        """Fields of a `data` record as far as they are known; `inputs` are what the model was called with."""
        processes = training_processes()
        # The others' examples are not known where no loader tells how many there are in all.
        own = self._own_step(inputs, batch, is_alone=processes == 1)
        return own if own is None or processes == 1 else {**own, "processes": processes}

    def _own_step(self, inputs: list[Tensor], batch: int | None, is_alone: bool) -> dict[str, Any] | None:
        if self._loader is not None:
            return self._loader
        if batch is None:
            return None
        self._seen += 1
        # Addresses would not do: a freed batch's memory is given to the next.
        is_same = len(self._last) == len(inputs) and all(
            reference() is each and version == each._version for (reference, version), each in zip(self._last, inputs)
        )
        self._same = self._same + 1 if is_same else 1
        self._last = [(weakref.ref(each), each._version) for each in inputs]
        if inputs and self._same >= _COMPARED:
            return {
                **({"examples": batch} if is_alone else {}),
                "batch": batch,
                "fullBatch": True,
                "how": "every step read the same input tensors",
            }
        return {"batch": batch, "how": "from the tensors that the model was called with"}


def batch_of(inputs: list[Tensor]) -> int | None:
    """The leading size of the first input that has one."""
    for each in inputs:
        if each.dim() > 0:
            return int(each.shape[0])
    return None
