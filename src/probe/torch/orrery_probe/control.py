"""Does between steps what the editor has asked for by way of the run's `control.jsonl`."""

from __future__ import annotations

import json
import os
import time
from typing import Any, Callable, Protocol

from .budget import Budget
from .journal import Journal

_PATIENCE = 0.01
"""Seconds between two looks at the file: a look costs some ten microseconds, a step may cost no more."""
_PAUSE_PATIENCE = 0.05


class ControlFile:
    """Follows the file; lines that are no request are passed over."""

    def __init__(self, directory: str) -> None:
        self._path = os.path.join(directory, "control.jsonl")
        self._offset = 0
        self._rest = b""
        self._next_look = 0.0

    def poll(self) -> list[dict[str, Any]]:
        """Requests that came since the last call, oldest first."""
        now = time.perf_counter()
        if now < self._next_look:
            return []
        self._next_look = now + _PATIENCE
        try:
            if os.stat(self._path).st_size <= self._offset:
                return []
            with open(self._path, "rb") as file:
                file.seek(self._offset)
                data = file.read()
        except OSError:
            return []
        self._offset += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [request for request in map(_request_of, lines) if request]


class Polled(Protocol):
    def poll(self) -> None:
        """To be called between steps."""
        ...


class Controls:
    def __init__(self, file: ControlFile, journal: Journal, budget: Budget, stop: Callable[[], None]) -> None:
        """`stop` ends the process."""
        self._file = file
        self._journal = journal
        self._budget = budget
        self._stop = stop

    def poll(self) -> None:
        requests = self._file.poll()
        if requests and self._obey(requests, False):
            self._wait()

    def _obey(self, requests: list[dict[str, Any]], paused: bool) -> bool:
        """Whether the script is to be paused after these requests."""
        for request in requests:
            wish = request.get("do")
            if wish == "stop":
                self._stop()
            elif wish in ("pause", "resume"):
                paused = wish == "pause"
            elif wish == "measure":
                self._budget.request()
            elif wish == "budget" and _is_fraction(request.get("fraction")):
                self._budget.fraction = request["fraction"]
        return paused

    def _wait(self) -> None:
        self._journal.note("information", "paused", f"Paused after {self._journal.step} steps.")
        with self._journal.clock.set_aside():
            time.sleep(_PAUSE_PATIENCE)
            while self._obey(self._file.poll(), True):
                time.sleep(_PAUSE_PATIENCE)
        self._journal.note("information", "resumed", "Resumed.")


def _request_of(line: bytes) -> dict[str, Any]:
    try:
        request = json.loads(line)
    except ValueError:
        return {}
    return request if isinstance(request, dict) else {}


def _is_fraction(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1
