"""A call of a module with all that is needed to run it again as it was."""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Iterator
from typing import Any, Callable

import torch
from torch import Tensor

from ..facts.evaluation_mode import left_out
from .autocast import DEVICES, autocast_state
from .silence import silence
from .untouched import untouched


def tensors_in(tree: Any) -> Iterator[Tensor]:
    """Every tensor in nested tuples, lists, dictionaries and data classes, in order."""
    if isinstance(tree, Tensor):
        yield tree
    elif isinstance(tree, dict):
        for each in tree.values():
            yield from tensors_in(each)
    elif isinstance(tree, (list, tuple)):
        for each in tree:
            yield from tensors_in(each)
    elif hasattr(tree, "__dataclass_fields__"):
        for name in tree.__dataclass_fields__:
            yield from tensors_in(getattr(tree, name))


def _mapped(tree: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """What is neither a plain list, tuple nor dictionary goes through as it is."""
    if isinstance(tree, Tensor):
        return change(tree)
    if type(tree) in (list, tuple):
        return type(tree)(_mapped(each, change) for each in tree)
    if type(tree) is dict:
        return {name: _mapped(each, change) for name, each in tree.items()}
    return tree


class RandomState:
    """Of every generator that a forward pass may draw from. Taking it does not wait for the device."""

    def __init__(self) -> None:
        self._torch = torch.get_rng_state()
        self._python = random.getstate()
        self._cuda: list[Tensor] | None = None
        if torch.cuda.is_available() and torch.cuda.is_initialized():
            self._cuda = torch.cuda.get_rng_state_all()
        numpy = sys.modules.get("numpy")
        self._numpy: Any = numpy.random.get_state() if numpy is not None else None

    def restore(self) -> None:
        torch.set_rng_state(self._torch)
        random.setstate(self._python)
        if self._cuda is not None:
            torch.cuda.set_rng_state_all(self._cuda)
        if self._numpy is not None:
            sys.modules["numpy"].random.set_state(self._numpy)

    @contextlib.contextmanager
    def in_force(self) -> Iterator[None]:
        now = RandomState()
        self.restore()
        try:
            yield
        finally:
            now.restore()


class InputsChanged(Exception):
    """Something that the call was given has been written over since."""


class CapturedCall:
    def __init__(self, module: torch.nn.Module, args: Any, kwargs: Any) -> None:
        self.module = module
        self.outputs: list[Tensor] = []
        """Outputs with a gradient, once the call has returned."""
        self._args = args
        self._kwargs = kwargs
        self._versions: list[tuple[Tensor, int]] = [(each, each._version) for each in tensors_in((args, kwargs))]
        self._examples = next((int(each.shape[0]) for each, _ in self._versions if each.dim() > 0), None)
        self._versions += [(each, each._version) for each in module.parameters()]
        self._random = RandomState()
        self._bare = _bare(module)
        self.left_out = left_out(self._bare)
        """What it leaves out of training, being in evaluation mode."""
        self._buffers: dict[str, Tensor] = {name: each.detach().clone() for name, each in self._bare.named_buffers()}
        self._numbers = _numbers_of(module)
        self._autocast = [(kind, *autocast_state(kind)) for kind in DEVICES]

    @property
    def is_half(self) -> bool:
        """Whether it ran under autocast."""
        return any(enabled for _, enabled, _ in self._autocast)

    @property
    def inputs(self) -> list[Tensor]:
        return list(tensors_in((self._args, self._kwargs)))

    @property
    def examples(self) -> int | None:
        """The leading size of the first input that has one."""
        return self._examples

    def replay(self, change: Callable[[Tensor], Tensor] = lambda tensor: tensor) -> list[Tensor]:
        """Runs the module's own code again, uncompiled, with kernels that can be differentiated twice.

        Same inputs, but for what `change` makes of each, same random numbers and buffers. Its prints, warnings and log
        records are not heard, the script's hooks do not run, and everything in its modules is put back. Raises
        InputsChanged.
        """
        if any(tensor._version != version for tensor, version in self._versions):
            raise InputsChanged("an input of the model or a weight was written over after it was used")
        module = self._bare
        buffers = dict(module.named_buffers())
        kept = {name: each.detach().clone() for name, each in buffers.items()}
        _write(buffers, self._buffers)
        try:
            with contextlib.ExitStack() as stack:
                stack.enter_context(untouched(module))
                _set_numbers(self._numbers)
                stack.enter_context(self._random.in_force())
                stack.enter_context(twice_differentiable_kernels())
                stack.enter_context(torch.enable_grad())
                stack.enter_context(silence())
                for kind, enabled, dtype in self._autocast:
                    if enabled:
                        stack.enter_context(torch.autocast(kind, dtype=dtype, cache_enabled=False))
                # Not `__call__`, which a compiled module replaces.
                result = module._call_impl(*_mapped(self._args, change), **_mapped(self._kwargs, change))
        finally:
            _write(buffers, kept)
        return [each for each in tensors_in(result) if each.requires_grad]


def _bare(module: Any) -> torch.nn.Module:
    """Without torch's wrappers, which compile it or, to train it together with other processes, wait for these."""
    parallel: Any = torch.nn.parallel.DistributedDataParallel
    while True:
        inner = module.module if isinstance(module, parallel) else getattr(module, "_orig_mod", None)
        if inner is None:
            return module  # type: ignore[no-any-return]
        module = inner


_Numbers = list[tuple[dict[str, Any], dict[str, Any]]]


def _numbers_of(module: torch.nn.Module) -> _Numbers:
    """What a forward pass may count by: attributes that are plain numbers, of every module within."""
    return [
        (each.__dict__, {name: value for name, value in each.__dict__.items() if type(value) in (int, float, bool)})
        for each in module.modules()
    ]


def _set_numbers(numbers: _Numbers) -> None:
    for attributes, values in numbers:
        attributes.update(values)


def _write(buffers: dict[str, Tensor], values: dict[str, Tensor]) -> None:
    with torch.no_grad():
        for name, buffer in buffers.items():
            value = values.get(name)
            if value is not None:
                # By way of `data`, which leaves the version alone: the script's graph may hold the buffer.
                buffer.data.copy_(value)


@contextlib.contextmanager
def twice_differentiable_kernels() -> Iterator[None]:
    """Attention by its formula, recurrent layers without cuDNN, reentrant checkpoints run straight through."""
    with contextlib.ExitStack() as stack:
        attention = getattr(torch.nn, "attention", None)
        if attention is not None and hasattr(attention, "sdpa_kernel"):
            stack.enter_context(attention.sdpa_kernel(attention.SDPBackend.MATH))
        elif hasattr(torch.nn.functional, "scaled_dot_product_attention"):
            stack.enter_context(
                torch.backends.cuda.sdp_kernel(enable_flash=False, enable_mem_efficient=False, enable_math=True)
            )
        stack.enter_context(torch.backends.cudnn.flags(enabled=False))
        import torch.utils.checkpoint as checkpoint

        original = checkpoint.CheckpointFunction
        checkpoint.CheckpointFunction = _StraightThrough  # type: ignore[misc, assignment]
        try:
            yield
        finally:
            checkpoint.CheckpointFunction = original  # type: ignore[misc]


class _StraightThrough:
    @staticmethod
    def apply(function: Any, _preserve_random_state: bool, *args: Any) -> Any:
        return function(*args)
