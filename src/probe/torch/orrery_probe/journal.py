"""Writes records, stamped with the time, and each thing that a person should know only once."""

from __future__ import annotations

from typing import Any

from .clock import RunClock
from .sites import SourceSite
from .spool import Spool


class Journal:
    def __init__(self, spool: Spool, clock: RunClock) -> None:
        self.clock = clock
        self.step = 0
        """Optimizer steps completed."""
        self._spool = spool
        self._said: set[tuple[str, str]] = set()

    def write(self, record: str, /, **fields: Any) -> None:
        """Fields that are None are left out."""
        given = {name: value for name, value in fields.items() if value is not None}
        self._spool.write({"t": record, "time": self.clock.time, **given})

    def at_step(self, record: str, /, **fields: Any) -> None:
        self.write(record, step=self.step, **fields)

    def note(self, severity: str, code: str, text: str, source: SourceSite | None = None) -> None:
        self.at_step("note", severity=severity, code=code, text=text, source=site_fields(source))

    def note_once(self, severity: str, code: str, text: str, source: SourceSite | None = None) -> None:
        """Says it unless a note with this code and text has been written before."""
        if (code, text) not in self._said:
            self._said.add((code, text))
            self.note(severity, code, text, source)


def site_fields(site: SourceSite | None) -> dict[str, Any] | None:
    return None if site is None else {"file": site.file, "line": site.line, "column": site.column}
