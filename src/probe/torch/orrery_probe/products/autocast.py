"""Whether operations run in half precision, asked as each version of PyTorch wants to be asked."""

from __future__ import annotations

from typing import Any

import torch

DEVICES = ("cpu", "cuda")


def autocast_state(device: str) -> tuple[bool, torch.dtype]:
    """Whether it is on for devices of a kind, and to which type it casts."""
    by_device: Any = getattr(torch, "get_autocast_dtype", None)
    if by_device is not None:
        is_enabled: Any = torch.is_autocast_enabled
        return bool(is_enabled(device)), by_device(device)
    if device == "cuda":
        return torch.is_autocast_enabled(), torch.get_autocast_gpu_dtype()
    return torch.is_autocast_cpu_enabled(), torch.get_autocast_cpu_dtype()
