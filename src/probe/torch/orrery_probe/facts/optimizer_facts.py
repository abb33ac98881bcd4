"""Hyperparameters of an optimizer, as `optimizer` records hold them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_KINDS = {
    "RMSprop": "rmsprop",
    "Adam": "adam",
    "AdamW": "adamw",
    "Adamax": "adamax",
    "Adagrad": "adagrad",
    "Adadelta": "adadelta",
    "NAdam": "nadam",
}


def optimizer_kind(optimizer: torch.optim.Optimizer) -> str:
    """By the class, or the nearest parent that torch brings; a subclass may change the rule, so it must not have its
    own step."""
    kind = type(optimizer)
    module = kind.__module__
    if not module.startswith("torch.optim"):
        return "other"
    if kind.__name__ == "SGD":
        return "momentum" if any(group.get("momentum") for group in optimizer.param_groups) else "sgd"
    return _KINDS.get(kind.__name__, "other")


def parameters_of(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    return [each for group in optimizer.param_groups for each in group["params"] if each.requires_grad]


def group_fields(optimizer: torch.optim.Optimizer, group: dict[str, Any]) -> dict[str, Any]:
    kind = optimizer_kind(optimizer)
    fields: dict[str, Any] = {
        "parameters": sum(each.numel() for each in group["params"] if each.requires_grad),
        "learningRate": float(group.get("lr", float("nan"))),
    }
    betas = group.get("betas")
    if isinstance(betas, (tuple, list)) and len(betas) == 2:
        fields["beta1"], fields["beta2"] = (float(each) for each in betas)
    if kind in ("sgd", "momentum", "rmsprop"):
        fields["momentum"] = float(group.get("momentum", 0))
    if kind in ("sgd", "momentum"):
        fields["nesterov"] = bool(group.get("nesterov", False))
    if kind == "rmsprop":
        fields["rho"] = float(group["alpha"])
        fields["centered"] = bool(group["centered"])
    if "eps" in group:
        fields["epsilon"] = float(group["eps"])
    decay = float(group.get("weight_decay") or 0)
    if decay != 0:
        decoupled = kind == "adamw" or bool(group.get("decoupled_weight_decay", False))
        fields["weightDecay"] = decay
        fields["weightDecayForm"] = "decoupled" if decoupled else "coupled"
    return fields
