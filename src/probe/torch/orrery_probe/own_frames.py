"""Keeps our frames out of what the script and Python say of frames: tracebacks, stacks, and where a warning is."""

from __future__ import annotations

import functools
import os
import sys
import threading
import traceback
import warnings
from collections.abc import Iterable, Iterator
from types import FrameType, TracebackType
from typing import Any, Callable, TypeVar

from .hooks import is_compiling

_OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_RUNNER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "runner.py")
_TAPE = os.path.join("products", "tape.py")
_ROUND_TAPE = ("_python_dispatch.py", "_compile.py", os.path.join("_dynamo", "eval_frame.py"))
"""Torch's own, by which it comes to a tape."""

_Entry = TypeVar("_Entry")


def hide_own_frames() -> None:
    """From `traceback`, thus from `logging` too, from `warnings`, and from what a thread dies of."""
    for name in ("walk_tb", "_walk_tb_with_full_positions"):
        if hasattr(traceback, name):
            setattr(traceback, name, _without_own_entries(getattr(traceback, name)))
    traceback.walk_stack = _above_runner(traceback.walk_stack)  # type: ignore[assignment]
    warnings.warn = _warn_outside(warnings.warn)  # type: ignore[assignment]
    threading.excepthook = _in_threads(threading.excepthook)


def strip_own_frames(error: BaseException) -> None:
    """As the error and those before it would read without the probe."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        each.__traceback__ = _without_own(each.__traceback__)
        waiting += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]


def _without_own(first: TracebackType | None) -> TracebackType | None:
    entries: list[TracebackType] = []
    while first is not None:
        entries.append(first)
        first = first.tb_next
    kept = _kept(entries, lambda entry: entry.tb_frame)
    for index, each in enumerate(kept):
        each.tb_next = kept[index + 1] if index + 1 < len(kept) else None
    return kept[0] if kept else None


def _kept(entries: Iterable[_Entry], frame_of: Callable[[_Entry], FrameType]) -> list[_Entry]:
    """Of a traceback, outermost first."""
    kept: list[_Entry] = []
    for entry in entries:
        file = _file_of(frame_of(entry))
        if not file.startswith(_OWN):
            kept.append(entry)
        elif file.endswith(_TAPE):
            # An operation that failed while it was recorded: torch's own frames round ours belong to that.
            while kept and _file_of(frame_of(kept[-1])).endswith(_ROUND_TAPE):
                kept.pop()
            break
    return kept


def _without_own_entries(original: Callable[..., Iterable[Any]]) -> Callable[..., Iterator[Any]]:
    @functools.wraps(original)
    def walk(*args: Any, **kwargs: Any) -> Iterator[Any]:
        return iter(_kept(original(*args, **kwargs), lambda entry: entry[0]))

    return walk


def _above_runner(original: Callable[..., Iterable[Any]]) -> Callable[..., Iterable[Any]]:
    @functools.wraps(original)
    def walk(frame: FrameType | None) -> Iterable[Any]:
        # Without a frame it counts from where it is itself.
        return original(frame) if frame is None else _outside(original(frame))

    return walk


def _outside(entries: Iterable[Any]) -> Iterator[Any]:
    """Of a stack, innermost first."""
    for entry in entries:
        file = _file_of(entry[0])
        if file == _RUNNER:
            return
        if not file.startswith(_OWN):
            yield entry


def _warn_outside(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def warn(message: Any, category: Any = None, stacklevel: int = 1, *args: Any, **kwargs: Any) -> None:
        if is_compiling():
            return original(message, category, stacklevel, *args, **kwargs)
        # One more, for this frame itself.
        caller = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
        return original(message, category, _level_with_own(caller, stacklevel) + 1, *args, **kwargs)

    return warn


def _level_with_own(frame: FrameType | None, level: int) -> int:
    """The `stacklevel` that leads, past our frames, to where `level` would lead without them; 1 is `frame` itself."""
    wanted, counted = level, 1
    while frame is not None and wanted > 1:
        frame = frame.f_back
        file = _RUNNER if frame is None else _file_of(frame)
        if file == _RUNNER:
            return sys.getrecursionlimit()
        if "importlib" in file and "_bootstrap" in file:
            # Python itself does not count them.
            continue
        counted += 1
        if not file.startswith(_OWN):
            wanted -= 1
    return counted


def _in_threads(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    @functools.wraps(original)
    def excepthook(failure: Any) -> Any:
        if failure.exc_value is not None:
            strip_own_frames(failure.exc_value)
        return original(failure)

    return excepthook


def _file_of(frame: FrameType) -> str:
    return frame.f_code.co_filename
