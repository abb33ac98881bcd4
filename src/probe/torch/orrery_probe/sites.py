"""Where in the user's own source something happens."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from types import FrameType

import torch

_OWN = os.path.dirname(os.path.abspath(__file__)) + os.sep
_TORCH = os.path.dirname(os.path.abspath(torch.__file__)) + os.sep
_LIBRARY = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


@dataclass(frozen=True)
class SourceSite:
    """Line and column count from 1; Python's frames know no columns, so that is always the first."""

    file: str
    line: int
    column: int = 1


def caller_site(constructed: object | None = None) -> SourceSite | None:
    """The innermost frame that is not ours, nor of Python's own library, nor of an installed package, torch among them.

    The constructors of `constructed` itself are passed over: a module is made where its class is called.
    """
    frame: FrameType | None = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame is not None:
        file = frame.f_code.co_filename
        if not _is_foreign(file) and not _constructs(frame, constructed):
            return SourceSite(os.path.abspath(file), frame.f_lineno)
        frame = frame.f_back
    return None


def _is_foreign(file: str) -> bool:
    return file.startswith((_OWN, _TORCH, _LIBRARY, "<")) or any(each in file for each in _INSTALLED)


def _constructs(frame: FrameType, constructed: object | None) -> bool:
    code = frame.f_code
    if constructed is None or code.co_name != "__init__" or code.co_argcount == 0:
        return False
    return frame.f_locals.get(code.co_varnames[0]) is constructed
