"""The diagonal that an adaptive optimizer's next step will divide by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .facts.optimizer_facts import optimizer_kind
from .products.flat import flatten

ADAPTIVE = frozenset(("adam", "adamw", "adamax", "nadam", "rmsprop", "adagrad"))


def preconditioner_of(
    optimizer: torch.optim.Optimizer, parameters: Sequence[Tensor], gradients: Sequence[Tensor | None]
) -> Tensor | None:
    """P, flat, in the order of the parameters, as the step that is about to be taken uses it; None where it is not one
    of:

    - Adam, AdamW, NAdam: sqrt(v / (1 - beta2^t)) + epsilon (Kingma and Ba 2015, Algorithm 1); with AMSGrad the largest
    v so far
    - RMSprop, not centred: sqrt(v) + epsilon, as torch has it
    - Adagrad: sqrt(v) + epsilon
    - Adamax: the running maximum, of |g| + epsilon; its bias correction belongs to the first moment

    The moments are taken one step on by their own rule, because weights have moved once the optimizer has done so
    itself.
    """
    rule = _RULES.get(optimizer_kind(optimizer))
    if rule is None:
        return None
    groups = {id(each): group for group in optimizer.param_groups for each in group["params"]}
    parts: list[Tensor] = []
    with torch.no_grad():
        for parameter, gradient in zip(parameters, gradients):
            group = groups.get(id(parameter))
            if group is None or gradient is None or gradient.is_sparse:
                return None
            part = rule(
                group, optimizer.state.get(parameter, {}), parameter, _stepped_on(optimizer, group, parameter, gradient)
            )
            if part is None:
                return None
            parts.append(part)
    return flatten(parts)


def _stepped_on(optimizer: torch.optim.Optimizer, group: dict[str, Any], parameter: Tensor, gradient: Tensor) -> Tensor:
    """The gradient with a coupled weight decay, which enters the moments."""
    decay = float(group.get("weight_decay") or 0)
    is_decoupled = optimizer_kind(optimizer) == "adamw" or bool(group.get("decoupled_weight_decay", False))
    sign = -1 if group.get("maximize") else 1
    return sign * gradient if decay == 0 or is_decoupled else sign * gradient + decay * parameter


def _steps(state: dict[str, Any]) -> float:
    return float(state.get("step", 0)) + 1


def _adam(group: dict[str, Any], state: dict[str, Any], parameter: Tensor, gradient: Tensor) -> Tensor | None:
    beta2 = float(group["betas"][1])
    moment = beta2 * state.get("exp_avg_sq", torch.zeros_like(parameter)) + (1 - beta2) * gradient * gradient
    if group.get("amsgrad"):
        moment = torch.maximum(moment, state.get("max_exp_avg_sq", torch.zeros_like(parameter)))
    return (moment / (1 - beta2 ** _steps(state))).sqrt() + float(group["eps"])


def _rmsprop(group: dict[str, Any], state: dict[str, Any], parameter: Tensor, gradient: Tensor) -> Tensor | None:
    if group["centered"]:
        return None
    alpha = float(group["alpha"])
    moment = alpha * state.get("square_avg", torch.zeros_like(parameter)) + (1 - alpha) * gradient * gradient
    return moment.sqrt() + float(group["eps"])


def _adagrad(group: dict[str, Any], state: dict[str, Any], parameter: Tensor, gradient: Tensor) -> Tensor | None:
    if group.get("lr_decay"):
        return None
    return (state["sum"] + gradient * gradient).sqrt() + float(group["eps"])


def _adamax(group: dict[str, Any], state: dict[str, Any], parameter: Tensor, gradient: Tensor) -> Tensor | None:
    beta2 = float(group["betas"][1])
    decayed = beta2 * state.get("exp_inf", torch.zeros_like(parameter))
    return torch.maximum(decayed, gradient.abs() + float(group["eps"]))


_RULES = {"adam": _adam, "adamw": _adam, "nadam": _adam, "rmsprop": _rmsprop, "adagrad": _adagrad, "adamax": _adamax}
