"""The sharpness of single layers."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..facts.model_facts import layer_of
from ..products.lanczos import largest_eigenvalue
from ..products.living_graph import LivingGraph
from ..products.operator import SymmetricOperator
from .hessian import hessian_of
from .observable import Measurement, ObservedStep, Unmeasurable
from .sharpness import FEWEST_VECTORS, TOLERANCE


class BlockSharpness:
    """`sharpness/block@layer`: largest eigenvalue of the block of the Hessian that belongs to one layer's weights, the
    others held still. One layer at a time, in turn: each costs as much as the sharpness itself."""

    name = "sharpness/block"
    price = 1.0
    in_step_record = False
    needs_products = True
    needs_update = False

    def __init__(self) -> None:
        self._starts: dict[str, list[Tensor]] = {}
        self._turn = 0

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Measurement | None:
        products = step.products()
        blocks = _blocks_of(step.names, step.parameters)
        layer, ranges = blocks[self._turn % len(blocks)]
        self._turn += 1
        name = f"sharpness/block@{layer}"
        operator = _restricted(products, ranges)
        starts = [each for each in self._starts.get(name, []) if len(each) == operator.dimension]
        found = largest_eigenvalue(operator, starts, TOLERANCE)
        self._starts[name] = found.next_starts
        if not found.converged:
            raise Unmeasurable(
                "block-sharpness-not-converged",
                f"{name} was left out at some steps: {found.products} Hessian-vector products were not enough.",
            )
        return Measurement(
            {name: found.value},
            f"Lanczos on the layer's block, {found.products} Hessian-vector products",
            {name: found.error},
        )


_Range = tuple[int, int]


def _blocks_of(names: Sequence[str], parameters: Sequence[Tensor]) -> list[tuple[str, list[_Range]]]:
    """Layers, and where their weights lie in flat vectors."""
    blocks: dict[str, list[_Range]] = {}
    offset = 0
    for name, parameter in zip(names, parameters):
        stop = offset + parameter.numel()
        blocks.setdefault(layer_of(name), []).append((offset, stop))
        offset = stop
    return list(blocks.items())


def _restricted(products: LivingGraph, ranges: Sequence[_Range]) -> SymmetricOperator:
    whole = hessian_of(products, FEWEST_VECTORS)

    def multiply(direction: Tensor) -> Tensor:
        padded = torch.zeros(whole.dimension, dtype=direction.dtype, device=direction.device)
        parts = direction.split([stop - start for start, stop in ranges])
        for (start, stop), part in zip(ranges, parts):
            padded[start:stop] = part
        image = whole.product(padded)
        return torch.cat([image[start:stop] for start, stop in ranges])

    return SymmetricOperator(sum(stop - start for start, stop in ranges), whole.device, multiply, whole.rounding)
