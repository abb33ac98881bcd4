"""Finds out what is trained, on what, and by which loss, and writes it down before the step that it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ..journal import Journal
from ..optimizers import KnownOptimizer
from ..pending import PendingLoss
from ..products.captured_call import CapturedCall
from .data_facts import DataFacts
from .logits import logit_values
from .model_facts import Modules, bare_fields, model_fields
from .objective_facts import objective_fields


class TrainingFacts:
    def __init__(self, journal: Journal, modules: Modules, data: DataFacts) -> None:
        self.modules = modules
        self.data = data
        self._journal = journal
        self._objective: dict[str, Any] | None = None
        self._objective_written = False
        self._logits: dict[str, float] | None = None
        self._described: list[str] = []
        self._data_written: dict[str, Any] | None = None

    @property
    def wants_inputs(self) -> bool:
        """Whether calls of modules are to be watched at the next step for their inputs alone."""
        return self.data.wants_inputs

    def are_written_of(self, known: KnownOptimizer) -> bool:
        return known.id in self._described and self._objective_written

    def evaluated(self, loss: Tensor, calls: Sequence[CapturedCall]) -> None:
        """Reads the form of a loss off its graph, before its backward frees it; `calls` are of modules, that led to
        it."""
        if self._objective is not None:
            return
        self._objective = objective_fields(loss)
        if self._journal.step == 0:
            with self._journal.clock.measure(), torch.no_grad():
                self._logits = logit_values(loss, [output for call in calls for output in call.outputs])

    def stepped_on(self, losses: Sequence[PendingLoss]) -> None:
        """Says it where a step's loss is that of a model in evaluation mode: none of its calls is in training."""
        left_out = [call.left_out for loss in losses for call in loss.calls]
        if left_out and all(left_out):
            self._journal.note_once(
                "warning",
                "evaluation-mode",
                f"Steps are taken with the model in evaluation mode: {' and '.join(left_out[0])}. Losses and curvature "
                "are of that mode. A call of train() before the steps brings training back.",
            )

    def describe(self, known: KnownOptimizer, inputs: list[Tensor] | None, batch: int | None) -> None:
        """Writes `model`, `objective` and `data` records as far as they are known and new, and what must precede the
        first loss."""
        if known.id not in self._described:
            self._described.append(known.id)
            model = self.modules.model_of(known.parameters)
            fields = bare_fields(known.parameters) if model is None else model_fields(model, self.modules)
            self._journal.at_step("model", **fields)
        if self._objective is not None and not self._objective_written:
            self._objective_written = True
            self._journal.at_step("objective", **self._objective)
        data = None if inputs is None else self.data.of_step(inputs, batch)
        if inputs is None and known.is_first:
            self.data.saw_no_inputs()
        if data is not None and data != self._data_written:
            self._data_written = data
            self._journal.at_step("data", **data)
        if self._logits is not None:
            values, self._logits = self._logits, None
            if self._journal.step == 0:
                self._journal.at_step(
                    "measure", values=values, cost=0.0, method="of the logits of the first step", sample=batch
                )
