"""Speed and memory."""

from __future__ import annotations

import os

import torch

from .observable import Measurement, ObservedStep


class Machine:
    """- `throughput/samples`: examples that the script has trained on, a second of its own time, at this step.
    - `memory/process`: resident bytes of the process.
    - `memory/device`: bytes of all tensors on the device of the parameters, by its allocator; only where that one
    counts.
    """

    name = "machine"
    price = 0.002
    in_step_record = False
    needs_products = False
    needs_update = False

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Measurement | None:
        values: dict[str, float] = {}
        resident = _resident_bytes()
        if resident is not None:
            values["memory/process"] = float(resident)
        if step.batch is not None and step.seconds > 0:
            values["throughput/samples"] = step.batch / step.seconds
        allocated = _allocated_bytes(step.parameters[0].device) if step.parameters else None
        if allocated is not None:
            values["memory/device"] = float(allocated)
        return Measurement(values, "batch over the step's own time; the allocator's and the system's counts")


def _allocated_bytes(device: torch.device) -> int | None:
    """None where nobody counts, as on a processor."""
    if device.type == "cuda":
        return int(torch.cuda.memory_allocated(device))
    if device.type == "mps":
        mps = getattr(torch, "mps", None)
        count = getattr(mps, "current_allocated_memory", None)
        return None if count is None else int(count())
    return None


def _resident_bytes() -> int | None:
    """None where the system does not tell, as elsewhere than on Linux."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None
