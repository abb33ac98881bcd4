"""Layers of a compiled model, whose modules are not called one by one: seen by running its own code again."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ..products.captured_call import CapturedCall
from ..products.living_graph import NotDifferentiable
from ..products.replay import outputs_met
from .activations import Layers
from .calls import LayerCalls
from .forward_graph import Edge, ForwardGraph

_TOLERANCE = 1e-4
"""Relative, of outputs computed again: compiled kernels sum in another order, which makes about 1e-6."""
_TOLERANCE_HALF = 1e-2


def replayed_layers(root: Edge, calls: Sequence[CapturedCall], names: Mapping[int, str]) -> Layers:
    """Layers up to the model's outputs; `root` is the loss, `names` those of the trained parameters, by id.

    What follows the outputs is not seen, so that the graph of the layers is not that of the loss. Raises
    NotDifferentiable where the model gives something else this time, InputsChanged where it cannot be run as it was.
    """
    used, outputs = outputs_met(root, calls)
    wanted = {id(each) for each in outputs}
    seen = LayerCalls()
    roots: list[Edge] = []
    for call in used:
        with _every_call(seen):
            again = call.replay()
        if len(again) != len(call.outputs):
            raise NotDifferentiable("it gives other outputs")
        for old, new in zip(call.outputs, again):
            if not _is_same(old, new, call.is_half):
                raise NotDifferentiable(
                    "it gives other outputs, as with dropout, for which a compiler draws numbers of its own"
                )
            if id(old) in wanted:
                roots.append((new.grad_fn, new.output_nr))
    return Layers(ForwardGraph(roots), seen, names)


def _is_same(old: Tensor, new: Tensor, is_half: bool) -> bool:
    if old.shape != new.shape:
        return False
    difference = float((new.detach() - old.detach()).float().norm())
    return difference <= (_TOLERANCE_HALF if is_half else _TOLERANCE) * float(old.detach().float().norm())


@contextlib.contextmanager
def _every_call(seen: LayerCalls) -> Iterator[None]:
    """Within its block every module runs uncompiled, and its results are kept."""
    original = torch.nn.Module.__call__

    def call(module: Any, *args: Any, **kwargs: Any) -> Any:
        own = getattr(module, "_orig_mod", module)
        result = own._call_impl(*args, **kwargs)
        seen.add(own, args, kwargs, result)
        return result

    torch.nn.Module.__call__ = call  # type: ignore[method-assign]
    try:
        yield
    finally:
        torch.nn.Module.__call__ = original  # type: ignore[method-assign]
