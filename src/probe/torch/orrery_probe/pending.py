"""Losses whose gradients wait for an optimizer's step."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

from torch import Tensor

from .layers.calls import LayerCalls
from .layers.forward_graph import Edge
from .products.captured_call import CapturedCall
from .products.graph_nodes import free_saved


@dataclass
class PendingLoss:
    value: Tensor
    """Detached; as it was given to `backward`, with the scale of a gradient scaler."""
    scale: Tensor | None
    """That scale, on the device."""
    graph: Tensor | None
    """The loss with its graph, where curvature is due at the step."""
    calls: list[CapturedCall] = field(default_factory=list)
    """Of modules, that led to it."""
    is_half: bool = False
    """Whether it was computed under autocast."""
    leaves: frozenset[int] | None = None
    """Ids of the weights that it depends on, where there are several optimizers."""
    is_retained: bool = False
    """Whether the script itself has its graph retained."""
    root: Edge | None = None
    """The loss in its graph, where layers are looked at."""
    layer_calls: LayerCalls | None = None
    """Of modules within, where layers are looked at."""

    def free(self) -> None:
        """Lets go of the graph, and of what it has saved where the script's own backward pass would have done so."""
        graph, self.graph = self.graph, None
        if graph is not None and not self.is_retained:
            # Where it fails, a pass of the script's over the same graph fails as well, and has freed as much.
            with contextlib.suppress(RuntimeError):
                free_saved(graph)
