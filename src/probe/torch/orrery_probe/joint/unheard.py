"""Keeps what PyTorch tells of a connection of ours out of the script's output."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator

_GREETING = re.compile(rb"^.*\bgloo\b.*\brank \d+ is connected to .*\n?", re.MULTILINE | re.IGNORECASE)
_STREAMS = (1, 2)


@contextlib.contextmanager
def without_greeting() -> Iterator[None]:
    """Newer versions write it below Python, as soon as a group has been made. What else is written within the block, as
    by another thread, is passed on behind it."""
    with contextlib.ExitStack() as stack:
        for stream in _STREAMS:
            # Where there is no such stream, or no room for a file, it is heard.
            with contextlib.suppress(OSError):
                stack.enter_context(_filtered(stream))
        yield


@contextlib.contextmanager
def _filtered(stream: int) -> Iterator[None]:
    with tempfile.TemporaryFile() as file:
        original = os.dup(stream)
        os.dup2(file.fileno(), stream)
        try:
            yield
        finally:
            os.dup2(original, stream)
            os.close(original)
            file.seek(0)
            written = _GREETING.sub(b"", file.read())
            if written:
                with contextlib.suppress(OSError):
                    os.write(stream, written)
