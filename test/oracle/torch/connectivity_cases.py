"""Trainings from the same weights, one after the other under the probe, on the same batches in another order.

python connectivity_cases.py PACKAGE_FOLDER prints, for each run, what the probe has recorded of its barriers to earlier
ones as `measured`, by step; as `expected` the losses on the line between weights that the scripts have saved
themselves, in float64 and by a formula of its own; the steps of the weights that it has left; and whether the script
was left alone. The runs' folders lie beside each other.
"""

import json
import sys
import tempfile
from pathlib import Path
from unittest import mock

import torch
from torch import nn

sys.path.insert(0, sys.argv[1])
from forked_cases import print_report

from orrery_probe import optimizers
from orrery_probe.kept_weights import NAME
from orrery_probe.observables import connectivity
from orrery_probe.observe import observe

BATCHES, EXAMPLES, INPUTS, UNITS = 8, 16, 3, 4
PROBED = 4
"""Batches that the probe set holds: the first, which all runs begin with."""
RATE = 0.4
"""At which runs become different soon."""


class Run:
    """`order` is that of the batches after the first ones, `steps` the number of steps; `others` are those that the run
    is to be compared with."""

    def __init__(self, order, steps, others=(), seed=2, dtype=torch.float32, beginning=(0, 1, 2, 3)):
        self.order, self.steps, self.others = order, steps, others
        self.seed, self.dtype, self.beginning = seed, dtype, beginning


RUNS = {
    # Its probe set is complete a step later than those of others, so that its weights are of other steps.
    "first": Run(1, 420, beginning=(0, 1, 2, 0, 3)),
    "second": Run(2, 520, ["first"]),
    "third": Run(3, 560, ["first", "second"]),
    "elsewhere": Run(2, 450, seed=3),
    "double 1": Run(1, 20, seed=4, dtype=torch.float64),
    "double 2": Run(2, 20, ["double 1"], seed=4, dtype=torch.float64),
    "too large": Run(1, 6, seed=5),
    "no disk": Run(1, 6, seed=6),
}


def data(dtype):
    """The same for all runs: inputs and targets, batch by batch."""
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(BATCHES, EXAMPLES, INPUTS, generator=generator)
    noise = torch.randn(BATCHES, EXAMPLES, 1, generator=generator)
    targets = torch.sin(3 * inputs[..., :1]) * inputs[..., 1:2] + 0.5 * noise
    return inputs.to(dtype), targets.to(dtype)


def train(run, saved):
    """What a script could see of itself afterwards; `saved` are the weights before each step."""
    torch.manual_seed(run.seed)
    model = nn.Sequential(nn.Linear(INPUTS, UNITS), nn.Tanh(), nn.Linear(UNITS, 1)).to(run.dtype)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    inputs, targets = data(run.dtype)
    generator = torch.Generator().manual_seed(run.order)
    for step in range(run.steps):
        saved.append([each.detach().clone() for each in model.parameters()])
        later = int(torch.randint(BATCHES, (1,), generator=generator))
        batch = run.beginning[step] if step < len(run.beginning) else later
        optimizer.zero_grad()
        (model(inputs[batch]) - targets[batch]).square().mean().backward()
        optimizer.step()
    return [*model.state_dict().values(), *(each.grad for each in model.parameters()), torch.get_rng_state()]


def loss_at(weights):
    """Mean of the squared errors of the probe set's examples."""
    inner, inner_bias, outer, outer_bias = weights
    inputs, targets = (each[:PROBED].reshape(PROBED * EXAMPLES, -1) for each in data(torch.float64))
    total = 0.0
    for example, target in zip(inputs, targets):
        hidden = torch.tanh((inner * example).sum(1) + inner_bias)
        total += ((outer[0] * hidden).sum() + outer_bias[0] - target[0]).item() ** 2
    return total / len(inputs)


def line_between(there, here):
    """Losses in nine places, from one's weights to the other's."""
    pairs = [(one.double(), other.double()) for one, other in zip(there, here)]
    return [loss_at([one + (other - one) * (place / 8) for one, other in pairs]) for place in range(9)]


def expected(name, folder, measured):
    found = {}
    own = torch.load(folder / "saved.pt")
    for other in RUNS[name].others:
        there = torch.load(folder.parent / other / "saved.pt")
        series = f"connectivity/barrier@{other}"
        left = kept_steps(folder.parent / other)
        found[series] = {
            step: line_between(there[max(each for each in left if each <= step)], own[step])
            for step in measured["series"].get(series, {})
        }
    return found


def recorded(folder):
    series, methods, samples, notes = {}, set(), set(), []
    for line in (folder / "spool.jsonl").read_text().splitlines():
        record = json.loads(line)
        if record["t"] == "measure":
            for name, value in record["values"].items():
                if name.startswith("connectivity/"):
                    series.setdefault(name, {})[record["step"]] = value
                    methods.add(record["method"])
                    samples.add(record["sample"])
        if record["t"] == "note" and (record["code"].startswith("weights-") or record["code"] == "measurement-failed"):
            notes.append({key: record[key] for key in ("severity", "code", "text")})
    return {"series": series, "methods": sorted(methods), "samples": sorted(samples), "notes": notes}


def kept_steps(folder):
    """None where no weights were kept."""
    try:
        with open(folder / NAME, "rb") as file:
            return json.loads(file.readline())["steps"]
    except OSError:
        return None


def without_others():
    """Leaves out what has nothing to do with it, and would take minutes in a long run."""
    create = optimizers.create_observables
    needed = ("initialization", "probeSet", "connectivity")
    mock.patch.object(
        optimizers, "create_observables", lambda *given: [each for each in create(*given) if each.name in needed]
    ).start()


def main(name, runs):
    """In a process of its own: a run measures its first optimizer."""
    run = RUNS[name]
    bare = train(run, [])
    folder = runs / name
    folder.mkdir()
    if run.steps > 100:
        without_others()
    if name == "too large":
        mock.patch.object(connectivity, "MOST_KEPT_BYTES", 4 * (INPUTS * UNITS + 2 * UNITS + 1) - 1).start()
    if name == "no disk":
        # A folder stands where the file would be written.
        (folder / f"{NAME}.new").mkdir()
    observe(str(folder), __file__, 1.0)
    saved = []
    watched = train(run, saved)
    torch.save(saved, folder / "saved.pt")
    measured = recorded(folder)
    return {
        "measured": measured,
        "expected": expected(name, folder, measured),
        "keptSteps": kept_steps(folder),
        "isLeftAlone": len(bare) == len(watched) and all(map(torch.equal, bare, watched)),
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        print_report(RUNS, lambda name: main(name, Path(temporary)))
