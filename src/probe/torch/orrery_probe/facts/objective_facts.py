"""The form of the loss, read off the nodes that made it."""

from __future__ import annotations

from typing import Any

from torch import Tensor

_REDUCTIONS = {1: "mean", 2: "sum"}


def objective_fields(loss: Tensor) -> dict[str, Any] | None:
    """Of a loss whose graph is still whole; None where no node is known. Must be called before its backward."""
    node, regularized = main_term(loss.grad_fn)
    if node is None:
        return {"kind": "unknown", "reduction": "unknown", "regularized": regularized, "how": _HOW}
    name = node.name()
    fields: dict[str, Any] = {"regularized": regularized, "how": _HOW}
    reduction = getattr(node, "_saved_reduction", None)
    fields["reduction"] = _REDUCTIONS.get(reduction, "unknown") if isinstance(reduction, int) else "unknown"
    if name.startswith(("NllLoss", "CrossEntropyLoss")):
        fields["kind"] = "crossEntropy"
        scores = log_probabilities(node)
        if scores is not None:
            fields["classes"] = int(scores.shape[1] if scores.dim() > 2 else scores.shape[-1])
        if getattr(node, "_saved_weight", None) is not None:
            fields["reduction"] = "unknown"
    elif name.startswith("BinaryCrossEntropyWithLogits"):
        fields["kind"] = "binaryCrossEntropy"
    elif _is_squared_error(node):
        fields["kind"] = "meanSquaredError"
        fields["reduction"] = "mean" if name.startswith("Mean") else "sum"
        errors = getattr(node.next_functions[0][0], "_saved_self", None)
        if isinstance(errors, Tensor) and errors.dim() > 0:
            fields["outputs"] = max(1, errors.numel() // max(1, errors.shape[0]))
    elif name.startswith("MseLoss"):
        fields["kind"] = "meanSquaredError"
        target = getattr(node, "_saved_target", None)
        if isinstance(target, Tensor) and target.dim() > 0:
            fields["outputs"] = max(1, target.numel() // max(1, target.shape[0]))
    return fields


def log_probabilities(node: Any) -> Tensor | None:
    """The result of the log-softmax below the node of a cross-entropy: its logits up to a constant an example."""
    for below, _ in node.next_functions:
        if below is not None and below.name().startswith("LogSoftmax"):
            result = getattr(below, "_saved_result", None)
            return result if isinstance(result, Tensor) else None
    return None


_HOW = "read off the graph of the loss"
_KNOWN = ("NllLoss", "CrossEntropyLoss", "MseLoss", "BinaryCrossEntropyWithLogits")


def main_term(root: Any) -> tuple[Any | None, bool]:
    """The node of a known loss at the end of the graph, and whether other terms are added to it."""
    regularized = False
    waiting: list[Any] = [root]
    while waiting:
        node = waiting.pop(0)
        if node is None:
            continue
        name = node.name()
        if name.startswith(_KNOWN):
            return node, regularized
        if name.startswith("Add"):
            regularized = True
            waiting.extend(below for below, _ in node.next_functions)
        elif _is_squared_error(node):
            return node, regularized
        elif name.startswith(("ToCopy", "View", "Squeeze", "Alias")):
            waiting.extend(below for below, _ in node.next_functions)
    return None, regularized


def _is_squared_error(node: Any) -> bool:
    """Mean or sum of squared differences, written out."""
    if not node.name().startswith(("MeanBackward0", "SumBackward0")):
        return False
    power = node.next_functions[0][0]
    if power is None or not power.name().startswith("PowBackward0") or power._saved_exponent != 2:
        return False
    below = power.next_functions[0][0]
    return below is not None and below.name().startswith(("SubBackward", "RsubBackward"))
