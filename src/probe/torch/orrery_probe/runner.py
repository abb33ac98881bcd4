"""Runs a script as `python script.py arguments…` does: same `__main__`, same paths, same tracebacks, same exit
status."""

from __future__ import annotations

import builtins
import io
import os
import sys
from importlib.machinery import SourceFileLoader
from types import ModuleType, TracebackType
from typing import Callable

_OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def run_script(script: str, arguments: list[str], failed: Callable[[BaseException], None]) -> None:
    """Raises what the script raises; `failed` hears of it first, SystemExit included."""
    path = os.path.abspath(script)
    sys.argv[:] = [script, *arguments]
    if not getattr(sys.flags, "safe_path", False):
        # As Python itself does it: links resolved.
        sys.path[0] = os.path.dirname(os.path.realpath(path))
    main = ModuleType("__main__")
    main.__dict__.update(
        __file__=path,
        __spec__=None,
        __package__=None,
        __cached__=None,
        __loader__=SourceFileLoader("__main__", path),
        __builtins__=builtins,
        __annotations__={},
    )
    # It stays there: pickling, spawned workers, threads and exit handlers look it up.
    sys.modules["__main__"] = main
    try:
        with io.open_code(path) as file:
            code = compile(file.read(), path, "exec", dont_inherit=True)
        exec(code, main.__dict__)
    except SystemExit as error:
        failed(error)
        raise
    except BaseException as error:
        failed(error)
        error.__traceback__ = without_own_frames(error.__traceback__)
        # The script's own hook, if it has set one; then the interpreter still has to end as it would have, silently.
        sys.excepthook(type(error), error, error.__traceback__)
        sys.excepthook = lambda *_: None
        raise


def without_own_frames(traceback: TracebackType | None) -> TracebackType | None:
    """The traceback as it would read without the probe: our frames leave it wherever they stand."""
    kept: list[TracebackType] = []
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        if not file.startswith(_OWN):
            kept.append(traceback)
        elif file.endswith("tape.py"):
            # An operation that failed while it was recorded: torch's own frames round ours belong to that.
            while kept and kept[-1].tb_frame.f_code.co_filename.endswith("_python_dispatch.py"):
                kept.pop()
            break
        traceback = traceback.tb_next
    for index, each in enumerate(kept):
        each.tb_next = kept[index + 1] if index + 1 < len(kept) else None
    return kept[0] if kept else None
