"""Trainings from a minimum, or from elsewhere, under the probe, each beside the local learning coefficient of its loss.

python learning_coefficient_cases.py PACKAGE_FOLDER prints, for each case, what the probe has recorded of it as
`measured`, as `expected` the mean over the same density in closed form or by quadrature, and whether the script was
left alone.
"""

import dataclasses
import json
import math
import sys
import tempfile
from pathlib import Path
from unittest import mock

import torch
from torch import nn

sys.path.insert(0, sys.argv[1])
from forked_cases import print_report

from orrery_probe.observables import catalog, learning_coefficient
from orrery_probe.observe import observe
from orrery_probe.probe_set import ProbeSetLimits

EXAMPLES, INPUTS, NOISE, SEED = 64, 10, 0.5, 11
FLAT = 1 / 400
"""Of the largest curvature: what the localization adds to each."""


class Case:
    """`losses(step)` are the script's, each followed by a backward pass."""

    def __init__(self, model, losses, expected=None, batches=1, steps=1):
        self.model, self.losses, self.expected, self.batches, self.steps = model, losses, expected, batches, steps


def data(seed, examples=EXAMPLES):
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(examples, INPUTS, generator=generator, dtype=torch.float64)
    slopes = torch.randn(INPUTS, 1, generator=generator, dtype=torch.float64)
    return inputs, inputs @ slopes + NOISE * torch.randn(examples, 1, generator=generator, dtype=torch.float64)


def square_well(inputs):
    """Of a mean of squared errors at its minimum: each direction is normal, with its curvature and the localization."""
    curvatures = torch.linalg.eigvalsh(2 * inputs.t() @ inputs / len(inputs))
    return (curvatures / (curvatures + FLAT * curvatures[-1])).sum().item() / 2


def solved(inputs, targets, factor=1.0):
    model = nn.Linear(INPUTS, 1, bias=False)
    with torch.no_grad():
        model.weight.copy_(factor * torch.linalg.lstsq(inputs, targets).solution.t())
    return model


def error_of(model, inputs, targets):
    return (model(inputs) - targets).square().mean()


def regression(seed=1, examples=EXAMPLES, factor=1.0, steps=1):
    inputs, targets = data(seed, examples)
    model = solved(inputs, targets, factor)
    single = inputs.float(), targets.float()
    return Case(model, lambda step: [error_of(model, *single)], square_well(inputs), steps=steps)


def of_two_batches():
    """Neither of which is at its own minimum."""
    inputs, targets = data(2, 2 * EXAMPLES)
    model = solved(inputs, targets)
    parts = [(inputs[part::2].float(), targets[part::2].float()) for part in range(2)]
    return Case(model, lambda step: [error_of(model, *parts[step])], square_well(inputs), batches=2, steps=2)


def accumulated():
    inputs, targets = data(3)
    model = solved(inputs, targets)
    parts = [(inputs[part::2].float(), targets[part::2].float()) for part in range(2)]
    return Case(model, lambda step: (error_of(model, *each) / 2 for each in parts), square_well(inputs))


class Idle(nn.Module):
    """With as many weights again that the loss does not depend on."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner
        self.idle = nn.Parameter(torch.zeros(INPUTS))

    def forward(self, inputs):
        return self.inner(inputs) + 0.0 * self.idle.sum()


def idle():
    inputs, targets = data(4)
    model = Idle(solved(inputs, targets))
    single = inputs.float(), targets.float()
    return Case(model, lambda step: [error_of(model, *single)], square_well(inputs))


class Product(nn.Module):
    def __init__(self, first, second):
        super().__init__()
        self.first, self.second = (nn.Parameter(torch.tensor([each])) for each in (first, second))

    def forward(self, inputs):
        return self.first * self.second * inputs


def product():
    """Two weights, whose product alone counts: half of a weight, and not of two."""
    inputs = torch.linspace(-1, 2, EXAMPLES).reshape(-1, 1)
    model = Product(2.0, 0.5)
    scale = inputs.double().square().mean().item()
    inverse_temperature = EXAMPLES / math.log(EXAMPLES)
    axis = torch.linspace(1e-3, 12, 3001, dtype=torch.float64)
    first, second = axis[:, None], axis[None, :]
    loss = inverse_temperature * scale * (first * second - 1).square()
    distance = (first - 2.0).square() + (second - 0.5).square()
    curvature = 2 * scale * (2.0**2 + 0.5**2)
    density = torch.exp(-loss - inverse_temperature * FLAT * curvature * distance / 2)
    expected = ((density * loss).sum() / density.sum()).item()
    return Case(model, lambda step: [error_of(model, inputs, inputs)], expected)


def saddle():
    """Exactly on it, where the gradient is none; the bias is at its minimum."""
    inputs = torch.linspace(-1, 1, EXAMPLES).reshape(-1, 1)
    model = Product(0.0, 0.0)
    model.bias = nn.Parameter(torch.ones(1))
    return Case(model, lambda step: [error_of(lambda each: model(each) + model.bias, inputs, inputs + 1)])


def half():
    inputs, targets = data(5)
    model = solved(inputs, targets).bfloat16()
    single = inputs.bfloat16(), targets.bfloat16()
    return Case(model, lambda step: [error_of(model, *single)])


def large():
    """Single precision rounds it by up to 0.004; from draw to draw it differs by some tenths."""
    inputs, targets = data(7)
    model = solved(inputs, targets)
    single = inputs.float(), targets.float()
    return Case(model, lambda step: [error_of(model, *single) + 1e5])


def drawing():
    """Drops units at random, and keeps a moving average of what it has seen."""
    inputs, targets = data(6)
    torch.manual_seed(SEED)
    mask = nn.functional.dropout(torch.ones(EXAMPLES, INPUTS), 0.2).double()
    centred = inputs - inputs.mean(0)
    hidden = mask * centred / (centred.square().mean(0) + 1e-5).sqrt()
    model = nn.Sequential(nn.BatchNorm1d(INPUTS, affine=False), nn.Dropout(0.2), solved(hidden, targets))
    single = inputs.float(), targets.float()
    return Case(model, lambda step: [error_of(model, *single)], square_well(hidden))


CASES = {
    **{f"regression {seed}": (lambda seed=seed: regression(seed)) for seed in range(1, 7)},
    "two batches": of_two_batches,
    "accumulation": accumulated,
    "idle weights": idle,
    "product": product,
    "again": regression,
    "on the way": lambda: regression(factor=0.5),
    "saddle": saddle,
    "few examples": lambda: regression(examples=15),
    "half precision": half,
    "large loss": large,
    "saved up for": lambda: regression(steps=2),
    "no time": regression,
    "no room": regression,
    "drawing": drawing,
}


def train(case):
    """What a script could see of itself afterwards."""
    torch.manual_seed(SEED)
    optimizer = torch.optim.SGD(case.model.parameters(), lr=1e-6, momentum=0.9)
    for step in range(case.steps):
        optimizer.zero_grad()
        for loss in case.losses(step):
            loss.backward()
        optimizer.step()
    gradients = [each.grad for each in case.model.parameters()]
    return [*case.model.state_dict().values(), *gradients, torch.get_rng_state()]


def measured(folder):
    found = {"values": {}, "error": None, "sample": None, "method": None, "step": None}
    notes = []
    for line in Path(folder, "spool.jsonl").read_text().splitlines():
        record = json.loads(line)
        if record["t"] == "measure" and "learningCoefficient/local" in record["values"]:
            error = record["error"]["learningCoefficient/local"]
            found = {
                "values": record["values"],
                "error": error,
                "sample": record["sample"],
                "method": record["method"],
                "step": record["step"],
            }
        if record["t"] == "note" and ("learning" in record["code"] or record["code"] == "measurement-failed"):
            notes.append({"code": record["code"], "text": record["text"]})
    return {**found, "notes": notes}


class Limited(learning_coefficient.LearningCoefficient):
    """As under a budget that does not measure everything at every step."""

    def measure(self, step):
        return super().measure(dataclasses.replace(step, is_unlimited=False))


def main(name):
    """In a process of its own: a run measures its first optimizer."""
    bare = train(CASES[name]())
    case = CASES[name]()
    if name == "no time":
        own = learning_coefficient.LearningCoefficient
        mock.patch.object(catalog, "LearningCoefficient", lambda probe: own(probe, 0.0)).start()
    if name == "saved up for":
        mock.patch.object(catalog, "LearningCoefficient", Limited).start()
    if name == "no room":
        mock.patch.object(learning_coefficient, "_VECTORS", 10**12).start()
    with tempfile.TemporaryDirectory() as folder:
        observe(folder, __file__, 1.0, ProbeSetLimits(case.batches))
        watched = train(case)
        is_same = len(bare) == len(watched) and all(map(torch.equal, bare, watched))
        return {"measured": measured(folder), "expected": case.expected, "isLeftAlone": is_same}


if __name__ == "__main__":
    print_report(CASES, main)
