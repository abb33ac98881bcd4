"""Losses whose gradients wait for an optimizer's step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import List, Optional

from torch import Tensor

from .layers.calls import LayerCalls
from .layers.forward_graph import Edge
from .products.captured_call import CapturedCall


@dataclass
class PendingLoss:
    value: Tensor
    """Detached; as it was given to `backward`, with the scale of a gradient scaler."""
    scale: Optional[Tensor]
    """That scale, on the device."""
    graph: Optional[Tensor]
    """The loss with its graph, where curvature is due at the step."""
    calls: List[CapturedCall] = field(default_factory=list)
    """Of modules, that led to it."""
    is_half: bool = False
    """Whether it was computed under autocast."""
    root: Optional[Edge] = None
    """The loss in its graph, where layers are looked at."""
    layer_calls: Optional[LayerCalls] = None
    """Of modules within, where layers are looked at."""
