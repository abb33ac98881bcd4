"""Weights that a run leaves on disk, so that later runs can be compared with it."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
from dataclasses import dataclass
from typing import Any, BinaryIO

import torch
from torch import Tensor

NAME = "weights.bin"
"""In the run's folder."""

MOST_KEPT_BYTES = 16 * 1024**2
"""Of the numbers in a file; weights that are larger by themselves are not kept."""

_VERSION = 1
_LONGEST_HEADER = 512
"""Of a file's first line, which says what follows."""
_MOST_RUNS = 64
"""Runs of the workspace that are looked at, the newest first."""
_LARGEST_INTEGER = 2**53 - 1
"""That the other probe writes."""


@dataclass(frozen=True)
class KeptWeights:
    """What a run's file says of the weights that it keeps."""

    run: str
    """Name of the run's folder."""
    steps: list[int]
    """Optimizer steps completed at each of the weights, ascending."""
    first: str
    """`fingerprint_of` the weights that the run began at."""
    count: int
    """How many numbers each are."""


def fingerprint_of(weights: Tensor) -> str:
    """The same for the same numbers only, as float32."""
    return hashlib.sha256(_bytes_of(weights)).hexdigest()


class WeightsFolder:
    """The latest weights of each run, as `weights.bin` in its folder: a line of JSON, then the numbers, flat, as
    little-endian float32, of one step after the other. Other runs read them whose weights began as the same ones. The
    other probe does the same."""

    def __init__(self, run: str) -> None:
        """`run` is the run's own folder, beside those of others."""
        # The script may change the working directory.
        self._folder, self._run = os.path.split(os.path.abspath(run))
        self._kept: list[tuple[int, Tensor]] = []

    def write(self, weights: Tensor, step: int, first: str) -> None:
        """Keeps them too, and no longer those of less than half as many steps, or as there is no room for. Raises
        OSError."""
        count = weights.numel()
        # The optimizer changes its parameters in place.
        own = weights.detach().to("cpu", torch.float32, copy=True)
        earlier = [each for each in self._kept if step / 2 <= each[0] < step and each[1].numel() == count]
        room = max(1, MOST_KEPT_BYTES // max(1, 4 * count))
        self._kept = [*earlier, (step, own)][-room:]
        steps = [each for each, _ in self._kept]
        header = {"version": _VERSION, "first": first, "count": count, "steps": steps}
        path = self._path_of(self._run)
        with open(f"{path}.new", "wb") as file:
            file.write(json.dumps(header, separators=(",", ":")).encode() + b"\n")
            file.writelines(_bytes_of(each) for _, each in self._kept)
        os.replace(f"{path}.new", path)

    def alike(self, first: str) -> list[KeptWeights]:
        """What other runs keep whose weights began as these, the newest run first."""
        try:
            names = sorted(os.listdir(self._folder), reverse=True)
        except OSError:
            return []
        found = [self._kept_by(name) for name in [each for each in names if each != self._run][:_MOST_RUNS]]
        return [each for each in found if each is not None and each.first == first]

    def read(self, kept: KeptWeights, step: int) -> Tensor | None:
        """Those of one of its steps; None where they are no longer there."""
        try:
            # The run may go on meanwhile: the file that is open stays what it is.
            with open(self._path_of(kept.run), "rb") as file:
                now = _header_of(file, kept.run)
                if now is None or (now.first, now.count) != (kept.first, kept.count) or step not in now.steps:
                    return None
                size = 4 * now.count
                if os.fstat(file.fileno()).st_size != file.tell() + size * len(now.steps):
                    return None
                file.seek(size * now.steps.index(step), os.SEEK_CUR)
                return torch.frombuffer(bytearray(file.read(size)), dtype=torch.float32)
        except (OSError, ValueError):
            return None

    def _kept_by(self, run: str) -> KeptWeights | None:
        """None where there is no such file, or it is another's."""
        try:
            with open(self._path_of(run), "rb") as file:
                return _header_of(file, run)
        except OSError:
            return None

    def _path_of(self, run: str) -> str:
        return os.path.join(self._folder, run, NAME)


def _header_of(file: BinaryIO, run: str) -> KeptWeights | None:
    """Reads it, so that the numbers come next; None where it is another's. Raises OSError."""
    line = file.readline(_LONGEST_HEADER)
    if not line.endswith(b"\n"):
        return None
    try:
        found: Any = json.loads(line.decode("latin-1"))
        kept = KeptWeights(run, list(found["steps"]), found["first"], found["count"])
        is_own = found["version"] == _VERSION and isinstance(found["first"], str)
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return kept if is_own and all(map(_is_count, [*kept.steps, kept.count])) else None


def _is_count(value: object) -> bool:
    # True and False are integers as well.
    return type(value) is int and 0 <= value <= _LARGEST_INTEGER


def _bytes_of(weights: Tensor) -> bytes:
    # By its address, as PyTorch may have been built without NumPy.
    single = weights.detach().to("cpu", torch.float32).contiguous()
    return ctypes.string_at(single.data_ptr(), 4 * single.numel())
