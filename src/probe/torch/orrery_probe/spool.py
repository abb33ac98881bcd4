"""Appends records to a run's `spool.jsonl`: the protocol is `record.ts`, one JSON object a line."""

from __future__ import annotations

import contextlib
import json
import math
import os
from typing import Any, Protocol

from .latest_steps import LatestSteps, StoredStep

LONGEST_LINE = 1_048_576
"""Longest line that a writer may write, in bytes."""

Record = dict[str, Any]


class RecordWriter(Protocol):
    def write(self, record: Record) -> None: ...

    def latest_steps(self, step: int, before: float) -> LatestSteps | None:
        """Where to store plain steps, the first of them number `step`, the one before it having ended at `before`; None
        where there is no such place. They are written before whatever comes next."""
        ...

    def write_latest(self) -> None:
        """Writes the steps that are stored there, which are none afterwards."""
        ...

    def close(self) -> None:
        """To be called when all is written."""
        ...


class Spool:
    """One blocking write a record, or one for many plain steps that are stored meanwhile: so that what was measured
    outlives the process, in whatever way that ends.

    A write that fails never reaches the script: records are then lost, and a `note` says how many once writing works
    again.
    """

    def __init__(self, directory: str) -> None:
        self._directory = directory
        path = os.path.join(directory, "spool.jsonl")
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0), 0o644)
        self._lost = 0
        self._torn = False
        self._latest: LatestSteps | None = None
        self._is_closed = False

    def latest_steps(self, step: int, before: float) -> LatestSteps | None:
        if self._latest is None and not self._is_closed:
            with contextlib.suppress(OSError, ValueError):
                self._latest = LatestSteps(self._directory)
        self.write_latest()
        if self._latest is not None:
            self._latest.begin(os.fstat(self._descriptor).st_size, step, before)
        return self._latest

    def close(self) -> None:
        self._is_closed = True
        latest, self._latest = self._latest, None
        if latest is not None:
            with contextlib.suppress(OSError):
                latest.remove()

    def write(self, record: Record) -> None:
        self.write_latest()
        line = line_of(record)
        if len(line) > LONGEST_LINE:
            text = f"A {record['t']} record was left out: it is longer than {LONGEST_LINE} bytes."
            line = line_of(_note(record["time"], "record-too-long", text))
        if self._lost > 0:
            text = f"{self._lost} records could not be written to the run's folder and are lost. Is its disk full?"
            if self._append(line_of(_note(record["time"], "records-lost", text))) == 0:
                self._lost = 0
        self._lost += self._append(line)

    def write_latest(self) -> None:
        latest = self._latest
        if latest is not None and not latest.is_empty:
            self._lost += self._append("".join([_line_of_step(each) for each in latest]).encode())
            latest.clear()

    def _append(self, lines: bytes) -> int:
        """Gives how many of them could not be written."""
        data = b"\n" + lines if self._torn else lines
        written = 0
        try:
            while written < len(data):
                written += os.write(self._descriptor, data[written:])
        except OSError:
            if written > 0:
                self._torn = data[written - 1 : written] != b"\n"
            return min(lines.count(b"\n"), data.count(b"\n", written))
        self._torn = False
        return 0


_ENCODER = json.JSONEncoder(allow_nan=False, check_circular=False, separators=(",", ":"))


def line_of(record: Record) -> bytes:
    try:
        text = _ENCODER.encode(record)
    except ValueError:
        text = _ENCODER.encode(_portable(record))
    return f"{text}\n".encode()


def _line_of_step(stored: StoredStep) -> str:
    """As `line_of` of its record, which takes several times as long; the loss is finite."""
    time, loss, learning_rate, step, seconds = stored
    rate = learning_rate if math.isfinite(learning_rate) else f'"{_portable(learning_rate)}"'
    return (
        f'{{"t":"step","time":{time!r},"step":{step},"values":{{"loss/train":{loss!r},'
        f'"optimizer/learningRate":{rate},"step/seconds":{seconds!r}}}}}\n'
    )


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
