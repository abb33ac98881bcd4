"""What gradient descent conserves of consecutive layers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from ..budget import Price
from ..facts.optimizer_facts import optimizer_kind
from ..layer_name import layer_name
from ..layers.pairs import LayerPair, layer_pairs
from .layer_matrices import double, read, weights_not_finite
from .observable import Layered, Measurement, ObservedStep, Unmeasurable


class Balance(Layered):
    """`balance/…@A→B` for consecutive weight matrices x ↦ B·f(A·x + a) under plain gradient descent, with the defect

      D = A·Aᵀ + a·aᵀ − Bᵀ·B   (f linear; only the diagonal for a rectifier),

    which one step changes by exactly η²·(G_A·G_Aᵀ + g_a·g_aᵀ − G_Bᵀ·G_B) (Du, Hu and Lee 2018, for one step of a finite
    size).

    `defect`: Frobenius norm of D. `drift`: of D(t+1) − D(t). `residual`: of the drift less its exact value, over ‖A‖² +
    ‖B‖². `gradient`: ‖G_A‖² + ‖G_B‖².
    """

    name = "balance"
    price: Price = "cheap"
    in_step_record = False
    needs_products = False
    needs_update = True

    def __init__(self) -> None:
        self._pairs: list[LayerPair] | None = None
        self._of: Sequence[Tensor] = []
        """The parameters among which the pairs were found."""

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        if optimizer is None or self._pairs == []:
            return False
        return optimizer_kind(optimizer) == "sgd" and _is_plain(optimizer)

    def measure(self, step: ObservedStep) -> Measurement | None:
        layers = step.layers()
        if layers is not None and (self._pairs is None or list(map(id, self._of)) != list(map(id, step.parameters))):
            names = {id(each): name for each, name in zip(step.parameters, step.names)}
            self._pairs, self._of = layer_pairs(layers.graph, names), list(step.parameters)
        if step.before is None or not self._pairs:
            return None
        index = {id(each): position for position, each in enumerate(step.parameters)}
        values: dict[str, float] = {}
        omitted: list[Unmeasurable] = []
        for pair in self._pairs:
            measured = _measure(step, pair, index)
            name = layer_name(step.names[index[id(pair.first)]])
            if all(math.isfinite(each) for each in measured.values()):
                at = f"@{name}→{layer_name(step.names[index[id(pair.second)]])}"
                values.update({f"balance/{each}{at}": value for each, value in measured.items()})
            else:
                omitted.append(weights_not_finite(name))
        return Measurement(values, "from weights before and after", omitted=omitted)


def _is_plain(optimizer: torch.optim.Optimizer) -> bool:
    """Whether a step is −η times the gradient, with the same η for all weights."""
    groups = optimizer.param_groups
    is_same = len({float(each["lr"]) for each in groups}) == 1
    return is_same and not any(each.get("weight_decay") or each.get("maximize") for each in groups)


def _measure(step: ObservedStep, pair: LayerPair, index: dict[int, int]) -> dict[str, float]:
    first, second = index[id(pair.first)], index[id(pair.second)]
    bias = None if pair.bias is None else index[id(pair.bias)]
    used = [first, second, *([] if bias is None else [bias])]
    if step.before is None or any(step.gradients[each] is None for each in used):
        return {}
    sides: list[list[Tensor]] = []
    for tensors in (step.before, step.parameters, step.gradients):
        whole = [tensors[first], *([] if bias is None else [tensors[bias]])]
        rows = torch.cat([double(each).reshape(pair.first.shape[0], -1) for each in whole if each is not None], dim=1)
        last = tensors[second]
        sides.append([rows, double(rows if last is None else last)])
    before, after, gradient = (_difference(rows, last, pair.is_rectified) for rows, last in sides)
    drift = after - before
    # The optimizer multiplies by the rate in the weights' own type.
    rate = float(torch.tensor(step.learning_rate, dtype=pair.first.dtype, device="cpu"))
    residual = drift - rate**2 * gradient
    squares = [(rows * rows).sum() + (last * last).sum() for rows, last in (sides[0], sides[2])]
    defect, moved, left, scale, size = read([before.norm(), drift.norm(), residual.norm(), *squares])
    return {"defect": defect, "drift": moved, "residual": left / scale if scale > 0 else math.nan, "gradient": size}


def _difference(first: Tensor, second: Tensor, is_diagonal: bool) -> Tensor:
    """first·firstᵀ − secondᵀ·second, [hidden, hidden]; for a rectifier its diagonal, [hidden]."""
    if is_diagonal:
        return (first * first).sum(1) - (second * second).sum(0)
    return first @ first.t() - second.t() @ second
