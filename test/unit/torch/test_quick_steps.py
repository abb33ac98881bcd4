"""Steps of which nothing but the loss is news are seen in a short way: the records must be those of the long one."""

import json
import os
import pickle
import sys
import tempfile
import time
import unittest

import torch
from torch import nn

from orrery_probe.observe import observe
from orrery_probe.probe_set import ProbeSetLimits
from orrery_probe.quick_steps import QuickSteps
from orrery_probe.session import Session

STEPS = 12
OPTIMIZING = 0.005
"""Seconds."""

# Newer versions load their compiler with the first optimizer: not in each process anew.
torch.optim.SGD([torch.zeros(1)], lr=0.1)


class Script:
    """What a script trains, with what it sees itself of each step."""

    def __init__(self):
        torch.manual_seed(3)
        self.inputs, self.targets = torch.randn(16, 4), torch.randn(16, 1)
        self.model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)
        self.seen = []

    def loss(self):
        return nn.functional.mse_loss(self.model(self.inputs), self.targets)

    def backward(self):
        loss = self.loss()
        loss.backward()
        return loss.item()

    def step(self):
        self.optimizer.zero_grad()
        loss = self.backward()
        self.optimizer.step()
        self.saw(loss)

    def saw(self, loss):
        self.seen.append((loss, self.optimizer.param_groups[0]["lr"]))

    def steps(self, count=STEPS):
        for _ in range(count):
            self.step()


def plain(script):
    script.steps()


def accumulated(script):
    script.steps()
    script.optimizer.zero_grad()
    loss = script.backward() + script.backward()
    script.optimizer.step()
    script.saw(loss)
    script.steps()


def cleared(script):
    """The gradient is thrown away before the step, as in methods of two steps."""
    script.steps()
    script.backward()
    script.optimizer.zero_grad()
    loss = script.backward()
    script.optimizer.step()
    script.saw(loss)
    script.steps()


def failed(script):
    """A backward pass raises, and the script goes on."""
    script.steps()
    loss = script.loss()
    loss.backward(retain_graph=False)
    script.optimizer.step()
    script.saw(loss.item())
    script.optimizer.zero_grad()
    try:
        loss.backward()
    except RuntimeError:
        script.steps()


def slowed(script):
    script.steps()
    script.optimizer.param_groups[0]["lr"] = 0.01
    script.steps()


def scheduled(script):
    schedule = torch.optim.lr_scheduler.ExponentialLR(script.optimizer, 0.9)
    for _ in range(2 * STEPS):
        script.step()
        schedule.step()


def joined(script):
    """A group of parameters is added."""
    script.steps()
    script.optimizer.add_param_group({"params": [nn.Parameter(torch.zeros(3))], "lr": 0.5})
    script.steps()


def two(script):
    """A second optimizer comes, and steps on losses of its own."""
    script.steps()
    other = nn.Linear(4, 1)
    optimizer = torch.optim.Adam(other.parameters())
    for _ in range(STEPS):
        script.step()
        optimizer.zero_grad()
        nn.functional.mse_loss(other(script.inputs), script.targets).backward()
        optimizer.step()


def closure(script):
    script.steps()

    def evaluate():
        script.optimizer.zero_grad()
        script.closure_loss = script.backward()
        return script.closure_loss

    script.optimizer.step(evaluate)
    script.saw(script.closure_loss)
    script.steps()


def penalized(script):
    """A gradient is asked for on the way."""
    script.steps()
    script.optimizer.zero_grad()
    loss = script.loss()
    (gradient,) = torch.autograd.grad(loss, [script.model[0].weight], create_graph=True)
    total = loss + gradient.square().sum()
    total.backward()
    script.optimizer.step()
    script.saw(total.item())
    script.steps()


def weighted(script):
    """The loss has one element, but is no scalar."""
    script.steps()
    script.optimizer.zero_grad()
    loss = script.loss().reshape(1)
    loss.backward()
    script.optimizer.step()
    script.saw(loss.item())
    script.steps()


def checkpointed(script):
    """A backward pass within the backward pass."""
    from torch.utils.checkpoint import checkpoint

    script.steps()
    for _ in range(STEPS):
        script.optimizer.zero_grad()
        hidden = checkpoint(script.model[:2], script.inputs.clone().requires_grad_(), use_reentrant=True)
        loss = nn.functional.mse_loss(script.model[2](hidden), script.targets)
        loss.backward()
        script.optimizer.step()
        script.saw(loss.item())


def forked(script):
    """A child that trains as well, as a data loader's worker might: its steps are nobody's."""
    script.steps()
    child = os.fork()
    if child == 0:
        try:
            # Newer versions refuse it.
            script.steps()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    script.steps()


def overflowing(script):
    script.steps()
    script.targets = script.targets * float("inf")
    script.steps(2)


def repeated(script):
    """The same gradient is stepped on twice; the second step's loss is not known."""
    script.steps()
    script.optimizer.step()
    script.seen.append((None, 0.1))
    script.steps()


def slowly(script):
    class Slow(torch.optim.SGD):
        def step(self):
            super().step()
            time.sleep(OPTIMIZING)

    script.optimizer = Slow(script.model.parameters(), lr=0.1)
    script.steps()


def by_hand(script):
    """Without any module that could be called."""
    weights = torch.zeros(4, 1, requires_grad=True)
    script.optimizer = torch.optim.SGD([weights], lr=0.1)
    for _ in range(2 * STEPS):
        script.optimizer.zero_grad()
        loss = nn.functional.mse_loss(script.inputs @ weights, script.targets)
        loss.backward()
        script.optimizer.step()
        script.saw(loss.item())


HABITS = [
    plain,
    by_hand,
    accumulated,
    cleared,
    failed,
    slowed,
    scheduled,
    joined,
    two,
    closure,
    penalized,
    weighted,
    checkpointed,
    forked,
    overflowing,
    repeated,
]


class Outcome:
    def __init__(self, records, seen, quick):
        self.records, self.seen, self.quick = records, seen, quick

    def of(self, kind):
        return [each for each in self.records if each["t"] == kind]


def recorded(habit, fraction=0.0, is_quick=True):
    """In a process of its own, since the probe stays where it is. `is_quick` false looks at everything."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with os.fdopen(writing, "wb") as pipe, tempfile.TemporaryDirectory() as folder:
                pickle.dump(_run(habit, fraction, is_quick, folder), pipe)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        result = pickle.load(pipe)
    os.waitpid(child, 0)
    return Outcome(*result)


def _run(habit, fraction, is_quick, folder):
    quick = []
    done = QuickSteps.done

    def counted(steps, optimizer):
        quick.append(optimizer)
        done(steps, optimizer)

    QuickSteps.done = counted
    if not is_quick:
        Session._begin_quick_steps = lambda *_: None
    ending = observe(folder, __file__, fraction, ProbeSetLimits())
    script = Script()
    habit(script)
    # As the process ends, whose parent's business is not to be done there.
    ending._write()
    with open(os.path.join(folder, "spool.jsonl"), encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    return records, script.seen, len(quick)


def without_times(records):
    """What does not differ from run to run."""
    left_out = ("time", "pid", "cost")
    kept = [{name: value for name, value in each.items() if name not in left_out} for each in records]
    for each in kept:
        if each["t"] == "step":
            each["values"] = {name: value for name, value in each["values"].items() if name != "step/seconds"}
    return kept


class QuickStepsTest(unittest.TestCase):
    def test_records_are_those_of_steps_at_which_everything_is_looked_at(self):
        for habit in HABITS:
            with self.subTest(habit.__name__):
                quick, slow = recorded(habit), recorded(habit, is_quick=False)
                self.assertGreaterEqual(quick.quick, STEPS // 2)
                self.assertEqual(slow.quick, 0)
                self.assertEqual(without_times(quick.records), without_times(slow.records))

    def test_losses_and_learning_rates_are_those_that_the_script_sees(self):
        for habit in HABITS:
            if habit in (two, overflowing):
                continue
            with self.subTest(habit.__name__):
                outcome = recorded(habit)
                values = [each["values"] for each in outcome.of("step")]
                found = [(each.get("loss/train"), each["optimizer/learningRate"]) for each in values]
                self.assertEqual(found, outcome.seen)
                self.assertEqual([each["step"] for each in outcome.of("step")], list(range(len(outcome.seen))))

    def test_a_loss_that_is_no_number_is_told_of_at_its_step(self):
        notes = [each for each in recorded(overflowing).of("note") if each["code"] == "loss-not-finite"]
        self.assertEqual([each["step"] for each in notes], [STEPS])

    def test_a_learning_rate_that_begins_to_move_is_told_of_once_at_its_step(self):
        told = [(each["step"], each["schedule"]) for each in recorded(scheduled).of("optimizer")]
        self.assertEqual(told, [(0, "constant"), (1, "moves")])

    def test_where_something_is_due_at_every_step_none_is_quick(self):
        self.assertEqual(recorded(plain, fraction=1.0).quick, 0)

    def test_what_is_saved_meanwhile_is_spent(self):
        def long(script):
            script.steps(2000)

        outcome = recorded(long, fraction=0.2)
        measured = {each["step"] for each in outcome.of("measure")}
        self.assertGreater(outcome.quick, 200)
        self.assertGreater(len([step for step in measured if step > 200]), 5)

    def test_an_optimizers_own_time_is_part_of_a_steps(self):
        for fraction, is_quick in ((0.0, True), (0.0, False), (1.0, False)):
            with self.subTest(fraction=fraction, is_quick=is_quick):
                steps = recorded(slowly, fraction, is_quick).of("step")
                # At the first it is not known yet what the optimizer takes.
                spent = [each["values"]["step/seconds"] for each in steps[1:]]
                self.assertGreaterEqual(min(spent), OPTIMIZING)


if __name__ == "__main__":
    sys.exit(unittest.main())
