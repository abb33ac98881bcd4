"""Writes the `begin` record, once training shows on which device it happens."""

from __future__ import annotations

import os
import platform
import sys

import torch

from . import PROTOCOL_VERSION
from .journal import Journal


class BeginRecord:
    def __init__(self, journal: Journal, script: str, devices: str) -> None:
        """`devices` are what PyTorch can use, told by who starts the script and not asked here: looking for GPUs can
        keep a forked process from using them."""
        self._journal = journal
        self._script = script
        self._devices = devices
        self.is_written = False

    def write(self, device: torch.device) -> None:
        if self.is_written:
            return
        self.is_written = True
        self._journal.write(
            "begin",
            protocol=PROTOCOL_VERSION,
            probe=f"torch-{PROTOCOL_VERSION}",
            framework={"name": "PyTorch", "version": str(torch.__version__)},
            runtime=f"Python {platform.python_version()}",
            device=_name_of(device),
            backend=device.type,
            backendReason=self._reason(),
            pid=os.getpid(),
            script=self._script,
        )

    def _reason(self) -> str:
        interpreter = f"It runs on Python {platform.python_version()} at {sys.executable}"
        devices = f", whose PyTorch can use {self._devices}" if self._devices else ""
        return f"The script chooses its device. {interpreter}{devices}."


def _name_of(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"{_processor()}, {threads} {'thread' if threads == 1 else 'threads'}"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        return platform.processor() or platform.machine()
    return platform.processor() or platform.machine()
