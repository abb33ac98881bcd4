"""A model's outputs as its loss sees them, and what they should be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .objective_facts import main_term

_NORMALIZING = ("LogSoftmax", "Softmax", "Sigmoid", "LogSigmoid")


@dataclass(frozen=True)
class OutputHead:
    outputs: Tensor
    """[examples, outputs], with their graph; logits, for a cross-entropy."""
    targets: Tensor | None
    """[examples, outputs]; classes as ones and zeros. None where they are not known."""
    is_squared_error: bool
    """Whether the loss is the squared error of these outputs and targets."""


def output_head(loss: Tensor, outputs: Sequence[Tensor]) -> OutputHead | None:
    """`outputs` are those of the modules that the loss comes from; None where it is not one matrix of them."""
    if len(outputs) != 1 or outputs[0].dim() != 2:
        return None
    output = outputs[0]
    node = output.grad_fn
    if node is None or node.name().startswith(_NORMALIZING):
        return None
    term, _ = main_term(loss.grad_fn)
    targets = _targets(term, output)
    return OutputHead(output, targets, term is not None and targets is not None and term.name().startswith("MseLoss"))


def _targets(term: Any, output: Tensor) -> Tensor | None:
    target = None if term is None else getattr(term, "_saved_target", None)
    if not isinstance(target, Tensor):
        return None
    if target.shape == output.shape and target.is_floating_point():
        return target.detach()
    is_classes = target.dim() == 1 and len(target) == len(output) and target.dtype == torch.int64
    if not is_classes or int(target.min()) < 0 or int(target.max()) >= output.shape[1]:
        return None
    return torch.nn.functional.one_hot(target, output.shape[1]).to(output.dtype)
