"""Trains in blocks of steps, in turn past the probe and under it, with measuring off; prints the seconds of a step of
either kind, pair by pair.

Past the probe are what it has put in the place of torch's own functions, which hold the originals.

Arguments: examples, inputs, width, milliseconds that a step is to take (what training needs less is spent on something
else), pairs, steps in a block.
"""

from __future__ import annotations

import json
import statistics
import sys
import time

import torch
from torch_trained_network import trained_network

examples, size, width = (int(word) for word in sys.argv[1:4])
wanted = float(sys.argv[4]) / 1000
pairs, steps = (int(word) for word in sys.argv[5:7])

step = trained_network(examples, size, width)
watched = torch.autograd.backward, torch.optim.SGD.step, torch.optim.Optimizer.zero_grad
WARM_UP = 500
# Of each block: what comes first after a change is not counted.
SETTLING = 3


def past_the_probe(is_past: bool) -> None:
    backward, stepping, clearing = watched
    torch.autograd.backward = backward.__wrapped__ if is_past else backward
    torch.optim.SGD.step = stepping.__wrapped__ if is_past else stepping
    torch.optim.Optimizer.zero_grad = clearing.__wrapped__ if is_past else clearing


def block(is_past: bool, pause: float, count: int) -> float:
    """Seconds of a step."""
    past_the_probe(is_past)
    for _ in range(SETTLING):
        step(pause)
    began = time.perf_counter()
    for _ in range(count):
        step(pause)
    return (time.perf_counter() - began) / count


def usual() -> float:
    block(True, 0, WARM_UP)
    return statistics.median(block(True, 0, steps) for _ in range(32))


pause = max(0.0, wanted - usual())
found = [(block(True, pause, steps), block(False, pause, steps)) for _ in range(pairs)]
print("result", json.dumps(found))
