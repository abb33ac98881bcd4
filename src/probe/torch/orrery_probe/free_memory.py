"""How much memory a measurement may still take."""

from __future__ import annotations

import os
import time

import torch

_PATIENCE = 0.5
"""Seconds for which an answer is good: asking the system takes longer than a small step."""
_UNKNOWN = 2 * 1024**3
"""Bytes that are taken to be free where the system does not say."""
_known: dict[str, tuple[float, int]] = {}


def free_memory(device: torch.device) -> int:
    """Bytes that can still be allocated there, by what the system says and by limits set to the process."""
    key = str(device)
    now = time.monotonic()
    at, free = _known.get(key, (-_PATIENCE, 0))
    if now - at >= _PATIENCE:
        free = _of_cuda(device) if device.type == "cuda" else _of_system()
        _known[key] = (now, free)
    return free


def used_memory(device: torch.device) -> int:
    """Bytes that this process has allocated there; 0 where the system does not say."""
    if device.type == "cuda":
        return int(torch.cuda.memory_allocated(device))
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _of_cuda(device: torch.device) -> int:
    # What torch keeps for itself without using it is free as well.
    unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return int(torch.cuda.mem_get_info(device)[0]) + int(unused)


def _of_system() -> int:
    limit, used = _number_in("/sys/fs/cgroup/memory.max"), _number_in("/sys/fs/cgroup/memory.current")
    of_group = _UNKNOWN if limit < 0 or used < 0 else max(0, limit - used)
    available = _available()
    if available < 0:
        return of_group
    return available if limit < 0 else min(available, of_group)


def _available() -> int:
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    try:
        # Half of all there is: elsewhere nothing tells how much of it is in use.
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, OSError, ValueError):
        return -1


def _number_in(path: str) -> int:
    """Below zero where there is none."""
    try:
        with open(path, encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return -1
