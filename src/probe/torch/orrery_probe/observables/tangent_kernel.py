"""The empirical neural tangent kernel."""

from __future__ import annotations

import math
import time

import torch
from torch import Tensor

from ..free_memory import free_memory
from ..probe_set import ProbeSet
from ..products.evaluation import EvaluationPoint
from ..products.flat import flatten, or_zeros
from ..products.seeded_numbers import permutation
from .initial_weights import InitialWeights
from .observable import Measurement, ObservedStep, Recording, Unmeasurable
from .random_matrix import chosen

_MOST_ROWS = 200
"""Gradients of single outputs that a kernel is made of."""
_FEWEST_EXAMPLES = 5
_MOST_BYTES = 256 * 1024**2
_MOST_SECONDS = 2.0
"""A kernel that would take longer is of fewer examples."""
_SHUFFLES = 19
_TIMED_GRADIENTS = 4
"""The first ones take longer than those that follow."""


class TangentKernel(Recording):
    """The empirical neural tangent kernel K = J·Jᵀ of m examples of the probe set's first batch, J being the
    derivatives of all their outputs (logits, for a cross-entropy) by all weights (Jacot et al. 2018); at most 200 rows,
    and as many examples as two seconds allow, the same ones at each measurement:

    - `kernel/spectrum`: eigenvalues of K/m, descending; `kernel/largest`: the first of them.
    - `kernel/alignment`: yᵀKy/(‖K‖·‖y‖²), y being the targets less their mean over the examples (Cristianini et al.
    2001). Null:
      mean over shuffled examples.
    - `kernel/residual`: (e·r)²/(2m) for each eigenvector e, in the order of the spectrum, r being outputs less targets;
    of a squared error only.
    - `kernel/initialResidual`: the same of the residual at the initial weights, along the present kernel's
    eigenvectors.
    - `kernel/distance`: ‖K - K₀‖/‖K₀‖, with the kernel of the same examples at the initial weights; from step 1 on.
    """

    name = "kernel"
    price = 5.0
    in_step_record = False
    needs_products = True
    needs_update = False

    def __init__(self, initial: InitialWeights, probe: ProbeSet) -> None:
        self._initial = initial
        self._probe = probe
        self._most_examples: int | None = None

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Measurement | None:
        start = self._initial.of(step)
        self._probe.look(step)
        targets, has_outputs = self._probe.head
        if not has_outputs:
            return None
        weights = flatten(step.parameters)
        found = self._probe.on_first(weights, self._kernel_of)
        if found is None:
            return None
        kernel, examples, given = found
        outputs = given.shape[1]
        norm = float(kernel.norm())
        if not math.isfinite(norm) or norm == 0:
            return None
        eigenvalues, eigenvectors = torch.linalg.eigh(kernel)
        spectrum = (eigenvalues.flip(0) / len(examples)).tolist()
        vectors: dict[str, list[float]] = {"kernel/spectrum": spectrum}
        values: dict[str, float] = {"kernel/largest": spectrum[0]}
        before = found if step.step == 0 else self._probe.on_first(start, self._kernel_of)
        if targets is not None:
            chosen_targets = targets[examples.to(targets.device)].double().cpu()
            values.update(_alignments(kernel, chosen_targets))
            if self._probe.is_squared_error:
                vectors["kernel/residual"] = _parts(eigenvectors, given - chosen_targets)
                if before is not None:
                    vectors["kernel/initialResidual"] = _parts(eigenvectors, before[2] - chosen_targets)
        if step.step > 0 and before is not None:
            values["kernel/distance"] = float((kernel - before[0]).norm() / before[0].norm())
        return Measurement(
            values,
            f"gradients of the {outputs} outputs for each of {len(examples)} examples, {self._probe.describe(1)}",
            vectors=vectors,
            sample=len(examples),
        )

    def _kernel_of(self, point: EvaluationPoint) -> tuple[Tensor, Tensor, Tensor]:
        """The kernel, on the processor; which examples it is of; and their outputs, [examples, outputs]."""
        matrix = point.others[0]
        batch, outputs = matrix.shape
        if self._most_examples is None:
            self._most_examples = _affordable(point, matrix)
        count = min(batch, self._most_examples)
        if count < _FEWEST_EXAMPLES:
            raise Unmeasurable(
                "kernel-examples",
                f"The tangent kernel is not measured: the batch, or what fits in {_MOST_SECONDS:.0f} s and "
                f"{_MOST_BYTES // 1024**2} MiB, is fewer than {_FEWEST_EXAMPLES} examples.",
            )
        examples = torch.tensor(chosen(batch, count), device="cpu")
        rows = torch.stack([_row(point, matrix[i, j]) for i in examples.tolist() for j in range(outputs)])
        given = matrix.detach()[examples.to(matrix.device)].double().cpu()
        return (rows @ rows.t()).double().cpu(), examples, given


def _parts(eigenvectors: Tensor, residual: Tensor) -> list[float]:
    """Of a residual, [examples, outputs], along eigenvectors in columns, those of the largest eigenvalues last."""
    along = eigenvectors.flip(1).t() @ residual.reshape(-1)
    return (along.square() / (2 * len(residual))).tolist()  # type: ignore[no-any-return]


def _row(point: EvaluationPoint, output: Tensor) -> Tensor:
    gradients = torch.autograd.grad(output, point.leaves, retain_graph=True, allow_unused=True)
    row = flatten(or_zeros(gradients, point.leaves))
    # Sums over all weights lose digits in single precision.
    return row if row.device.type == "mps" else row.double()


def _affordable(point: EvaluationPoint, matrix: Tensor) -> int:
    """Examples whose kernel takes bounded time and memory."""
    seconds = math.inf
    parameters = sum(each.numel() for each in point.leaves)
    for _ in range(_TIMED_GRADIENTS):
        start = time.perf_counter()
        _row(point, matrix[0, 0])
        seconds = min(seconds, time.perf_counter() - start)
    by_time = _MOST_SECONDS / 2 / max(seconds, 1e-9)
    by_memory = min(_MOST_BYTES, free_memory(matrix.device) / 4) / (8 * parameters)
    return int(min(_MOST_ROWS, by_time, by_memory)) // matrix.shape[1]


def _alignments(kernel: Tensor, targets: Tensor) -> dict[str, float]:
    """`targets` are [examples, outputs]."""
    centred = targets - targets.mean(0)
    squares = float(centred.square().sum())
    if squares == 0:
        return {}
    scale = float(kernel.norm()) * squares

    def aligned(order: Tensor) -> float:
        flat = centred[order].reshape(-1)
        return float(flat @ kernel @ flat) / scale

    count = len(centred)
    shuffled: list[float] = [
        aligned(torch.tensor(permutation(count, seed), device="cpu")) for seed in range(1, _SHUFFLES + 1)
    ]
    return {
        "kernel/alignment": aligned(torch.arange(count, device="cpu")),
        "kernel/alignment/null": sum(shuffled) / _SHUFFLES,
    }
