"""A few batches of the run, kept to follow quantities on the same data while training goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Callable, TypeVar

import torch
from torch import Tensor

from .free_memory import free_memory
from .layers.example_numbers import example_numbers, layer_inputs
from .layers.kept_layers import KeptLayers, kept_layers
from .observables.observable import ObservedStep, Unmeasurable
from .products.evaluation import Evaluation, EvaluationPoint
from .products.flat import flatten

T = TypeVar("T")
_PATIENCE = 8
"""Recorded steps in a row that bring no new batch, after which none is expected."""
_MOST_REPLAY_BYTES = 1024**3


@dataclass(frozen=True)
class ProbeSetLimits:
    """How much is kept at most."""

    batches: int = 4
    bytes: float = 256 * 1024**2
    """Of the batches' inputs, labels and masks."""


def probe_set_limits(batches: str | None, size: str | None) -> ProbeSetLimits:
    """From the settings as the launcher hands them on; what is missing or no number is as by default."""
    usual = ProbeSetLimits()
    return ProbeSetLimits(int(_number(batches, usual.batches)), _number(size, usual.bytes))


def _number(text: str | None, otherwise: float) -> float:
    try:
        value = float(text or "")
    except ValueError:
        return otherwise
    return value if 0 <= value < float("inf") else otherwise


@dataclass(frozen=True)
class _KeptBatch:
    evaluation: Evaluation
    entering: list[Tensor]
    examples: int | None
    """None where it is not clear."""
    replay_bytes: int
    """That an evaluation of it holds."""
    has_outputs: bool
    """Whether the evaluation gives the model's outputs as well, [examples, outputs]."""
    targets: Tensor | None
    """[examples, outputs], where known."""
    is_squared_error: bool
    layers: KeptLayers | None
    """Where the evaluation gives what layers give as well."""
    numbers: list[int] | None = None
    """Of the examples, where they are told apart by what enters the layers."""


class ProbeSet:
    """The first that differ among the recorded batches, all of the first one's shape. What the script drew for them, as
    dropout masks, is kept with them. Where the script changes its weights for others, the set is begun anew.

    Nothing should be reported of the whole set before it is complete, for it would be of other data at each step.
    """

    def __init__(self, limits: ProbeSetLimits) -> None:
        self._limits = limits
        self._shapes: list[tuple[int, torch.Size]] | None = None
        self._last_step: int | None = None
        self._reset()

    def _reset(self) -> None:
        self._kept: list[_KeptBatch] = []
        self._bytes = 0
        self._is_full = False
        self._differ = False
        self._in_vain = 0
        self._failure: Unmeasurable | None = None

    @property
    def is_complete(self) -> bool:
        """Whether no batch will be added any more."""
        return self._is_full or (bool(self._kept) and self._in_vain >= _PATIENCE)

    @property
    def batches_differ(self) -> bool | None:
        """Whether the steps' batches are not all the same; None while that is not known."""
        if self._differ:
            return True
        return False if self._kept and self._in_vain >= _PATIENCE else None

    @property
    def is_settled(self) -> bool:
        """Whether looking at more steps would change nothing."""
        return self._failure is not None or (self.is_complete and self.batches_differ is not None)

    @property
    def batch_size(self) -> int | None:
        """Examples in each batch, where known."""
        return self._kept[0].examples if self._kept else None

    @property
    def examples(self) -> int | None:
        """In all batches, where known."""
        each = self._kept[0].examples if self._kept else None
        return None if each is None else each * len(self._kept)

    def look(self, step: ObservedStep) -> None:
        """Looks at the step's batch, once however often it is called, and keeps a copy if the set wants one.

        Raises Unmeasurable where no batch can be kept.
        """
        shapes = [(id(each), each.shape) for each in step.parameters]
        if self._shapes is not None and shapes != self._shapes:
            self._reset()
            self._shapes, self._last_step = shapes, step.step
            raise Unmeasurable(
                "probe-set-anew",
                "The trained variables are others than before: the batches kept to be measured again are given up, and "
                "new ones are kept from now on.",
            )
        self._shapes = shapes
        if step.step != self._last_step and not self.is_settled:
            self._last_step = step.step
            try:
                self._consider(step)
            except Unmeasurable as failure:
                self._failure = failure
                self._kept = []
        if self._failure is not None:
            raise self._failure

    def on_first(self, weights: Tensor, use: Callable[[EvaluationPoint], T]) -> T | None:
        """Hands over the first batch's evaluation at these weights, flat; None where there is none."""
        self._require_room(1)
        return use(self._kept[0].evaluation.at(weights)) if self._kept else None

    def on_each(self, weights: Tensor, use: Callable[[EvaluationPoint], T], most: int | None = None) -> list[T]:
        """Hands over one batch's evaluation after the other, of so many at most."""
        self._require_room(1)
        return [use(each.evaluation.at(weights)) for each in self._kept[:most]]

    def on_all(self, weights: Tensor, use: Callable[[Sequence[EvaluationPoint]], T]) -> T:
        """Hands over all batches' evaluations at once."""
        self._require_room(len(self._kept))
        return use([each.evaluation.at(weights) for each in self._kept])

    def loss(self, weights: Tensor) -> float:
        """Mean of the loss over the batches."""
        self._require_room(1)
        return sum(each.evaluation.loss(weights) for each in self._kept) / len(self._kept)

    @property
    def head(self) -> tuple[Tensor | None, bool]:
        """The first batch's targets, [examples, outputs], where known; and whether its evaluation gives the outputs."""
        return (self._kept[0].targets, self._kept[0].has_outputs) if self._kept else (None, False)

    @property
    def is_squared_error(self) -> bool:
        """Whether the loss is the squared error of the outputs and targets of `head`."""
        return bool(self._kept) and self._kept[0].is_squared_error

    @property
    def layers(self) -> KeptLayers | None:
        """Where every batch's evaluation gives what layers give; None where that is not known."""
        found = [each.layers for each in self._kept]
        return found[0] if found and all(each is not None and _same_layers(each, found[0]) for each in found) else None

    @property
    def numbers(self) -> list[list[int]] | None:
        """Of the examples of each batch; None where they are not told apart by what enters the layers."""
        found = [each.numbers for each in self._kept if each.numbers is not None]
        return found if len(found) == len(self._kept) else None

    @property
    def targets(self) -> list[Tensor | None]:
        """Of each batch, [examples, outputs], where known."""
        return [each.targets for each in self._kept]

    def describe(self, most: int | None = None) -> str:
        """What a measurement is of, in words; of so many of the batches at most."""
        count = len(self._kept) if most is None else min(most, len(self._kept))
        each = self._kept[0].examples if self._kept else None
        of = "" if each is None else f" of {each} examples"
        plural = "batch" if count == 1 else "batches"
        return f"on {count} kept {plural}{of}, with recorded dropout masks and the batch's own statistics"

    def _consider(self, step: ObservedStep) -> None:
        if not bool(torch.isfinite(step.products().gradient()).all()):
            return
        head = step.curvature.output_head()
        evaluation, layers = _evaluation(step, None if head is None else head.outputs)
        candidate = _KeptBatch(
            evaluation,
            evaluation.program.constants,
            step.batch,
            step.curvature.recorded_bytes,
            head is not None,
            None if head is None or head.targets is None else head.targets.clone(),
            head is not None and head.is_squared_error,
            layers,
        )
        first = self._kept[0] if self._kept else None
        is_known = any(_same_examples(kept, candidate) for kept in self._kept)
        if first is not None and not is_known:
            self._differ = True
        is_fit = first is None or _same_shapes(first, candidate)
        if self._is_full or is_known or not is_fit:
            self._in_vain += 1
        else:
            self._keep(step, candidate, first)

    def _keep(self, step: ObservedStep, candidate: _KeptBatch, first: _KeptBatch | None) -> None:
        known = first.entering if first is not None else []
        own = [
            each
            for index, each in enumerate(candidate.entering)
            if index >= len(known) or not _equal(each, known[index])
        ]
        size = self._bytes + sum(each.numel() * each.element_size() for each in own)
        replays = candidate.replay_bytes * (len(self._kept) + 1)
        is_too_much = size > self._limits.bytes or replays > _room(step.parameters[0]) or self._limits.batches < 1
        if is_too_much and first is None:
            raise _too_large(size, self._limits)
        self._is_full = is_too_much or len(self._kept) + 1 >= self._limits.batches
        if is_too_much:
            return
        candidate.evaluation.keep(known)
        kept = replace(candidate, entering=candidate.evaluation.program.constants, numbers=_numbers(step))
        self._check(step, kept)
        self._kept.append(kept)
        self._bytes = size
        self._in_vain = 0

    def _check(self, step: ObservedStep, kept: _KeptBatch) -> None:
        """That the copy gives at the same weights what the step has, before anything is believed of it at others."""
        loss = kept.evaluation.loss(flatten(step.parameters))
        own = step.curvature.loss
        if own is None or not abs(loss - own) <= 1e-4 * max(abs(own), 1e-6):
            raise Unmeasurable(
                "probe-set-differs",
                "No batch is kept to be measured again: evaluated once more at the same weights, it gives another "
                "loss.",
            )

    def _require_room(self, together: int) -> None:
        needed = sum(each.replay_bytes for each in self._kept[:together])
        if self._kept and needed > _room(self._kept[0].entering[0] if self._kept[0].entering else None):
            raise Unmeasurable(
                "probe-set-room",
                "The probe set was not measured at some steps: its activations would take more than half of the memory "
                "that is free.",
            )


def _evaluation(step: ObservedStep, outputs: Tensor | None) -> tuple[Evaluation, KeptLayers | None]:
    """With the model's outputs and what its layers give, as far as these can be computed again."""
    layers = step.layers()
    if layers is not None:
        kept, values = kept_layers(layers, step.parameters, outputs)
        try:
            return step.curvature.evaluation(values), kept
        except Unmeasurable:
            # Nor is the loss, perhaps; that is seen without the layers.
            pass
    return step.curvature.evaluation([] if outputs is None else [outputs]), None


def _numbers(step: ObservedStep) -> list[int] | None:
    layers = step.layers()
    inputs = [] if layers is None else layer_inputs(layers, step.batch)
    return example_numbers(inputs, step.batch) if inputs and step.batch is not None else None


def _same_layers(first: KeptLayers, second: KeptLayers | None) -> bool:
    return second is not None and [each.layer for each in first.layers] == [each.layer for each in second.layers]


def _room(tensor: Tensor | None) -> float:
    """Bytes of activations that measuring on the set may take."""
    device = torch.device("cpu") if tensor is None else tensor.device
    return min(_MOST_REPLAY_BYTES, free_memory(device) / 2)


def _same_shapes(first: _KeptBatch, second: _KeptBatch) -> bool:
    shapes = [[(each.dtype, each.shape) for each in of.entering] for of in (first, second)]
    return first.examples == second.examples and shapes[0] == shapes[1]


def _same_examples(first: _KeptBatch, second: _KeptBatch) -> bool:
    """Whether two evaluations had the same examples.

    Values with a row for each example are compared, but for those that are the same number all over, as an initial
    state is; what is made of two numbers, as a dropout mask is, may differ where something else is the same.
    """
    if not _same_shapes(first, second):
        return False
    pairs = [
        pair
        for pair in zip(first.entering, second.entering)
        if _holds_examples(pair[0], first.examples) and _varies(pair, 2)
    ]
    differing = [pair for pair in pairs if not _equal(*pair)]
    return len(differing) < len(pairs) and not any(_varies(pair, 3) for pair in differing)


def _holds_examples(tensor: Tensor, examples: int | None) -> bool:
    leading = next((extent for extent in tensor.shape if extent != 1), 1)
    return tensor.numel() > 1 and (examples is None or leading % examples == 0)


def _varies(pair: tuple[Tensor, Tensor], least: int) -> bool:
    """Whether one of the two holds at least so many different numbers."""
    return any(len(torch.unique(each)) >= least for each in pair)


def _equal(first: Tensor, second: Tensor) -> bool:
    return first.shape == second.shape and first.dtype == second.dtype and bool(torch.equal(first, second))


def _too_large(size: float, limits: ProbeSetLimits) -> Unmeasurable:
    def megabytes(value: float) -> str:
        return f"{value / 1024**2:.1f}"

    if limits.batches < 1:
        text = "No batch is kept to be measured again, as the probe set's limit is none."
    else:
        text = (
            f"No batch is kept to be measured again: one takes {megabytes(size)} MiB of the {megabytes(limits.bytes)} "
            "MiB that the probe set may take, or its activations take more than is free. Raise the probe set's limit "
            "to have one kept."
        )
    return Unmeasurable("probe-set-memory", text)
