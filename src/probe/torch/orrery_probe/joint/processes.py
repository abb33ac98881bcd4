"""The processes that train together, by what their launcher and PyTorch say."""

from __future__ import annotations

import os
from typing import Any

import torch

_RANK_VARIABLES = ("RANK", "OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID")
"""Which launchers set in each process that they start: `torchrun`, Open MPI, PMIx, MPICH and Intel MPI, SLURM's `srun`.
The innermost first: what `srun` has started may itself start others, which inherit its variable."""


def launched_as() -> tuple[int, str | None]:
    """The place of this process among those that its launcher has started, and the variable that says so; 0 and None
    where none does."""
    for name in _RANK_VARIABLES:
        text = os.environ.get(name, "")
        if text.isdecimal():
            return int(text), name
    return 0, None


def training_processes() -> int:
    """In the group that the script has made; 1 without one."""
    distributed: Any = torch.distributed
    return int(distributed.get_world_size()) if distributed.is_available() and distributed.is_initialized() else 1


def train_together() -> bool:
    """Whether the script has made a group of several processes."""
    return training_processes() > 1
