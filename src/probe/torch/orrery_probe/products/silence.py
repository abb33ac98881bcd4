"""Running the script's own code once more without its being heard once more."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Within its block this thread's prints, warnings and log records are dropped; other threads are heard."""
    own = threading.get_ident()
    original = logging.Logger.handle

    def handle(logger: logging.Logger, record: logging.LogRecord) -> None:
        if threading.get_ident() != own:
            original(logger, record)

    with contextlib.redirect_stdout(_Muted(sys.stdout)), contextlib.redirect_stderr(_Muted(sys.stderr)):
        logging.Logger.handle = handle  # type: ignore[method-assign]
        try:
            yield
        finally:
            logging.Logger.handle = original  # type: ignore[method-assign]


class _Muted(io.TextIOBase):
    """Drops what this thread writes."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._thread = threading.get_ident()

    def write(self, text: str) -> int:
        if threading.get_ident() != self._thread:
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        if threading.get_ident() != self._thread:
            self._stream.flush()
