"""What the nodes of an autograd graph tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor

_TRUSTED = ("CheckpointFunction", "TailLoss", "_TailGradient")
"""Custom functions whose second derivative is right or raises."""


def nodes_below(tensors: Iterable[Tensor]) -> Iterator[Any]:
    """Every node that the tensors' values came about by, each once."""
    seen: set[Any] = set()
    waiting = [tensor.grad_fn for tensor in tensors]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        yield node
        waiting.extend(next_node for next_node, _ in node.next_functions)


def is_compiled(loss: Tensor) -> bool:
    """Whether a compiled backward is on the way: such a graph may be neither kept nor differentiated twice."""
    return any("CompiledFunction" in node.name() for node in nodes_below([loss]))


def is_checkpointed(loss: Tensor) -> bool:
    """Whether a reentrant checkpoint is on the way, within which the graph shows no weights."""
    return any(node.name().startswith("CheckpointFunction") for node in nodes_below([loss]))


def custom_functions(tensors: Iterable[Tensor]) -> set[str]:
    """Names of the script's own `torch.autograd.Function`s on the way.

    Their backward need not be differentiable, and where it works on detached values its derivative is silently wrong.
    """
    names = set()
    for node in nodes_below(tensors):
        if isinstance(node, torch.autograd.function.BackwardCFunction):
            name = type(node).__name__
            name = name.removesuffix("Backward")
            if name not in _TRUSTED and "CompiledFunction" not in name and not _hands_on(node):
                names.add(name)
    return names


def _hands_on(node: Any) -> bool:
    """Whether it is that of `DistributedDataParallel` which hands gradients on as they are; in the first step of a
    static graph it begins their exchange as well."""
    kind = getattr(type(node), "_forward_cls", None)
    if kind is None or (kind.__module__, kind.__name__) != ("torch.nn.parallel.distributed", "_DDPSink"):
        return False
    # PyTorch 1.13 keeps a dictionary, newer versions a reference to the module.
    if hasattr(node, "state_dict"):
        return not node.state_dict["static_graph"]
    parallel = node.ddp_weakref()
    return parallel is not None and not parallel.static_graph


def undifferentiable(gradients: Iterable[Tensor]) -> set[str]:
    """Names of nodes in the graph of a gradient that mark where it cannot be differentiated again.

    `autograd.grad` with inputs prunes such a node where it leads to none of them, and the product is then silently
    wrong.
    """
    marks = ("Error", "DelayedError", "NotImplemented")
    return {node.name() for node in nodes_below(gradients) if node.name() in marks or node.name().endswith("::Error")}


def leaves_below(loss: Tensor) -> list[Tensor]:
    """What a backward pass would accumulate gradients in."""
    return [node.variable for node in nodes_below([loss]) if hasattr(node, "variable")]


def free_saved(loss: Tensor) -> None:
    """Lets go of what the graph has saved for its backward, as a backward pass that does not retain it does.

    The script may hold on to the loss: its memory would stay taken, and a second backward pass, which is an error of
    the script's, would not be told. Nothing happens where functions of the script's own would run once more.
    """
    if custom_functions([loss]):
        return
    leaves = leaves_below(loss)
    if leaves:
        torch.autograd.grad(loss, leaves, allow_unused=True)


def share_nodes(one: Iterable[Tensor], other: Iterable[Tensor]) -> bool:
    """Whether the graphs have operations in common; leaves do not count."""
    # Both are held at once: a node's wrapper, which is compared, lives no longer than somebody holds it.
    nodes = set(nodes_below(one))
    return any(node in nodes and not hasattr(node, "variable") for node in nodes_below(other))
