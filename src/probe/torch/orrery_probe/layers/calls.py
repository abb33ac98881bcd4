"""Results of modules, kept while a step is watched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .forward_graph import Edge
from .recurrences import KeptRecurrence, kept_recurrence


@dataclass(frozen=True)
class KeptOutput:
    module: torch.nn.Module
    edge: Edge
    output: Tensor
    """With its graph."""
    value: Tensor
    """The same without a graph."""
    version: int
    argument: Tensor | None
    """What the module was called with."""
    argument_version: int

    @property
    def is_whole(self) -> bool:
        """Whether nobody has written over it."""
        return self.value._version == self.version


class LayerCalls:
    """Of modules that contain no others, in the order of their calls."""

    def __init__(self) -> None:
        self.outputs: list[KeptOutput] = []
        self.recurrences: list[KeptRecurrence] = []
        self._by_edge: dict[Edge, KeptOutput] = {}

    def add(self, module: torch.nn.Module, args: Any, kwargs: Mapping[str, Any], result: Any) -> None:
        recurrence = kept_recurrence(module, args, kwargs, result)
        if recurrence is not None:
            self.recurrences.append(recurrence)
        if not isinstance(result, Tensor) or result.grad_fn is None or next(module.children(), None) is not None:
            return
        edge = (result.grad_fn, result.output_nr)
        argument = args[0] if args and isinstance(args[0], Tensor) else None
        version = 0 if argument is None else argument._version
        kept = KeptOutput(module, edge, result, result.detach(), result._version, argument, version)
        self.outputs.append(kept)
        self._by_edge[edge] = kept

    def at(self, edge: Edge) -> KeptOutput | None:
        """The last module's result that is this value."""
        return self._by_edge.get(edge)
