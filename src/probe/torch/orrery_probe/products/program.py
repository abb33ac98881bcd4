"""A recorded evaluation as a function of the weights."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .autocast import DEVICES, autocast_state
from .captured_call import twice_differentiable_kernels
from .living_graph import LivingGraph, NotDifferentiable
from .tape import ATTENTION, Operation, Tape, tensors_of

_DROPOUT = "aten::native_dropout"


@dataclass(frozen=True)
class _Value:
    """Place of a value that depends on the weights."""

    place: int


@dataclass(frozen=True)
class _Constant:
    key: int
    is_written: bool
    is_stale: bool
    """Whether it has been written over since it was used."""


@dataclass(frozen=True)
class _Step:
    function: Any
    name: str
    args: Any
    kwargs: Any
    places: list[int]
    """Of its results."""
    flows: bool
    """Whether gradients pass through it."""
    drawn: list[Tensor] | None
    sources: set[int]
    """Storages of what goes in."""
    targets: set[int]
    """Storages of its results: of a view, that of the whole."""


class Program:
    """What of a tape leads from the weights to some values, without the values in between.

    Random draws stay as they were; what was written into buffers is written into copies.
    """

    def __init__(self, tape: Tape, parameters: Sequence[Tensor], wanted: Sequence[Tensor]) -> None:
        """`wanted` are values of the tape; raises NotDifferentiable where one cannot be computed again."""
        if not tape.is_whole:
            raise NotDifferentiable("the step has too many operations, or takes too much memory, to be recorded")
        self._places: dict[int, int] = {id(each): index for index, each in enumerate(parameters)}
        self._count = len(parameters)
        self._constants: dict[int, Tensor] = {}
        operations = _after_last_write(tape.operations, parameters)
        written = _written_storages(operations, parameters)
        interior = _inside_custom_functions(operations)
        steps: list[_Step] = []
        for index, operation in enumerate(operations):
            depends = any(id(each) in self._places for each, _ in operation.versions)
            if depends or any(_storage(each) in written for each in tensors_of(operation.result)):
                step = self._step_of(operation, index in interior)
                if step is not None:
                    steps.append(step)
        if any(id(each) not in self._places for each in wanted):
            raise NotDifferentiable("the loss was not computed by operations on the weights that can be recorded")
        self._wanted = [self._places[id(each)] for each in wanted]
        self._steps = _leading_to(steps, {_storage(each) for each in wanted})
        used = {each.key: each for step in self._steps for each in _constants_in((step.args, step.kwargs))}
        if any(each.is_stale for each in used.values()):
            raise NotDifferentiable("a value was written over after it was used")
        self._constants = {key: each for key, each in self._constants.items() if key in used}
        # Ids are no longer those of living tensors once the tape is gone.
        self._places = {}

    @property
    def constants(self) -> list[Tensor]:
        """What enters from outside, each once: inputs, targets, frozen weights, masks that were drawn."""
        drawn = [each for step in self._steps for each in step.drawn or ()]
        return [*self._constants.values(), *drawn]

    def keep(self, shared: Sequence[Tensor]) -> None:
        """Copies the constants, which the script may write over, but for those that equal what is kept already:
        `shared` are another program's constants, in their order."""
        for index, (key, each) in enumerate(self._constants.items()):
            other = shared[index] if index < len(shared) else None
            is_same = other is not None and other.dtype == each.dtype and torch.equal(other, each)
            self._constants[key] = other if is_same and other is not None else each.detach().clone()

    def evaluate(self, parameters: Sequence[Tensor]) -> list[Tensor]:
        """The wanted values, with their graph."""
        values: dict[int, Any] = dict(enumerate(parameters))
        with contextlib.ExitStack() as stack:
            stack.enter_context(twice_differentiable_kernels())
            # What autocast has done is among the operations.
            for device in DEVICES:
                is_enabled, kind = autocast_state(device)
                if is_enabled:
                    stack.enter_context(torch.autocast(device, enabled=False, dtype=kind))
            for step in self._steps:
                with torch.set_grad_enabled(step.flows):
                    results = list(tensors_of(self._run(step, values)))
                values.update(zip(step.places, results))
        return [values[place] for place in self._wanted]

    def _run(self, step: _Step, values: dict[int, Any]) -> Any:
        args, kwargs = self._filled(step.args, values), self._filled(step.kwargs, values)
        if step.name == _DROPOUT and step.drawn is not None:
            mask = step.drawn[1]
            return args[0] * mask * (1 / (1 - args[1]) if args[1] < 1 else 0.0), mask
        if step.drawn is not None:
            return [each.clone() for each in step.drawn]
        if ATTENTION in step.name:
            return _attention(args, kwargs)
        return step.function(*args, **kwargs)

    def _filled(self, tree: Any, values: dict[int, Any]) -> Any:
        if isinstance(tree, _Value):
            return values[tree.place]
        if isinstance(tree, _Constant):
            constant = self._constants[tree.key]
            return constant.detach().clone() if tree.is_written else constant
        if isinstance(tree, (list, tuple)):
            return [self._filled(each, values) for each in tree]
        if isinstance(tree, dict):
            return {name: self._filled(each, values) for name, each in tree.items()}
        return tree

    def _step_of(self, operation: Operation, is_interior: bool) -> _Step | None:
        """None for what writes into a value from outside, which stays as it has become."""
        statistics = set(_statistics(operation))
        if any(key not in self._places and key not in statistics for key in _written(operation)):
            return None
        versions = {id(each): version for each, version in operation.versions}
        args, kwargs = (self._emptied(tree, versions, statistics) for tree in (operation.args, operation.kwargs))
        results = list(tensors_of(operation.result))
        flows = is_interior or any(each.requires_grad for each in results)
        if operation.drawn is not None and operation.name != _DROPOUT:
            flows = False
        return _Step(
            operation.function,
            operation.name,
            args,
            kwargs,
            [self._place_of(each) for each in results],
            flows,
            operation.drawn,
            {_storage(each) for each, _ in operation.versions},
            {_storage(each) for each in results},
        )

    def _place_of(self, result: Tensor) -> int:
        place = self._places.setdefault(id(result), self._count)
        if place == self._count:
            self._count += 1
        return place

    def _emptied(self, tree: Any, versions: dict[int, int | None], statistics: set[int]) -> Any:
        """With the place of each value that depends on the weights, and a key for every other tensor."""
        if isinstance(tree, Tensor):
            key = id(tree)
            if key in self._places:
                return _Value(self._places[key])
            is_stale = key not in statistics and not tree.is_inference() and versions[key] != tree._version
            self._constants[key] = tree
            return _Constant(key, key in statistics, is_stale)
        if isinstance(tree, (list, tuple)):
            return [self._emptied(each, versions, statistics) for each in tree]
        if isinstance(tree, dict):
            return {name: self._emptied(each, versions, statistics) for name, each in tree.items()}
        return tree


def _constants_in(tree: Any) -> Iterator[_Constant]:
    if isinstance(tree, _Constant):
        yield tree
    elif isinstance(tree, (list, tuple)):
        for each in tree:
            yield from _constants_in(each)
    elif isinstance(tree, dict):
        yield from _constants_in(list(tree.values()))


def _leading_to(steps: Sequence[_Step], wanted: set[int]) -> list[_Step]:
    """By storages, since a value may be written by way of a view of it."""
    needed = set(wanted)
    kept: list[_Step] = []
    for step in reversed(steps):
        if step.targets & needed:
            kept.append(step)
            needed |= step.sources
    return kept[::-1]


def _after_last_write(operations: Sequence[Operation], parameters: Sequence[Tensor]) -> Sequence[Operation]:
    """What was computed before the weights were last changed, as by clipping them, is constant."""
    storages = {_storage(each) for each in parameters}
    for index in range(len(operations) - 1, -1, -1):
        written = set(_written(operations[index]))
        if any(id(each) in written and _storage(each) in storages for each, _ in operations[index].versions):
            return operations[index + 1 :]
    return operations


def _written_storages(operations: Sequence[Operation], parameters: Sequence[Tensor]) -> set[int]:
    """Storages that were made without the weights, and into which something that depends on them was written."""
    dependent = {_storage(each) for each in parameters}
    written: set[int] = set()
    for operation in operations:
        if not any(_storage(each) in dependent for each, _ in operation.versions):
            continue
        writes = set(_written(operation))
        for each, _ in operation.versions:
            if id(each) in writes and _storage(each) not in dependent:
                written.add(_storage(each))
        dependent.update(_storage(each) for each in tensors_of(operation.result))
    return written - {_storage(each) for each in parameters}


def _written(operation: Operation) -> Iterator[int]:
    """Ids of the tensors that an operation writes to, by its schema."""
    for argument, value in _arguments(operation):
        if argument.alias_info is not None and argument.alias_info.is_write:
            yield from (id(each) for each in tensors_of(value))


def _statistics(operation: Operation) -> Iterator[int]:
    """Ids of running statistics, which older versions do not declare to be written to."""
    if "batch_norm" not in operation.name:
        return
    for argument, value in _arguments(operation):
        if argument.name in ("running_mean", "running_var"):
            yield from (id(each) for each in tensors_of(value))


def _arguments(operation: Operation) -> Iterator[tuple[Any, Any]]:
    for index, argument in enumerate(operation.function._schema.arguments):
        given = index < len(operation.args)
        yield argument, operation.args[index] if given else operation.kwargs.get(argument.name)


def _inside_custom_functions(operations: Sequence[Operation]) -> set[int]:
    """Indices of operations in the forward of custom functions. They ran without gradients, as does what is made under
    `no_grad`, but lead to a result that has one."""
    inside: set[int] = set()
    wanted: set[int] = set()
    for index in range(len(operations) - 1, -1, -1):
        operation = operations[index]
        results = list(tensors_of(operation.result))
        ends = any(isinstance(each.grad_fn, torch.autograd.function.BackwardCFunction) for each in results)
        if ends or any(id(each) in wanted for each in results):
            inside.add(index)
            wanted.update(id(each) for each, _ in operation.versions if not each.requires_grad)
    return inside


def _storage(tensor: Tensor) -> int:
    try:
        return (
            tensor.storage().data_ptr()
            if not hasattr(tensor, "untyped_storage")
            else tensor.untyped_storage().data_ptr()
        )
    except (RuntimeError, NotImplementedError):
        return id(tensor)


def _attention(args: Any, kwargs: Any) -> Any:
    """By its formula: fused kernels cannot be differentiated twice."""
    query, key, value = args[:3]
    is_causal = next((each for each in args[3:] if isinstance(each, bool)), False)
    numbers = [each for each in args[3:] if isinstance(each, float)]
    if any(each != 0.0 for each in numbers[:1]):
        raise NotDifferentiable("attention with dropout in a fused kernel cannot be run again")
    mask = kwargs.get("attn_mask", next((each for each in args[3:] if isinstance(each, Tensor)), None))
    scale = {"scale": kwargs["scale"]} if kwargs.get("scale") is not None else {}
    result = torch.nn.functional.scaled_dot_product_attention(
        query, key, value, attn_mask=mask, is_causal=bool(kwargs.get("is_causal", is_causal)), **scale
    )
    # Views that follow expect the strides of the fused kernel.
    return (result.transpose(1, 2).contiguous().transpose(1, 2),)


_VALUE_TOLERANCE = 1e-4
"""Relative, of a loss computed again: sums in another order differ by about 1e-6."""


class TapeGraph(LivingGraph):
    """As `LivingGraph`, on the losses computed again from a tape: through the operations of custom functions'
    forward."""

    how = "by a recorded tape of operations"

    def __init__(
        self, tape: Tape, losses: Sequence[Tensor], scales: Sequence[Tensor | None], parameters: Sequence[Tensor]
    ) -> None:
        """`losses` are those of the script, on the tape; `scales` what they are to be divided by."""
        self.program = Program(tape, parameters, losses)
        again = self.program.evaluate(parameters)
        for old, new in zip(losses, again):
            difference = float((new.detach() - old.detach()).abs())
            if not difference <= _VALUE_TOLERANCE * max(float(old.detach().abs()), 1e-6):
                raise NotDifferentiable("the recorded operations give another loss when they are run again")
        with torch.enable_grad():
            scaled = [each if scale is None else each / scale.to(each.device) for each, scale in zip(again, scales)]
        super().__init__(scaled, parameters)
