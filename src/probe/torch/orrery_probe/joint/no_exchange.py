"""Running a model again in one process alone."""

from __future__ import annotations

from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

from ..products.living_graph import NotDifferentiable


class NoExchange(TorchDispatchMode):
    """Within its block nothing is exchanged with other processes, which need not be doing the same. Raises
    NotDifferentiable before anything is."""

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        # `c10d::allreduce_`, `_c10d_functional::all_reduce` and the like.
        if "c10d" in function._schema.name:
            raise NotDifferentiable("it takes running the model again, which exchanges values with other processes")
        return function(*args, **(kwargs or {}))
