"""Products with the mean of several processes' Hessians."""

from __future__ import annotations

import torch
from torch import Tensor

from ..products.flat import flat_type
from ..products.living_graph import LivingGraph
from .channel import Channel

_END, _GRADIENT, _PRODUCT = 0.0, 1.0, 2.0
"""What the first element of a message asks for; the second one is whom, and the others are a direction."""
_HEAD = 2
_ALL = -1


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
        self._gradient = self.ask_for_gradient()

    def gradient(self) -> Tensor:
        return self._gradient

    def product(self, direction: Tensor) -> Tensor:
        """Raises ProcessesApart, and RuntimeError where a process cannot compute its own."""
        return self.ask_for_product(direction)

    def parts(self) -> list[LivingGraph]:
        """What each process adds to the mean. Their products raise as those of all do."""
        return [_Part(self, rank) for rank in range(self._size)]

    def ask_for_gradient(self, whom: int = _ALL) -> Tensor:
        """Of all, or what the process of one rank adds to it."""
        return self._ask(_GRADIENT, whom)

    def ask_for_product(self, direction: Tensor, whom: int = _ALL) -> Tensor:
        return self._ask(_PRODUCT, whom, direction)

    def dismiss(self) -> None:
        """Lets the other processes go on. Raises ProcessesApart."""
        self._channel.hand_on(_message(self._own))

    def _ask(self, request: float, whom: int, direction: Tensor | None = None) -> Tensor:
        message = _message(self._own)
        message[0], message[1] = request, whom
        if direction is not None:
            message[_HEAD:].copy_(direction)
        self._channel.hand_on(message)
        answer = _answer(self._own, message, self._channel.rank)
        self._channel.add_up(answer)
        if float(answer[0]) > 0:
            raise RuntimeError("a process that trains together with this one could not compute its part")
        return (answer[_HEAD:] / self._size).to(self.parameters[0].device)


class _Part(LivingGraph):
    """Of one process: its share of the mean."""

    def __init__(self, whole: JointGraph, rank: int) -> None:
        self.parameters = whole.parameters
        self.how = whole.how
        self._whole = whole
        self._rank = rank

    def gradient(self) -> Tensor:
        return self._whole.ask_for_gradient(self._rank)

    def product(self, direction: Tensor) -> Tensor:
        return self._whole.ask_for_product(direction, self._rank)


def serve(own: LivingGraph, channel: Channel) -> None:
    """Answers the first process, in any other, until that lets it go on. Raises ProcessesApart."""
    message = _message(own)
    while True:
        channel.hand_on(message)
        if float(message[0]) == _END:
            return
        channel.add_up(_answer(own, message, channel.rank))


def _message(own: LivingGraph) -> Tensor:
    """On the processor, of the type that flat vectors of the weights have."""
    size = sum(each.numel() for each in own.parameters)
    return torch.zeros(_HEAD + size, dtype=flat_type(own.parameters), device="cpu")


def _answer(own: LivingGraph, message: Tensor, rank: int) -> Tensor:
    """A process's part, behind a one where it cannot compute it: nobody may stay away, since the others wait."""
    answer = torch.zeros_like(message)
    if int(message[1]) not in (_ALL, rank):
        return answer
    try:
        is_gradient = float(message[0]) == _GRADIENT
        part = own.gradient() if is_gradient else own.product(message[_HEAD:].to(own.parameters[0].device))
        answer[_HEAD:].copy_(part)
    except RuntimeError:
        answer[0] = 1
    return answer
