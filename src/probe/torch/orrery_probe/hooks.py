"""The places in torch where training can be seen. Nothing is stored on the script's own objects: they pickle as
before."""

from __future__ import annotations

import functools
import os
import sys
import threading
import weakref
from collections.abc import Iterable
from typing import Any, Callable, Protocol

import torch

from .quick_steps import QuickSteps


class Listener(Protocol):
    """What hears of training. Its methods must not raise."""

    def module_created(self, module: torch.nn.Module) -> None: ...

    def optimizer_created(self, optimizer: torch.optim.Optimizer) -> None: ...

    def scaled_by(self, scaler: Any) -> None: ...

    def iterating(self, loader: Any) -> None: ...

    def compiles(self) -> None:
        """The script asks for something to be compiled."""
        ...

    @property
    def is_measuring(self) -> bool:
        """Whether what happens is the listener's own doing."""
        ...

    def backward_begins(self, tensors: Any, gradients: Any, retains: bool) -> bool:
        """`retains` is whether the script keeps the graph; the answer, whether it is to be kept for the step."""
        ...

    def backward_done(self, succeeds: bool) -> None: ...

    def gradient_begins(self, outputs: Any, inputs: Any, gradients: Any, create_graph: bool, retains: bool) -> bool:
        """A call of `autograd.grad`; whether the graph is to be kept for the step."""
        ...

    def gradient_done(self, inputs: Any, results: Any) -> None: ...

    @property
    def awaits_clearing(self) -> bool:
        """Whether it would change anything that gradients are cleared."""
        ...

    def gradients_cleared(self, parameters: Iterable[torch.Tensor]) -> None: ...

    def step_begins(self, optimizer: torch.optim.Optimizer, has_closure: bool) -> None: ...

    def closure_done(self, optimizer: torch.optim.Optimizer) -> None:
        """A closure that the step under way was given has returned."""
        ...

    def step_done(self, optimizer: torch.optim.Optimizer) -> None: ...

    def calls(self, module: torch.nn.Module, args: Any, kwargs: Any, run: Callable[[], Any]) -> Any:
        """A call of a module on the main thread while `Hooks.watch_calls` is on."""
        ...


def _is_compiling_before_torch_2_3() -> bool:
    dynamo = sys.modules.get("torch._dynamo")
    return dynamo is not None and bool(dynamo.is_compiling())


# `bool()` is false: there is no compiler before torch 2, and a function of our own would be asked at every step.
is_compiling: Callable[[], bool] = getattr(
    getattr(torch, "compiler", None),
    "is_compiling",
    _is_compiling_before_torch_2_3 if hasattr(torch, "compile") else bool,
)


class Hooks:
    """Installs itself once, before the script runs; `enabled` false makes it inert."""

    def __init__(self, listener: Listener) -> None:
        self.enabled = True
        self._listener = listener
        self._main = threading.main_thread().ident
        self._in_step = False
        self._original_call = torch.nn.Module.__call__
        self.watches_calls = False
        self._in_backward = False
        self.quick: QuickSteps | None = None
        """Sees backward passes and steps in the listener's place, as long as it takes them."""
        self.retaining: dict[int, weakref.ref[torch.Tensor]] = {}
        """Tensors whose gradient the script retains, by id."""

    def install(self) -> None:
        if hasattr(os, "register_at_fork"):
            # Data-loader workers inherit the patches; they train nothing.
            os.register_at_fork(after_in_child=self._disable)
        self._hook_backward()
        self._hook_gradient()
        self._hook_clearing()
        self._hook_tensor_hooks()
        self._hook_modules()
        self._hook_optimizers()
        self._hook_scalers()
        self._hook_loaders()
        self._hook_compile()

    def watch_calls(self, wanted: bool) -> None:
        """Calls of modules are seen only while wanted.

        The class's `__call__` is replaced, since a global forward hook sees no keyword arguments and makes
        torch.compile compile anew, and a hook of an instance is pickled with its module.
        """
        if wanted == self.watches_calls:
            return
        self.watches_calls = wanted
        torch.nn.Module.__call__ = self._watched_call() if wanted else self._original_call  # type: ignore[method-assign]

    def _disable(self) -> None:
        self.enabled = False
        self.quick = None

    def _is_listening(self) -> bool:
        return self.enabled and threading.get_ident() == self._main and not is_compiling()

    def _watched_call(self) -> Callable[..., Any]:
        original = self._original_call

        @functools.wraps(original)
        def call(module: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:
            if is_compiling() or not self._is_listening():
                return original(module, *args, **kwargs)
            return self._listener.calls(module, args, kwargs, lambda: original(module, *args, **kwargs))

        return call

    def _hook_backward(self) -> None:
        # Tensor.backward looks this function up when it is called, so one patch sees both.
        original = torch.autograd.backward
        get_ident, main = threading.get_ident, self._main

        @functools.wraps(original)
        def backward(
            tensors: Any,
            grad_tensors: Any = None,
            retain_graph: bool | None = None,
            create_graph: bool = False,
            grad_variables: Any = None,
            inputs: Any = None,
        ) -> None:
            # One within another is that of a checkpoint, whose outputs lie between the loss and the weights.
            is_within = self._in_backward
            quick = self.quick
            if quick is not None and not is_within and get_ident() == main and quick.takes(tensors, grad_tensors):
                self._in_backward = True
                try:
                    original(tensors, grad_tensors, retain_graph, create_graph, grad_variables, inputs)
                except BaseException:
                    quick.loss = None
                    raise
                finally:
                    self._in_backward = False
                return
            if is_within or not self._is_listening():
                original(tensors, grad_tensors, retain_graph, create_graph, grad_variables, inputs)
                return
            retains = create_graph if retain_graph is None else retain_graph
            if self._listener.backward_begins(tensors, grad_tensors, retains):
                retain_graph = True
            self._in_backward = True
            succeeds = False
            try:
                original(tensors, grad_tensors, retain_graph, create_graph, grad_variables, inputs)
                succeeds = True
            finally:
                self._in_backward = False
                self._listener.backward_done(succeeds)

        torch.autograd.backward = backward

    def _hook_gradient(self) -> None:
        original = torch.autograd.grad

        @functools.wraps(original)
        def grad(
            outputs: Any,
            inputs: Any,
            grad_outputs: Any = None,
            retain_graph: bool | None = None,
            create_graph: bool = False,
            *args: Any,
            **kwargs: Any,
        ) -> Any:
            if self._in_backward or not self._is_listening() or self._listener.is_measuring:
                return original(outputs, inputs, grad_outputs, retain_graph, create_graph, *args, **kwargs)
            retains = create_graph if retain_graph is None else retain_graph
            if self._listener.gradient_begins(outputs, inputs, grad_outputs, create_graph, retains):
                retain_graph = True
            results = original(outputs, inputs, grad_outputs, retain_graph, create_graph, *args, **kwargs)
            self._listener.gradient_done(inputs, results)
            return results

        torch.autograd.grad = grad

    def _hook_clearing(self) -> None:
        optimizers, modules = torch.optim.Optimizer.zero_grad, torch.nn.Module.zero_grad

        @functools.wraps(optimizers)
        def of_optimizer(optimizer: torch.optim.Optimizer, *args: Any, **kwargs: Any) -> None:
            optimizers(optimizer, *args, **kwargs)
            quick = self.quick
            if (quick is None or quick.loss is not None) and self._hears_of_clearing():
                groups = optimizer.param_groups
                self._listener.gradients_cleared([each for group in groups for each in group["params"]])

        @functools.wraps(modules)
        def of_module(module: torch.nn.Module, *args: Any, **kwargs: Any) -> None:
            modules(module, *args, **kwargs)
            quick = self.quick
            if (quick is None or quick.loss is not None) and self._hears_of_clearing():
                self._listener.gradients_cleared(module.parameters())

        torch.optim.Optimizer.zero_grad = of_optimizer  # type: ignore[method-assign]
        torch.nn.Module.zero_grad = of_module  # type: ignore[method-assign]

    def _hears_of_clearing(self) -> bool:
        return self._is_listening() and self._listener.awaits_clearing

    def _hook_tensor_hooks(self) -> None:
        # Products are computed on the script's own graphs: there its hooks must neither run nor store gradients.
        register, retain = torch.Tensor.register_hook, torch.Tensor.retain_grad

        @functools.wraps(register)
        def register_hook(tensor: torch.Tensor, hook: Callable[..., Any]) -> Any:
            @functools.wraps(hook)
            def run(gradient: torch.Tensor) -> Any:
                return None if self._listener.is_measuring else hook(gradient)

            return register(tensor, run)

        @functools.wraps(retain)
        def retain_grad(tensor: torch.Tensor) -> None:
            retain(tensor)
            if self._is_listening() and not tensor.is_leaf:
                key = id(tensor)
                self.retaining[key] = weakref.ref(tensor, lambda _: self.retaining.pop(key, None))

        torch.Tensor.register_hook = register_hook  # type: ignore[method-assign]
        torch.Tensor.retain_grad = retain_grad  # type: ignore[method-assign]

    def stored_gradients(self) -> list[tuple[torch.Tensor, torch.Tensor | None]]:
        """Of all tensors whose gradient the script retains: products store theirs there, and it has to be put back."""
        living = [each for each in (reference() for reference in list(self.retaining.values())) if each is not None]
        return [(each, each.grad) for each in living if each.retains_grad]

    def _hook_modules(self) -> None:
        original = torch.nn.Module.__init__

        @functools.wraps(original)
        def initialize(module: torch.nn.Module, *args: Any, **kwargs: Any) -> None:
            original(module, *args, **kwargs)
            if self._is_listening():
                self._listener.module_created(module)

        torch.nn.Module.__init__ = initialize  # type: ignore[method-assign]

    def _hook_optimizers(self) -> None:
        # torch wraps each class's `step` itself when an optimizer is made or unpickled; ours goes round its wrapper. A
        # function set on the instance would break schedulers.
        name = "_patch_step_function" if hasattr(torch.optim.Optimizer, "_patch_step_function") else "_hook_for_profile"
        original = getattr(torch.optim.Optimizer, name)

        @functools.wraps(original)
        def patched(optimizer: torch.optim.Optimizer) -> None:
            original(optimizer)
            if self._is_listening():
                self._listener.optimizer_created(optimizer)
            kind = type(optimizer)
            if not getattr(kind.step, "orrery", False):
                kind.step = self._watched_step(kind.step)  # type: ignore[method-assign]

        setattr(torch.optim.Optimizer, name, patched)

    def _watched_step(self, original: Callable[..., Any]) -> Callable[..., Any]:
        get_ident, main = threading.get_ident, self._main

        @functools.wraps(original)
        def step(optimizer: torch.optim.Optimizer, *args: Any, **kwargs: Any) -> Any:
            # A subclass's step that calls its parent's is one step, and so is that of an optimizer that wraps another.
            if is_compiling():
                return original(optimizer, *args, **kwargs)
            quick = self.quick
            is_quick = quick is not None and not (args or kwargs or self._in_step) and get_ident() == main
            if quick is not None and is_quick and quick.begins(optimizer):
                self._in_step = True
                try:
                    result = original(optimizer)
                finally:
                    self._in_step = False
                quick.done(optimizer)
                return result
            if self._in_step or not self._is_listening():
                return original(optimizer, *args, **kwargs)
            closure = args[0] if args else kwargs.get("closure")
            has_closure = callable(closure)
            if has_closure:
                watched = self._watched_closure(optimizer, closure)
                args, kwargs = ((watched, *args[1:]), kwargs) if args else (args, {**kwargs, "closure": watched})
            self._in_step = True
            try:
                self._listener.step_begins(optimizer, has_closure)
                result = original(optimizer, *args, **kwargs)
            finally:
                self._in_step = False
            self._listener.step_done(optimizer)
            return result

        step.orrery = True  # type: ignore[attr-defined]
        # torch's mark of a step that needs no further wrapping.
        step.hooked = True  # type: ignore[attr-defined]
        return step

    def _watched_closure(self, optimizer: torch.optim.Optimizer, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def closure(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            self._listener.closure_done(optimizer)
            return result

        return closure

    def _hook_scalers(self) -> None:
        from torch.cuda.amp import grad_scaler as module

        kinds = [module.GradScaler]
        amp = sys.modules.get("torch.amp.grad_scaler")
        if amp is not None:
            kinds.append(amp.GradScaler)
        for kind in dict.fromkeys(kinds):
            if "scale" in kind.__dict__:
                kind.scale = self._watched_scale(kind.scale)

    def _watched_scale(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def scale(scaler: Any, outputs: Any) -> Any:
            if self._is_listening():
                self._listener.scaled_by(scaler)
            return original(scaler, outputs)

        return scale

    def _hook_loaders(self) -> None:
        from torch.utils.data import DataLoader

        original = DataLoader.__iter__

        @functools.wraps(original)
        def iterate(loader: Any) -> Any:
            if self._is_listening():
                self._listener.iterating(loader)
            return original(loader)

        DataLoader.__iter__ = iterate  # type: ignore[method-assign]

    def _hook_compile(self) -> None:
        original = getattr(torch, "compile", None)
        if original is None:
            return

        @functools.wraps(original)
        def watched(*args: Any, **kwargs: Any) -> Any:
            if self._is_listening():
                self._listener.compiles()
            return original(*args, **kwargs)

        torch.compile = watched
