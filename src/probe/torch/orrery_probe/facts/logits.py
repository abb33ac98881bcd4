"""Statistics of a classifier's logits at initialization."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from .objective_facts import log_probabilities, main_term


def logit_values(loss: Tensor, outputs: Sequence[Tensor]) -> dict[str, float] | None:
    """`logit/variance`, the mean over examples of the population variance over classes, and `logit/max`, the largest
    absolute logit where the logits themselves are among a module's outputs.

    The single logit z of a binary cross-entropy stands for the two logits 0 and z, whose variance is z²/4.
    """
    node, _ = main_term(loss.grad_fn)
    if node is None:
        return None
    if node.name().startswith("BinaryCrossEntropyWithLogits"):
        logits = node._saved_self.detach().double()
        return {"logit/variance": float((logits * logits).mean() / 4), "logit/max": float(logits.abs().max())}
    scores = log_probabilities(node)
    if scores is None or scores.numel() == 0:
        return None
    axis = 1 if scores.dim() > 1 else 0
    # Log-probabilities are the logits less a constant of each example, which the variance does not see.
    values = {"logit/variance": float(scores.detach().double().var(dim=axis, unbiased=False).mean())}
    logits = _made_by(node.next_functions[0][0].next_functions[0][0], outputs)
    if logits is not None:
        values["logit/max"] = float(logits.detach().abs().max())
    return values


def _made_by(node: Any, outputs: Sequence[Tensor]) -> Tensor | None:
    return next((each for each in outputs if each.grad_fn is node), None)
