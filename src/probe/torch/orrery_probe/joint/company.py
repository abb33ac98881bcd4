"""What the first process and the others have in common."""

from __future__ import annotations

import contextlib
import functools
from typing import Any

import torch

from .appointments import NEVER, Appointments
from .channel import Channel
from .counters import Counters
from .processes import train_together

_WILLING = "willing"
"""How many of the others take part: those that run under the probe."""


class Company:
    """The processes that train together, as one of them sees them: it joins once the script has made a group of them,
    and leaves for good where something goes wrong, or the script takes the group down."""

    def __init__(self, is_first: bool) -> None:
        """`is_first` is whether this process records."""
        self.size = 1
        self._is_first = is_first
        self._counters: Counters | None = None
        self._appointments: Appointments | None = None
        self._channel: Channel | None = None
        self._has_left = False
        self.is_possible = True
        """Whether the processes have a way to exchange what they measure."""

    def watch(self) -> None:
        """Hears when the script takes its group down."""
        distributed: Any = torch.distributed
        if not distributed.is_available():
            return
        original = distributed.destroy_process_group

        @functools.wraps(original)
        def destroy(group: Any = None) -> None:
            if group is None or group is distributed.group.WORLD:
                self._let_go()
            original(group)

        distributed.destroy_process_group = destroy
        distributed.distributed_c10d.destroy_process_group = destroy

    def join(self) -> bool:
        """Whether this process is one of several, and still takes part."""
        if self._has_left or not train_together():
            return False
        if self._counters is None:
            distributed: Any = torch.distributed
            store = _store()
            self.is_possible = store is not None and self._is_first == (distributed.get_rank() == 0)
            if not self.is_possible:
                self._has_left = True
                return False
            self.size = int(distributed.get_world_size())
            self._counters = Counters(store)
            self._appointments = Appointments(self._counters)
            if not self._is_first:
                self._counters.add(_WILLING, 1)
        return True

    @property
    def counters(self) -> Counters:
        """Raises RuntimeError where this process does not take part."""
        if self._counters is None:
            raise _NotJoined
        return self._counters

    @property
    def appointments(self) -> Appointments:
        """Raises RuntimeError where this process does not take part."""
        if self._appointments is None:
            raise _NotJoined
        return self._appointments

    @property
    def is_complete(self) -> bool:
        """Whether all the others take part, as far as they have said so. Raises RuntimeError."""
        return self.counters.add(_WILLING) == self.size - 1

    def channel(self) -> Channel:
        """To be called by all processes at once the first time. Raises RuntimeError where they do not come."""
        if self._channel is None:
            store = _store()
            if store is None:
                raise _NotJoined
            self._channel = Channel(store, int(torch.distributed.get_rank()), self.size)
        return self._channel

    def leave(self) -> None:
        """Tells the others, as far as they can still be told. Does not raise."""
        with contextlib.suppress(RuntimeError):
            if self._is_first:
                self.appointments.publish(False, NEVER)
            else:
                self.counters.add(_WILLING, -1)
        self._let_go()

    def _let_go(self) -> None:
        self._has_left = True
        if self._counters is not None:
            self._counters.close()
        self._counters, self._appointments, self._channel = None, None, None


class _NotJoined(RuntimeError):
    def __init__(self) -> None:
        super().__init__("this process does not take part in common measurements")


def _store() -> Any | None:
    """By which the script's processes have met; None where there is none, as with MPI, or no way between processors."""
    distributed: Any = torch.distributed
    if not hasattr(distributed, "ProcessGroupGloo"):
        return None
    try:
        return distributed.distributed_c10d._get_default_store()
    except (AttributeError, RuntimeError, ValueError, KeyError):
        return None
