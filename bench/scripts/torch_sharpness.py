"""Prints, as JSON, the time and the error of a converged sharpness: by the probe, warm, and by what people use today.

A tanh network is trained by gradient descent: on the Chebyshev polynomial T4 (`polynomial`), where one eigenvalue
stands out, or on one-hot labels (`classes`), where as many as there are classes lie close to each other. At the edge
of stability each measures it in turn, at every tenth step, on the same weights; the truth is the dense Hessian's, in
double precision.

Arguments: the task, measurements.
"""

from __future__ import annotations

import copy
import json
import sys
import time
from typing import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector

from orrery_probe.products.lanczos import largest_eigenvalue
from orrery_probe.products.living_graph import LivingGraph
from orrery_probe.products.operator import SymmetricOperator

torch.set_num_threads(1)
torch.manual_seed(3)

TOLERANCE = 1e-3
EVERY = 10


def polynomial() -> tuple[Tensor, Tensor, float]:
    inputs = torch.linspace(-1, 1, 64).unsqueeze(1)
    return inputs, 8 * inputs**4 - 8 * inputs**2 + 1, 0.05


def classes() -> tuple[Tensor, Tensor, float]:
    inputs = torch.randn(512, 24)
    scores = inputs @ torch.randn(24, 10) + 0.5 * torch.randn(512, 10)
    return inputs, nn.functional.one_hot(scores.argmax(1), 10).float(), 3.0


inputs, targets, learning_rate = {"polynomial": polynomial, "classes": classes}[sys.argv[1]]()
sizes = (inputs.shape[1], 24, 24, targets.shape[1])
first, second, third = (nn.Linear(one, other) for one, other in zip(sizes, sizes[1:]))
model = nn.Sequential(first, nn.Tanh(), second, nn.Tanh(), third)
criterion = nn.MSELoss()
parameters = list(model.parameters())
dimension = sum(each.numel() for each in parameters)


def exact() -> float:
    """Largest eigenvalue of the dense Hessian, in double precision."""
    double = copy.deepcopy(model).double()
    weights = list(double.parameters())
    loss = criterion(double(inputs.double()), targets.double())
    gradient = parameters_to_vector(torch.autograd.grad(loss, weights, create_graph=True))
    rows = [parameters_to_vector(torch.autograd.grad(each, weights, retain_graph=True)) for each in gradient]
    return float(torch.linalg.eigvalsh(torch.stack(rows))[-1])


class Probe:
    def __init__(self) -> None:
        self.starts: list[Tensor] = []

    def __call__(self) -> float:
        graph = LivingGraph([criterion(model(inputs), targets)], parameters)
        operator = SymmetricOperator(dimension, inputs.device, graph.product)
        found = largest_eigenvalue(operator, self.starts, TOLERANCE)
        self.starts = found.next_starts
        return found.value


def power_iteration(products: int = 100) -> float:
    """As it is written in many a repository: double backward, until the quotient stands still to the tolerance."""
    gradient = torch.autograd.grad(criterion(model(inputs), targets), parameters, create_graph=True)
    vector = torch.randn(dimension)
    value = 0.0
    for _ in range(products):
        vector = vector / vector.norm()
        parts = torch.split(vector, [each.numel() for each in parameters])
        along = [part.view_as(each) for part, each in zip(parts, parameters)]
        product = parameters_to_vector(torch.autograd.grad(gradient, parameters, along, retain_graph=True))
        before, value = value, float(vector @ product)
        if abs(value - before) <= TOLERANCE * abs(value):
            break
        vector = product
    return value


def contenders() -> dict[str, Callable[[], float]]:
    found: dict[str, Callable[[], float]] = {"the probe, warm": Probe(), "power iteration": power_iteration}
    try:
        from pyhessian import hessian

        def pyhessian(tolerance: float, products: int) -> float:
            of = hessian(model, criterion, data=(inputs, targets), cuda=False)
            values, _ = of.eigenvalues(maxIter=products, tol=tolerance)
            model.train()
            return float(values[0])

        found["PyHessian 0.1, as it is by default"] = lambda: pyhessian(1e-3, 100)
        found["PyHessian 0.1, to a hundredth of that tolerance"] = lambda: pyhessian(1e-5, 1000)
    except ImportError:
        pass
    try:
        from hessian_eigenthings import HessianOperator, lanczos, power_iteration_one, supervised_loss

        def eigenthings() -> float:
            operator = HessianOperator(model, [(inputs, targets)], supervised_loss(criterion))
            return float(lanczos(operator, k=1, which="LA").eigenvalues.max())

        def eigenthings_power() -> float:
            operator = HessianOperator(model, [(inputs, targets)], supervised_loss(criterion))
            return float(power_iteration_one(operator, max_iter=100, tol=TOLERANCE)[0])

        found["hessian-eigenthings 1.0.0a5, Lanczos as it is by default"] = eigenthings
        found["hessian-eigenthings 1.0.0a5, power iteration"] = eigenthings_power
    except ImportError:
        pass
    return found


def train(steps: int) -> None:
    optimizer = torch.optim.SGD(parameters, lr=learning_rate)
    for _ in range(steps):
        optimizer.zero_grad()
        criterion(model(inputs), targets).backward()
        optimizer.step()


def main() -> None:
    probe = Probe()
    for _ in range(100):
        if probe() >= 2 / learning_rate:
            break
        train(200)
    else:
        raise SystemExit("The sharpness has not come to 2/η in 20,000 steps.")
    each = contenders()
    rows: dict[str, list[tuple[float, float]]] = {name: [] for name in each}
    for _ in range(int(sys.argv[2])):
        train(EVERY)
        truth = exact()
        for name, measure in each.items():
            began = time.perf_counter()
            value = measure()
            rows[name].append((time.perf_counter() - began, abs(value / truth - 1)))
    # The first of each compiles and allocates.
    print("result", json.dumps({name: measured[1:] for name, measured in rows.items()}))


main()
