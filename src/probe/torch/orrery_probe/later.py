"""Numbers that are on their way from a device: to wait for them at every step would leave it idle meanwhile."""

from __future__ import annotations

from typing import Any, Protocol, Union

import torch
from torch import Tensor


class Later(Protocol):
    @property
    def is_here(self) -> bool:
        """Whether `get` need not wait."""
        ...

    def get(self) -> float:
        """Waits for it. Raises RuntimeError where the device has failed."""
        ...


Number = Union[float, Later]


def sum_of(values: list[Tensor]) -> Number:
    """Of tensors of one element each, in double precision; not waited for where they are on a CUDA device."""
    if not all(each.is_cuda for each in values):
        return float(sum([each.item() for each in values]))
    device = values[0].device
    return _Copied(torch.stack([each.detach().reshape(()).double().to(device) for each in values]).sum())


def read(number: Number) -> float:
    """Raises RuntimeError where the device has failed."""
    return float(number) if isinstance(number, (int, float)) else number.get()


def plus(one: Number, other: Number) -> Number:
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return one + other
    return _Sum(one, other)


def is_here(number: Number) -> bool:
    """Whether `read` need not wait."""
    return isinstance(number, (int, float)) or number.is_here


def wait_for(device: torch.device) -> None:
    """Until it has done what the script has given it to do, where it does that by itself: else the script's own work
    would be timed as that of whoever asks for a number first."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


class Moment:
    """When a CUDA device has done all that it had been given to do."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.event: Any = torch.cuda.Event(enable_timing=True)
        self.event.record(torch.cuda.current_stream(device))

    @property
    def is_past(self) -> bool:
        try:
            return bool(self.event.query())
        except RuntimeError:
            # It has failed: there is nothing to wait for.
            return True


class _Copied:
    """A tensor of one element, on its way to the processor."""

    def __init__(self, value: Tensor) -> None:
        self._copy = torch.empty((), dtype=value.dtype, device="cpu", pin_memory=True)
        self._copy.copy_(value, non_blocking=True)
        self._moment = Moment(value.device)

    @property
    def is_here(self) -> bool:
        return self._moment.is_past

    def get(self) -> float:
        self._moment.event.synchronize()
        return float(self._copy)


class _Sum:
    def __init__(self, *parts: Number) -> None:
        self._parts = parts

    @property
    def is_here(self) -> bool:
        return all(map(is_here, self._parts))

    def get(self) -> float:
        return sum(map(read, self._parts))


class SecondsBetween:
    """From one moment to a later one, of the same device."""

    def __init__(self, first: Moment, last: Moment) -> None:
        self._first = first
        self._last = last

    @property
    def is_here(self) -> bool:
        return self._last.is_past

    def get(self) -> float:
        self._last.event.synchronize()
        return float(self._first.event.elapsed_time(self._last.event)) / 1000
