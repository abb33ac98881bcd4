"""Running a module's code again without leaving traces in it."""

from __future__ import annotations

import collections
import contextlib
import copy
from collections.abc import Iterator
from typing import Any

import torch

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
_CONTAINERS = (list, dict, set, collections.OrderedDict, collections.deque)


@contextlib.contextmanager
def untouched(module: torch.nn.Module) -> Iterator[None]:
    """Within its block hooks that the script has set on the module, or on one within it, do not run; torch's own do, as
    they may make its weights. After it all attributes are what they were, and plain containers among them hold what
    they held."""
    attributes: list[tuple[dict[str, Any], dict[str, Any]]] = []
    contents: list[tuple[Any, Any]] = []
    for each in module.modules():
        attributes.append((each.__dict__, dict(each.__dict__)))
        contents += [(value, copy.copy(value)) for value in each.__dict__.values() if type(value) in _CONTAINERS]
        for name in _HOOKS:
            hooks = each.__dict__.get(name)
            if hooks:
                kept = [(key, hook) for key, hook in hooks.items() if _is_torchs(hook)]
                each.__dict__[name] = collections.OrderedDict(kept)
    try:
        yield
    finally:
        for now, before in attributes:
            for name in [name for name in now if name not in before]:
                del now[name]
            now.update(before)
        for container, before in contents:
            if not _holds_the_same(container, before):
                container.clear()
                (container.extend if hasattr(container, "extend") else container.update)(before)


def _is_torchs(hook: Any) -> bool:
    return str(getattr(hook, "__module__", "")).startswith("torch.")


def _holds_the_same(container: Any, before: Any) -> bool:
    if len(container) != len(before):
        return False
    if isinstance(container, dict):
        return all(name in container and container[name] is value for name, value in before.items())
    return all(now is then for now, then in zip(container, before))
