"""Small trainings under the probe, each beside the same loss written out on plain tensors in double precision.

python curvature_cases.py PACKAGE_FOLDER prints, for each case, the probe's records of its second step as `measured`,
and as `expected` what the dense Hessian of the written-out loss gives (`torch.autograd.functional.hessian`,
`torch.linalg.eigvalsh`).
"""

import json
import math
import os
import sys
import tempfile
from pathlib import Path

import torch
from torch import nn
from torch.autograd.function import once_differentiable

sys.path.insert(0, sys.argv[1])
from forked_cases import print_report

from orrery_probe.observe import observe

STEPS = 2
INPUTS, HIDDEN, OUTPUTS, BATCH = 3, 4, 2, 8
FUNCTIONAL = torch.nn.functional
DEVICE = os.environ.get("ORRERY_TEST_TORCH_DEVICE", "cpu")


def data(batch=BATCH, outputs=OUTPUTS):
    generator = torch.Generator(DEVICE).manual_seed(7)
    inputs = torch.randn(batch, INPUTS, generator=generator)
    return inputs, torch.randn(batch, outputs, generator=generator)


def network(*between):
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(INPUTS, HIDDEN), *between, nn.Linear(HIDDEN, OUTPUTS))


def affine(inputs, weights, at):
    return inputs @ weights[at].t() + weights[at + 1]


class Case:
    """`losses(step)` are the script's, each followed by a backward pass; `pure(weights, step)` is their sum, in
    doubles."""

    def __init__(self, model, optimizer, losses, pure, scaler=None):
        self.model, self.optimizer, self.losses, self.pure, self.scaler = model, optimizer, losses, pure, scaler


def plain(reduction="mean", decay=0.0, kind=torch.optim.SGD):
    inputs, targets = data()
    model = network(nn.Tanh())
    optimizer = kind(model.parameters(), lr=0.05, weight_decay=decay)

    def pure(weights, step):
        errors = affine(torch.tanh(affine(inputs.double(), weights, 0)), weights, 2) - targets.double()
        return getattr(errors.square(), reduction)()

    return Case(model, optimizer, lambda step: [FUNCTIONAL.mse_loss(model(inputs), targets, reduction=reduction)], pure)


def label_smoothing():
    inputs, _ = data()
    classes = torch.arange(BATCH) % OUTPUTS
    model = network(nn.Tanh())
    smoothed = FUNCTIONAL.one_hot(classes, OUTPUTS).double() * 0.9 + 0.1 / OUTPUTS

    def pure(weights, step):
        logits = affine(torch.tanh(affine(inputs.double(), weights, 0)), weights, 2)
        return -(smoothed * logits.log_softmax(1)).sum(1).mean()

    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    return Case(
        model, torch.optim.SGD(model.parameters(), lr=0.1), lambda step: [criterion(model(inputs), classes)], pure
    )


def batch_normalization():
    inputs, targets = data()
    model = network(nn.BatchNorm1d(HIDDEN), nn.Tanh())

    def pure(weights, step):
        hidden = affine(inputs.double(), weights, 0)
        centred = hidden - hidden.mean(0)
        normal = centred / (centred.square().mean(0) + 1e-5).sqrt()
        return (affine(torch.tanh(normal * weights[2] + weights[3]), weights, 4) - targets.double()).square().mean()

    return Case(
        model,
        torch.optim.SGD(model.parameters(), lr=0.05),
        lambda step: [FUNCTIONAL.mse_loss(model(inputs), targets)],
        pure,
    )


def mask_of_dropout(step):
    torch.manual_seed(100 + step)
    return FUNCTIONAL.dropout(torch.ones(BATCH, HIDDEN), 0.4).double()


def dropout():
    inputs, targets = data()
    model = network(nn.Tanh(), nn.Dropout(0.4))

    def losses(step):
        torch.manual_seed(100 + step)
        return [FUNCTIONAL.mse_loss(model(inputs), targets)]

    def pure(weights, step):
        hidden = torch.tanh(affine(inputs.double(), weights, 0)) * mask_of_dropout(step)
        return (affine(hidden, weights, 2) - targets.double()).square().mean()

    return Case(model, torch.optim.SGD(model.parameters(), lr=0.05), losses, pure)


def repeated_eigenvalue():
    curvatures = torch.tensor([3.0, 3.0, 1.0, 0.5, -0.25])
    weight = nn.Parameter(torch.tensor([0.5, -0.3, 0.2, 0.7, 0.1]))

    def pure(weights, step):
        return 0.5 * (curvatures.double() * weights[0] ** 2).sum()

    return Case(
        nn.ParameterList([weight]),
        torch.optim.SGD([weight], lr=0.1),
        lambda step: [0.5 * (curvatures * weight**2).sum()],
        pure,
    )


def accumulation():
    inputs, targets = data(12)
    model = network(nn.Tanh())

    def losses(step):
        for part in range(3):
            rows = slice(4 * part, 4 * part + 4)
            yield FUNCTIONAL.mse_loss(model(inputs[rows]), targets[rows]) / 3

    def pure(weights, step):
        return (affine(torch.tanh(affine(inputs.double(), weights, 0)), weights, 2) - targets.double()).square().mean()

    return Case(model, torch.optim.SGD(model.parameters(), lr=0.05), losses, pure)


def scaled():
    """On the processor scalers are enabled from PyTorch 2.3 on."""
    case = plain()
    case.scaler = torch.amp.GradScaler(DEVICE, init_scale=1024.0)
    return case


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(context, inputs):
        context.save_for_backward(inputs)
        return inputs**3


class Once(Cube):
    @staticmethod
    @once_differentiable
    def backward(context, gradient):
        return gradient * 3 * context.saved_tensors[0] ** 2


class Detached(Cube):
    @staticmethod
    def backward(context, gradient):
        return gradient * 3 * context.saved_tensors[0].detach() ** 2


def custom(function):
    inputs, targets = data()
    model = network()
    first, second = model[0], model[1]

    def pure(weights, step):
        return (affine(affine(inputs.double(), weights, 0) ** 3, weights, 2) - targets.double()).square().mean()

    return Case(
        model,
        torch.optim.SGD(model.parameters(), lr=0.01),
        lambda step: [FUNCTIONAL.mse_loss(second(function.apply(first(inputs))), targets)],
        pure,
    )


class Checkpointed(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, inputs):
        from torch.utils.checkpoint import checkpoint

        return checkpoint(self.inner, inputs.requires_grad_(), use_reentrant=True)


def checkpointed():
    """Its own graph cannot be differentiated twice: it takes running the model again."""
    case = plain()
    inputs, targets = data()
    wrapped = Checkpointed(case.model)
    case.losses = lambda step: [FUNCTIONAL.mse_loss(wrapped(inputs.clone()), targets)]
    return case


CASES = {
    "mean": plain,
    "sum": lambda: plain("sum"),
    "coupled weight decay": lambda: plain(decay=0.1),
    "Adam": lambda: plain(kind=torch.optim.Adam),
    "label smoothing": label_smoothing,
    "batch normalization": batch_normalization,
    "dropout": dropout,
    "repeated eigenvalue": repeated_eigenvalue,
    "accumulation": accumulation,
    "once differentiable": lambda: custom(Once),
    "detached backward": lambda: custom(Detached),
    "checkpoint": checkpointed,
}
if hasattr(torch, "set_default_device"):
    CASES["default device"] = plain
if hasattr(torch, "amp") and hasattr(torch.amp, "GradScaler"):
    CASES["gradient scaler"] = scaled


def train(case):
    """The weights before the last step, in doubles."""
    before = []
    for step in range(STEPS):
        before = [each.detach().double().clone() for each in case.model.parameters()]
        case.optimizer.zero_grad()
        for loss in case.losses(step):
            (loss if case.scaler is None else case.scaler.scale(loss)).backward()
        if case.scaler is None:
            case.optimizer.step()
        else:
            case.scaler.step(case.optimizer)
            case.scaler.update()
    return before


class Dense:
    """The written-out loss at some weights, by its dense Hessian."""

    def __init__(self, case, weights):
        self.sizes = [each.numel() for each in weights]
        self.shapes = [each.shape for each in weights]
        self.at = torch.cat([each.reshape(-1) for each in weights])
        self.loss = lambda flat: case.pure([p.view(s) for p, s in zip(flat.split(self.sizes), self.shapes)], STEPS - 1)
        self.gradient = torch.autograd.functional.jacobian(self.loss, self.at)
        self.hessian = self.hessian_at(self.at)

    def hessian_at(self, flat):
        return torch.autograd.functional.hessian(self.loss, flat)


def expected(case, weights):
    dense = Dense(case, weights)
    values, vectors = torch.linalg.eigh(dense.hessian)
    gradient, dimension = dense.gradient, len(values)

    def sharpness_along(time):
        return torch.linalg.eigvalsh(dense.hessian_at(dense.at - time * gradient))[-1].item()

    def curvature(flat):
        return torch.autograd.functional.vhp(dense.loss, flat, vectors[:, -1], create_graph=True)[1] @ vectors[:, -1]

    # Cubes of the step and rounding in double precision weigh about the same.
    time = 1e-4
    top = vectors[:, -10:]
    first = dense.sizes[0] + (dense.sizes[1] if len(dense.sizes) > 1 else 0)
    return {
        "sharpness/batch": values[-1].item(),
        "hessian/trace": values.sum().item(),
        "hessian/meanEigenvalue": values.mean().item(),
        "hessian/rootMeanSquareEigenvalue": values.square().mean().sqrt().item(),
        "sharpness/directional": (gradient @ dense.hessian @ gradient / (gradient @ gradient)).item(),
        "sharpness/progressive": (sharpness_along(time) - sharpness_along(-time)) / (2 * time),
        "sharpness/gradientNorm": torch.autograd.functional.jacobian(curvature, dense.at).norm().item(),
        "gradient/topShare": ((top.t() @ gradient).square().sum() / (gradient @ gradient)).item(),
        "sharpness/gap": (values[-1] - values[-2]).item(),
        "block": torch.linalg.eigvalsh(dense.hessian[first:, first:])[-1].item() if first < dimension else None,
        "eigenvalues": values.flip(0)[:20].tolist(),
    }


def per_example(weights, mask):
    """Of the mean of squared errors: what micro-batches of single examples show; `mask` multiplies the hidden layer."""
    inputs, targets = data()

    class One:
        @staticmethod
        def pure(example):
            def loss(parts, step):
                hidden = torch.tanh(affine(inputs[example : example + 1].double(), parts, 0)) * mask[example]
                outputs = affine(hidden, parts, 2)
                return (outputs - targets[example : example + 1].double()).square().mean()

            return loss

    parts = []
    for example in range(BATCH):
        case = Case(None, None, None, One.pure(example))
        parts.append(Dense(case, weights))
    gradients = torch.stack([each.gradient for each in parts])
    mean = gradients.mean(0)
    noise = ((gradients - mean).square().sum() / (BATCH - 1)).item()
    quotients = [(g @ each.hessian @ g / (g @ g)).item() for g, each in zip(gradients, parts)]
    return {
        "gradient/noise": noise,
        "gradient/signal": (mean @ mean).item() - noise / BATCH,
        "sharpness/directional@microBatch": sum(quotients) / BATCH,
    }


def kernel(case, weights, start):
    inputs, targets = data()

    def matrix_at(at):
        def outputs(*parts):
            return affine(torch.tanh(affine(inputs.double(), parts, 0)), parts, 2).reshape(-1)

        jacobian = torch.autograd.functional.jacobian(outputs, tuple(at))
        rows = torch.cat([each.reshape(BATCH * OUTPUTS, -1) for each in jacobian], 1)
        return rows @ rows.t()

    now, before = matrix_at(weights), matrix_at(start)
    centred = (targets.double() - targets.double().mean(0)).reshape(-1)
    return {
        "kernel/largest": torch.linalg.eigvalsh(now)[-1].item() / BATCH,
        "kernel/alignment": (centred @ now @ centred / (now.norm() * centred @ centred)).item(),
        "kernel/distance": ((now - before).norm() / before.norm()).item(),
    }


def preconditioned(weights, start):
    """Adam's second step, of the mean of squared errors: Kingma and Ba's algorithm 1 written out."""
    case = plain()
    gradients = [Dense(case, each).gradient for each in (start, weights)]
    beta, epsilon = 0.999, 1e-8
    moment = beta * (1 - beta) * gradients[0] ** 2 + (1 - beta) * gradients[1] ** 2
    diagonal = (moment / (1 - beta**2)).sqrt() + epsilon
    root = diagonal.rsqrt()
    return torch.linalg.eigvalsh(root[:, None] * Dense(case, weights).hessian * root)[-1].item()


def measured(folder):
    values, errors, vectors, methods = {}, {}, {}, {}
    for line in Path(folder, "spool.jsonl").read_text().splitlines():
        record = json.loads(line)
        if record.get("step") != STEPS - 1:
            continue
        if record["t"] == "measure":
            values.update(record["values"])
            errors.update(record.get("error", {}))
            methods.update(dict.fromkeys(record["values"], record["method"]))
        elif record["t"] == "vector":
            vectors[record["name"]] = record["values"]
    notes = [
        {"code": record["code"], "text": record["text"]}
        for record in map(json.loads, Path(folder, "spool.jsonl").read_text().splitlines())
        if record["t"] == "note"
    ]
    return {"values": values, "errors": errors, "vectors": vectors, "methods": methods, "notes": notes}


def main(name):
    """In a process of its own: a run measures its first optimizer."""
    if DEVICE != "cpu":
        torch.set_default_device(DEVICE)
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    with tempfile.TemporaryDirectory() as folder:
        observe(folder, __file__, 1.0)
        case = CASES[name]()
        start = [each.detach().double().clone() for each in case.model.parameters()]
        if name == "default device":
            # Of this one no value can be read.
            torch.set_default_device("meta")
        weights = train(case)
        found = measured(folder)
    if name == "default device":
        torch.set_default_device(DEVICE)
    wanted = expected(case, weights)
    if name == "mean":
        wanted.update(per_example(weights, torch.ones(BATCH, HIDDEN)))
        wanted.update(kernel(case, weights, start))
    if name == "dropout":
        wanted.update(per_example(weights, mask_of_dropout(STEPS - 1)))
    if name == "Adam":
        wanted["sharpness/preconditioned"] = preconditioned(weights, start)
    assert all(value is None or not isinstance(value, float) or math.isfinite(value) for value in wanted.values())
    return {"measured": found, "expected": wanted}


if __name__ == "__main__":
    print_report(CASES, main)
