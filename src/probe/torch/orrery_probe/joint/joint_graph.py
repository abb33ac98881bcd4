"""Products with the mean of several processes' Hessians."""

from __future__ import annotations

import torch
from torch import Tensor

from ..products.flat import flat_type
from ..products.living_graph import LivingGraph
from .channel import Channel

_END, _GRADIENT, _PRODUCT = 0.0, 1.0, 2.0
"""What the first element of a message asks for; the others are a direction."""


class JointGraph(LivingGraph):
    """Of the mean of the losses of all processes, as `DistributedDataParallel` averages their gradients.

    Only the first process chooses directions and decides; the others serve it (`serve`), so that nobody has to come to
    the same decision as another.
    """

    def __init__(self, own: LivingGraph, channel: Channel, size: int) -> None:
        """In the first process, of `size`, with its own part. Raises ProcessesApart, and RuntimeError as `product`."""
        self.parameters = own.parameters
        self.how = f"{own.how}, in each process"
        self._own = own
        self._channel = channel
        self._size = size
        self._gradient = self._ask(_GRADIENT)

    def gradient(self) -> Tensor:
        return self._gradient

    def product(self, direction: Tensor) -> Tensor:
        """Raises ProcessesApart, and RuntimeError where a process cannot compute its own."""
        return self._ask(_PRODUCT, direction)

    def dismiss(self) -> None:
        """Lets the other processes go on. Raises ProcessesApart."""
        self._channel.hand_on(_message(self._own))

    def _ask(self, request: float, direction: Tensor | None = None) -> Tensor:
        message = _message(self._own)
        message[0] = request
        if direction is not None:
            message[1:].copy_(direction)
        self._channel.hand_on(message)
        answer = _answer(self._own, message)
        self._channel.add_up(answer)
        if float(answer[0]) > 0:
            raise RuntimeError("a process that trains together with this one could not compute its part")
        return (answer[1:] / self._size).to(self.parameters[0].device)


def serve(own: LivingGraph, channel: Channel) -> None:
    """Answers the first process, in any other, until that lets it go on. Raises ProcessesApart."""
    message = _message(own)
    while True:
        channel.hand_on(message)
        if float(message[0]) == _END:
            return
        channel.add_up(_answer(own, message))


def _message(own: LivingGraph) -> Tensor:
    """On the processor, of the type that flat vectors of the weights have."""
    size = sum(each.numel() for each in own.parameters)
    return torch.zeros(1 + size, dtype=flat_type(own.parameters), device="cpu")


def _answer(own: LivingGraph, message: Tensor) -> Tensor:
    """A process's part, behind a one where it cannot compute it: nobody may stay away, since the others wait."""
    answer = torch.zeros_like(message)
    try:
        is_gradient = float(message[0]) == _GRADIENT
        part = own.gradient() if is_gradient else own.product(message[1:].to(own.parameters[0].device))
        answer[1:].copy_(part)
    except RuntimeError:
        answer[0] = 1
    return answer
