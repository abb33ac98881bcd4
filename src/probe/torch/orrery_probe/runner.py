"""Runs a script as `python script.py arguments…` does: same `__main__`, same paths, same tracebacks, same exit
status."""

from __future__ import annotations

import builtins
import io
import os
import sys
from importlib.machinery import SourceFileLoader
from types import ModuleType
from typing import Callable

from .own_frames import hide_own_frames, strip_own_frames


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
    )
    if sys.version_info < (3, 14):
        # From then on they are made when somebody asks for them.
        main.__annotations__ = {}
    # It stays there: pickling, spawned workers, threads and exit handlers look it up.
    sys.modules["__main__"] = main
    hide_own_frames()
    try:
        with io.open_code(path) as file:
            code = compile(file.read(), path, "exec", dont_inherit=True)
        exec(code, main.__dict__)
    except SystemExit as error:
        failed(error)
        raise
    except BaseException as error:
        failed(error)
        strip_own_frames(error)
        # The script's own hook, if it has set one; then the interpreter still has to end as it would have, silently.
        sys.excepthook(type(error), error, error.__traceback__)
        sys.excepthook = lambda *_: None
        raise
