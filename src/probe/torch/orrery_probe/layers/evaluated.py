"""The layers of the evaluation that a step is on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from ..pending import PendingLoss
from ..products.captured_call import InputsChanged
from ..products.living_graph import NotDifferentiable
from .activations import Layers
from .forward_graph import ForwardGraph
from .replayed import replayed_layers

_RECORDED = "of the recorded activations"
_REPLAYED = "of activations when the compiled model is run again uncompiled, up to its outputs"


@dataclass(frozen=True)
class ActiveLayers:
    """Layers whose activations can be read."""

    layers: Layers
    how: str
    refusal: str | None
    """Why those of a compiled model cannot."""


class EvaluatedLayers:
    """Found when they are first asked for, since most steps do not."""

    def __init__(self, loss: PendingLoss | None, parameters: Sequence[Tensor], names: Sequence[str]) -> None:
        """`loss` is the first one where gradients are accumulated; `parameters` are those that are trained."""
        self._loss = loss
        self._parameters = parameters
        self._names = names
        self._found: Layers | None = None
        self._active: ActiveLayers | None = None

    def layers(self) -> Layers | None:
        """On the graph of the loss; None where they were not looked at."""
        loss = self._loss
        if self._found is None and loss is not None and loss.root is not None and loss.layer_calls is not None:
            self._found = Layers(ForwardGraph([loss.root]), loss.layer_calls, self._names_by_id())
        return self._found

    def active(self) -> ActiveLayers | None:
        """Of a compiled model those that it has when its code is run again; None where they were not looked at."""
        layers = self.layers()
        if self._active is None and layers is not None:
            self._active = self._again(layers) if layers.graph.is_compiled else ActiveLayers(layers, _RECORDED, None)
        return self._active

    def _names_by_id(self) -> dict[int, str]:
        return {id(each): name for each, name in zip(self._parameters, self._names)}

    def _again(self, compiled: Layers) -> ActiveLayers:
        if self._loss is None or self._loss.root is None:
            return ActiveLayers(compiled, _RECORDED, None)
        try:
            layers = replayed_layers(self._loss.root, self._loss.calls, self._names_by_id())
            return ActiveLayers(layers, _REPLAYED, None)
        except (NotDifferentiable, InputsChanged, RuntimeError, NotImplementedError) as error:
            return ActiveLayers(compiled, _RECORDED, str(error).split("\n")[0])
