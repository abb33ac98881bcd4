"""Writes records, stamped with the time, and each thing that a person should know only once."""

from __future__ import annotations

import contextlib
from collections import deque
from typing import Any

from .clock import RunClock
from .later import Later
from .latest_steps import LatestSteps
from .sites import SourceSite
from .spool import Record, RecordWriter


class Journal:
    """Records keep their order: behind one of whose values some are not there yet, all wait."""

    def __init__(self, spool: RecordWriter, clock: RunClock) -> None:
        self.clock = clock
        self.step = 0
        """Optimizer steps completed."""
        self._spool = spool
        self._said: set[tuple[str, str]] = set()
        self._waiting: deque[tuple[Record, dict[str, Later]]] = deque()

    def write(self, record: str, /, **fields: Any) -> None:
        """Fields that are None are left out. Of a dictionary `values`, numbers may be `Later`."""
        written: Record = {"t": record, "time": self.clock.time}
        for name, value in fields.items():
            if value is not None:
                written[name] = value
        later = _later(fields.get("values"))
        if not later and not self._waiting:
            self._spool.write(written)
            return
        self._waiting.append((written, later))
        self._pass_on(False)

    def latest_steps(self, before: float) -> LatestSteps | None:
        """Where to store the steps that follow, of which the one before ended at that moment of `time.perf_counter`;
        None where that cannot be. `step` is to be counted as they are stored."""
        return None if self._waiting else self._spool.latest_steps(self.step, self.clock.time_at(before))

    def write_latest(self) -> None:
        """Writes the steps that are stored there."""
        self._spool.write_latest()

    def finish(self) -> None:
        """Waits for values that are not there yet; nothing may be written afterwards."""
        self._pass_on(True)
        self._spool.close()

    def at_step(self, record: str, /, **fields: Any) -> None:
        self.write(record, step=self.step, **fields)

    def note(self, severity: str, code: str, text: str, source: SourceSite | None = None) -> None:
        self.at_step("note", severity=severity, code=code, text=text, source=site_fields(source))

    def note_once(self, severity: str, code: str, text: str, source: SourceSite | None = None) -> None:
        """Says it unless a note with this code and text has been written before."""
        if (code, text) not in self._said:
            self._said.add((code, text))
            self.note(severity, code, text, source)

    def _pass_on(self, waits: bool) -> None:
        while self._waiting:
            record, later = self._waiting[0]
            if not waits and not all(each.is_here for each in later.values()):
                return
            self._waiting.popleft()
            self._spool.write({**record, "values": _read(record["values"], later)} if later else record)


def site_fields(site: SourceSite | None) -> dict[str, Any] | None:
    return None if site is None else {"file": site.file, "line": site.line, "column": site.column}


def _later(values: Any) -> dict[str, Later]:
    if not isinstance(values, dict):
        return {}
    return {name: each for name, each in values.items() if not isinstance(each, (int, float))}


def _read(values: dict[str, Any], later: dict[str, Later]) -> dict[str, Any]:
    """What a device that has failed does not give is left out."""
    found = dict(values)
    for name, each in later.items():
        del found[name]
        with contextlib.suppress(RuntimeError):
            found[name] = each.get()
    return found
