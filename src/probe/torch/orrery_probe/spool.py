"""Appends records to a run's `spool.jsonl`: the protocol is `record.ts`, one JSON object a line."""

from __future__ import annotations

import json
import math
import os
from typing import Any, Protocol

LONGEST_LINE = 1_048_576
"""Longest line that a writer may write, in bytes."""

Record = dict[str, Any]


class RecordWriter(Protocol):
    def write(self, record: Record) -> None: ...


class Spool:
    """One blocking write a record, so that what was measured outlives the process, in whatever way that ends.

    A write that fails never reaches the script: records are then lost, and a `note` says how many once writing works
    again.
    """

    def __init__(self, directory: str) -> None:
        path = os.path.join(directory, "spool.jsonl")
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0), 0o644)
        self._lost = 0
        self._torn = False

    def write(self, record: Record) -> None:
        line = line_of(record)
        if len(line) > LONGEST_LINE:
            text = f"A {record['t']} record was left out: it is longer than {LONGEST_LINE} bytes."
            line = line_of(_note(record["time"], "record-too-long", text))
        if self._lost > 0:
            text = f"{self._lost} records could not be written to the run's folder and are lost. Is its disk full?"
            if self._append(line_of(_note(record["time"], "records-lost", text))):
                self._lost = 0
        if not self._append(line):
            self._lost += 1

    def _append(self, line: bytes) -> bool:
        data = b"\n" + line if self._torn else line
        written = 0
        try:
            while written < len(data):
                written += os.write(self._descriptor, data[written:])
        except OSError:
            self._torn = self._torn or written > 0
            return False
        self._torn = False
        return True


_ENCODER = json.JSONEncoder(allow_nan=False, check_circular=False, separators=(",", ":"))


def line_of(record: Record) -> bytes:
    try:
        text = _ENCODER.encode(record)
    except ValueError:
        text = _ENCODER.encode(_portable(record))
    return f"{text}\n".encode()


def _portable(value: Any) -> Any:
    """JSON has no NaN and no infinities: they travel as strings."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: _portable(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_portable(each) for each in value]
    return value


def _note(time: float, code: str, text: str) -> Record:
    return {"t": "note", "time": time, "severity": "warning", "code": code, "text": text}
