"""Trains in blocks, in turn with measuring off and at a budget that it sets through the run's control file.

Prints the steps and seconds of either kind, pair by pair, as `budgetBlocks.mjs` does.

Arguments: examples, inputs, width, milliseconds that a step is to take with measuring off (what training needs less is
spent on something else), and the blocks as JSON, { budget, pairs, off, on }, off and on in seconds on average: what a
machine does at regular intervals would otherwise fall into blocks of one kind for minutes.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import time

from torch_trained_network import trained_network

examples, size, width = (int(word) for word in sys.argv[1:4])
wanted = float(sys.argv[4]) / 1000
blocks = json.loads(sys.argv[5])
# The probe takes its own variables out of the environment.
run = os.environ["RUN_UNDER_TEST"]

step = trained_network(examples, size, width)
Sums = dict[str, float]


def none() -> Sums:
    return {"steps": 0.0, "seconds": 0.0}


def block(seconds: float, sums: Sums) -> None:
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        step(pause)
        sums["steps"] += 1
    sums["seconds"] += time.perf_counter() - began


def set_budget(fraction: float, sums: Sums) -> None:
    """Goes on until the probe has surely looked: it does so every 50 ms."""
    with open(os.path.join(run, "control.jsonl"), "a", encoding="utf-8") as file:
        file.write(json.dumps({"do": "budget", "fraction": fraction}) + "\n")
    block(0.1, sums)


def pair(on: Sums, tail: Sums, off: Sums) -> None:
    """At first there is no budget yet in `on`, and for as long there still is in `tail`."""
    set_budget(blocks["budget"], on)
    block(blocks["on"] * random.uniform(0.5, 1.5), on)
    set_budget(0, tail)
    block(blocks["off"] * random.uniform(0.5, 1.5), off)


def usual() -> float:
    """Seconds of a step."""
    taken: list[float] = []
    for _ in range(300):
        began = time.perf_counter()
        step(0)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken[100:])


pause = 0.0
set_budget(1, none())
for _ in range(8):
    step(0)
set_budget(0, none())
pause = max(0.0, wanted - usual())
pair(none(), none(), none())
found: list[tuple[Sums, Sums, Sums]] = []
for _ in range(blocks["pairs"]):
    found.append((none(), none(), none()))
    pair(*found[-1])
bare = sum(off["seconds"] for _, _, off in found) / sum(off["steps"] for _, _, off in found)
for on, tail, _ in found:
    # What its steps take longer belongs to the budget before, whose time it is not.
    on["seconds"] += tail["seconds"] - bare * tail["steps"]
print("result", json.dumps([{"off": off, "on": on} for on, _, off in found]))
