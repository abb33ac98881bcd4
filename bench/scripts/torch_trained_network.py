"""A small network and how it trains on one thread, as the benchmarks' scripts do."""

from __future__ import annotations

import time
from typing import Callable

import torch
from torch import nn


def trained_network(examples: int, size: int, width: int) -> Callable[[float], None]:
    """A step of full-batch gradient descent, after so many seconds of other work."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    inputs, targets = torch.randn(examples, size), torch.randn(examples, 1)
    model = nn.Sequential(nn.Linear(size, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)

    def step(pause: float) -> None:
        until = time.perf_counter() + pause
        while time.perf_counter() < until:
            pass
        optimizer.zero_grad()
        nn.functional.mse_loss(model(inputs), targets).backward()
        optimizer.step()

    return step
